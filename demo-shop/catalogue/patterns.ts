import { type Box, fill, hash, mix, oval, stroke, type Tones, times } from './pen.ts';

type Surface = (box: Box, ink: Tones, seed: number) => string;

const scatter = (
  [x, y, w, h]: Box,
  seed: number,
  gap: number,
  draw: (cx: number, cy: number, roll: number) => string,
): string => {
  const columns = Math.ceil(w / gap);
  const rows = Math.ceil(h / gap);
  return times(columns * rows, (i) => {
    const roll = hash(`${seed}:${i}`);
    const dx = (((roll & 255) / 255) * 0.7 + 0.15) * gap;
    const dy = ((((roll >> 8) & 255) / 255) * 0.7 + 0.15) * gap;
    return draw(x + (i % columns) * gap + dx, y + Math.floor(i / columns) * gap + dy, roll >>> 16);
  });
};

const bar = (x: number, y: number, w: number, h: number): string =>
  `M${x} ${y}L${x + w} ${y}L${x + w} ${y + h}L${x} ${y + h}Z`;

const leaf = (x: number, y: number, s: number): string =>
  `M${x} ${y + s}C${x - s} ${y + s * 0.3} ${x - s * 0.5} ${y - s * 0.7} ${x} ${y - s}` +
  `C${x + s * 0.5} ${y - s * 0.7} ${x + s} ${y + s * 0.3} ${x} ${y + s}Z`;

const wavy = (x: number, y: number, w: number, reach: number, step: number): string =>
  `M${x} ${y}${times(
    Math.ceil(w / step),
    (i) => `Q${x + (i + 0.5) * step} ${y + (i % 2 ? reach : -reach)} ${x + (i + 1) * step} ${y}`,
  )}`;

const surfaces: Record<string, Surface> = {
  stripes: ([x, y, w, h], ink) =>
    times(Math.ceil(h / 26), (i) => fill(bar(x, y + 8 + i * 26, w, 10), ink.base, 0.85)),
  bars: ([x, y, w, h], ink) =>
    times(Math.ceil(w / 22), (i) => fill(bar(x + 6 + i * 22, y, 8, h), ink.base, 0.8)),
  pin: ([x, y, w, h], ink) =>
    times(Math.ceil(w / 11), (i) => fill(bar(x + 5 + i * 11, y, 2, h), ink.base, 0.6)),
  ribs: ([x, y, w, h], ink) =>
    times(Math.ceil(h / 9), (i) => fill(bar(x, y + 4 + i * 9, w, 2.4), ink.base, 0.5)),
  dots: ([x, y, w, h], ink) =>
    times(Math.ceil(h / 20), (row) =>
      times(Math.ceil(w / 24) + 1, (i) =>
        fill(oval(x + i * 24 + (row % 2) * 12, y + 10 + row * 20, 4.4), ink.base, 0.9),
      ),
    ),
  speckle: (box, ink, seed) =>
    scatter(box, seed, 14, (x, y, roll) => fill(oval(x, y, 0.9 + (roll % 3) * 0.6), ink.deep, 0.6)),
  terrazzo: (box, ink, seed) =>
    scatter(box, seed, 24, (x, y, roll) => {
      const s = 4 + (roll % 4);
      const colour = [ink.base, ink.dark, ink.pale][roll % 3] ?? ink.base;
      return fill(
        `M${x - s} ${y}L${x - s * 0.2} ${y - s}L${x + s} ${y - s * 0.3}L${x + s * 0.4} ${y + s}Z`,
        colour,
      );
    }),
  check: ([x, y, w, h], ink) =>
    times(Math.ceil(w / 34), (i) => fill(bar(x + 8 + i * 34, y, 16, h), ink.base, 0.5)) +
    times(Math.ceil(h / 34), (i) => fill(bar(x, y + 8 + i * 34, w, 16), ink.base, 0.5)),
  grid: ([x, y, w, h], ink) =>
    times(Math.ceil(w / 18), (i) => fill(bar(x + 9 + i * 18, y, 1.6, h), ink.base, 0.7)) +
    times(Math.ceil(h / 18), (i) => fill(bar(x, y + 9 + i * 18, w, 1.6), ink.base, 0.7)),
  waves: ([x, y, w, h], ink) =>
    times(Math.ceil(h / 20), (i) => stroke(wavy(x, y + 10 + i * 20, w, 9, 16), ink.base, 3.4)),
  chevron: ([x, y, w, h], ink) =>
    times(Math.ceil(h / 24), (row) =>
      stroke(
        `M${x} ${y + 16 + row * 24}${times(
          Math.ceil(w / 14) + 1,
          (i) => `L${x + (i + 1) * 14} ${y + row * 24 + (i % 2 ? 16 : 4)}`,
        )}`,
        ink.base,
        4,
      ),
    ),
  leaves: (box, ink, seed) =>
    scatter(box, seed, 28, (x, y, roll) =>
      fill(leaf(x, y, 7 + (roll % 3)), roll % 2 ? ink.base : ink.light),
    ),
  stars: (box, ink, seed) =>
    scatter(box, seed, 30, (x, y, roll) => emblem('star', x, y, 5 + (roll % 3), ink.base)),
  blossom: (box, ink, seed) =>
    scatter(box, seed, 32, (x, y, roll) => emblem('flower', x, y, 8 + (roll % 3), ink.base)),
  dip: ([x, y, w, h], ink) => fill(bar(x, y + h * 0.6, w, h * 0.4), ink.base),
  crown: ([x, y, w, h], ink) => fill(bar(x, y, w, h * 0.34), ink.base),
  band: ([x, y, w, h], ink) => fill(bar(x, y + h * 0.4, w, h * 0.18), ink.base),
  bands: ([x, y, w, h], ink) =>
    fill(bar(x, y + h * 0.62, w, h * 0.05), ink.base) +
    fill(bar(x, y + h * 0.71, w, h * 0.1), ink.base),
  half: ([x, y, w, h], ink) => fill(bar(x + w / 2, y, w / 2, h), ink.base),
  slant: ([x, y, w, h], ink) =>
    fill(
      `M${x} ${y + h}L${x} ${y + h * 0.55}L${x + w} ${y + h * 0.2}L${x + w} ${y + h}Z`,
      ink.base,
    ),
  hills: ([x, y, w, h], ink) =>
    fill(
      `M${x} ${y + h}L${x} ${y + h * 0.7}L${x + w * 0.3} ${y + h * 0.38}L${x + w * 0.52} ` +
        `${y + h * 0.62}L${x + w * 0.72} ${y + h * 0.3}L${x + w} ${y + h * 0.66}L${x + w} ${y + h}Z`,
      ink.base,
    ),
};

export const patternNames: readonly string[] = Object.keys(surfaces);

export function surface(name: string, box: Box, ink: Tones, seed: number): string {
  return surfaces[name]?.(box, ink, seed) ?? '';
}

type Mark = (colour: string) => string;

const spoke = (count: number, draw: (angle: number) => string): string =>
  times(count, (i) => `<g transform="rotate(${(360 / count) * i})">${draw(i)}</g>`);

// Every emblem is drawn around the origin within a circle of radius 10.
const marks: Record<string, Mark> = {
  leaf: (c) => fill(leaf(0, 0, 10), c) + stroke('M0 9L0 -4', mix(c, '#ffffff', 0.5), 1.4),
  sprig: (c) =>
    stroke('M0 10L0 -6', c, 1.6) +
    fill(leaf(0, -6, 4.5), c) +
    `<g transform="rotate(50)">${fill(leaf(1, -6, 4), c)}</g>` +
    `<g transform="rotate(-50)">${fill(leaf(-1, -6, 4), c)}</g>`,
  bean: (c) =>
    `<g transform="rotate(35)">${fill(oval(0, 0, 6.5, 9.5), c)}${stroke(
      'M0 -8C4 -3 -4 3 0 8',
      mix(c, '#ffffff', 0.55),
      1.6,
    )}</g>`,
  citrus: (c) =>
    fill(oval(0, 0, 10), c) +
    fill(oval(0, 0, 8), mix(c, '#ffffff', 0.65)) +
    spoke(6, () => fill('M0 -1.4L-3 -6.6Q0 -8.4 3 -6.6Z', c)),
  flower: (c) =>
    spoke(5, () => fill(oval(0, -5.6, 3.8, 4.6), c)) + fill(oval(0, 0, 3), mix(c, '#fff3c4', 0.75)),
  star: (c) =>
    fill('M0 -10L2.9 -3.6L9.6 -3L4.6 1.7L6 8.4L0 5L-6 8.4L-4.6 1.7L-9.6 -3L-2.9 -3.6Z', c),
  peak: (c) =>
    fill('M-10 8L-2 -8L3 1L5.5 -3L10 8Z', c) +
    fill('M-2 -8L-4.6 -2.8L-2 -1L0.9 -2.8Z', '#ffffff', 0.8),
  sun: (c) => fill(oval(0, 0, 5), c) + spoke(8, () => stroke('M0 -7.4L0 -9.4', c, 1.8)),
  drop: (c) => fill('M0 -10C4 -4 7 -1 7 3.4C7 7 4 10 0 10C-4 10 -7 7 -7 3.4C-7 -1 -4 -4 0 -10Z', c),
  wheat: (c) =>
    stroke('M0 10L0 -6', c, 1.5) +
    times(3, (i) =>
      ['-', ''].map((s) => stroke(`M0 ${5 - i * 5}L${s}5 ${1 - i * 5}`, c, 3)).join(''),
    ) +
    fill(oval(0, -8, 1.8, 2.6), c),
  fish: (c) =>
    fill('M-10 0C-6 -7 3 -6 6 0C3 6 -6 7 -10 0Z', c) +
    fill('M4 0L10 -5L10 5Z', c) +
    fill(oval(-5.4, -1, 1.1), '#ffffff'),
  moon: (c) => fill('M3 -10C-5 -10 -9 -5 -9 0C-9 5 -5 10 3 10C-3 6 -3 -6 3 -10Z', c),
  heart: (c) => fill('M0 9C-12 0 -10 -8 -5 -8C-2 -8 0 -5 0 -4C0 -5 2 -8 5 -8C10 -8 12 0 0 9Z', c),
  berry: (c) =>
    fill(oval(-4, 3, 5), c) +
    fill(oval(5, 4, 4.6), mix(c, '#2b2233', 0.18)) +
    stroke('M-4 -2L1 -9L5 -1', '#6f9c63', 1.6),
  olive: (c) =>
    `<g transform="rotate(30)">${fill(oval(0, 2, 5.6, 7.4), c)}${fill(leaf(0, -8, 4), '#6f9c63')}</g>`,
  pine: (c) =>
    fill('M0 -10L6 -2L3 -2L8 6L-8 6L-3 -2L-6 -2Z', c) + fill('M-1.4 6L1.4 6L1.4 10L-1.4 10Z', c),
  wave: (c) =>
    stroke('M-9 -3Q-4.5 -9 0 -3Q4.5 3 9 -3', c, 2.6) +
    stroke('M-9 4Q-4.5 -2 0 4Q4.5 10 9 4', c, 2.6),
  bird: (c) =>
    fill('M-9 1C-7 -7 1 -8 4 -3L10 -3L5 1C4 7 -4 8 -9 1Z', c) +
    fill('M-4 0C-2 -4 3 -3 3 1C0 4 -3 3 -4 0Z', mix(c, '#ffffff', 0.45)),
  chilli: (c) =>
    fill('M6 -6C8 2 0 9 -9 9C-2 6 0 0 1 -6Z', c) + stroke('M3.5 -6L5 -10', '#6f9c63', 2),
  bee: (c) =>
    fill(oval(-3, -5, 3, 4.4), mix(c, '#ffffff', 0.65)) +
    fill(oval(3, -5, 3, 4.4), mix(c, '#ffffff', 0.65)) +
    fill(oval(0, 2, 8, 5), c) +
    stroke('M-2.4 -2L-2.4 6M2.4 -2L2.4 6', '#3f3a47', 2),
  nut: (c) => fill(oval(0, 3, 6.4, 7), c) + fill('M-8 -2Q0 -11 8 -2Z', mix(c, '#2b2233', 0.3)),
};

export const emblemNames: readonly string[] = Object.keys(marks);

export function emblem(name: string, x: number, y: number, size: number, colour: string): string {
  const mark = marks[name] ?? marks.leaf;
  return `<g transform="translate(${x} ${y}) scale(${size / 10})">${mark?.(colour) ?? ''}</g>`;
}
