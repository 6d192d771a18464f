/** Shades of one colour, hex. */
export interface Tones {
  readonly base: string;
  readonly light: string;
  readonly pale: string;
  readonly dark: string;
  readonly deep: string;
}

export type Box = readonly [x: number, y: number, width: number, height: number];

/** What a shape function draws with. Paths use absolute M, L, C, Q and Z only. */
export interface Pen {
  readonly main: Tones;
  readonly accent: Tones;
  readonly extra: Tones;
  readonly kind: number;
  readonly motif: string;
  /** Filled path with the flat shading of the house style; counts towards the shadow. */
  solid(d: string, tones?: Tones, look?: Look): string;
  /** Draws with everything rotated clockwise around a point, shadow included. */
  turned(degrees: number, x: number, y: number, draw: () => string): string;
  /** Paper label with emblem and two lines of mock print. */
  label(x: number, y: number, width: number, height: number, fill?: string): string;
  emblem(x: number, y: number, size: number, fill: string): string;
}

export interface Look {
  /** Lay the surface pattern of the good over this part. */
  readonly pattern?: boolean;
  /** Shaded right side and lit left side; on unless false. */
  readonly shade?: boolean;
}

export type Shape = (pen: Pen) => string;

const channels = (hex: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

export function mix(from: string, to: string, share: number): string {
  const target = channels(to);
  const mixed = channels(from).map((value, i) =>
    Math.round(value + ((target[i] ?? 0) - value) * share)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${mixed.join('')}`;
}

export function tones(base: string): Tones {
  return {
    base,
    light: mix(base, '#ffffff', 0.24),
    pale: mix(base, '#ffffff', 0.6),
    dark: mix(base, '#2b2233', 0.2),
    deep: mix(base, '#2b2233', 0.46),
  };
}

export const wood = tones('#c8935e');
export const steel = tones('#b4bcc3');
export const brass = tones('#cda24e');
export const cream = tones('#fbf3e3');
export const ink = tones('#3f3a47');
export const glass = tones('#d3e8ea');
export const leafy = tones('#6f9c63');
export const glow = tones('#ffd98c');

export const fill = (d: string, colour: string, opacity = 1): string =>
  `<path d="${d}" fill="${colour}"${opacity < 1 ? ` opacity="${opacity}"` : ''}/>`;

export const stroke = (d: string, colour: string, width: number): string =>
  `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}"` +
  ' stroke-linecap="round" stroke-linejoin="round"/>';

/** Rounded rectangle as a path; `top` and `bottom` are corner radii. */
export function block(
  x: number,
  y: number,
  width: number,
  height: number,
  top = 0,
  bottom = top,
): string {
  const r = x + width;
  const b = y + height;
  return (
    `M${x} ${y + top}Q${x} ${y} ${x + top} ${y}L${r - top} ${y}Q${r} ${y} ${r} ${y + top}` +
    `L${r} ${b - bottom}Q${r} ${b} ${r - bottom} ${b}L${x + bottom} ${b}` +
    `Q${x} ${b} ${x} ${b - bottom}Z`
  );
}

/** Upright taper centred on `cx`, half widths at top and bottom. */
export function taper(
  cx: number,
  y: number,
  halfTop: number,
  height: number,
  halfBottom: number,
  round = 6,
): string {
  const b = y + height;
  const lean = ((halfBottom - halfTop) * round) / height;
  return (
    `M${cx - halfTop} ${y}L${cx + halfTop} ${y}L${cx + halfBottom - lean} ${b - round}` +
    `Q${cx + halfBottom} ${b} ${cx + halfBottom - round} ${b}L${cx - halfBottom + round} ${b}` +
    `Q${cx - halfBottom} ${b} ${cx - halfBottom + lean} ${b - round}Z`
  );
}

export function oval(cx: number, cy: number, rx: number, ry = rx): string {
  const kx = rx * 0.5523;
  const ky = ry * 0.5523;
  return (
    `M${cx - rx} ${cy}C${cx - rx} ${cy - ky} ${cx - kx} ${cy - ry} ${cx} ${cy - ry}` +
    `C${cx + kx} ${cy - ry} ${cx + rx} ${cy - ky} ${cx + rx} ${cy}` +
    `C${cx + rx} ${cy + ky} ${cx + kx} ${cy + ry} ${cx} ${cy + ry}` +
    `C${cx - kx} ${cy + ry} ${cx - rx} ${cy + ky} ${cx - rx} ${cy}Z`
  );
}

/** Bounding box over all points of an absolute path, control points included. */
export function boxOf(d: string): Box {
  const numbers = (d.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number);
  const xs = numbers.filter((_, i) => i % 2 === 0);
  const ys = numbers.filter((_, i) => i % 2 === 1);
  const x = Math.min(...xs);
  const y = Math.min(...ys);
  return [x, y, Math.max(...xs) - x, Math.max(...ys) - y];
}

/** Repeats a drawing step `count` times. */
export const times = (count: number, step: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => step(i)).join('');

/** FNV-1a, for choices that must stay the same on every run. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
