import {
  block,
  cream,
  fill,
  ink,
  leafy,
  oval,
  type Shape,
  steel,
  stroke,
  taper,
  times,
  tones,
  wood,
} from './pen.ts';

const trowel: Shape = (k) =>
  k.solid(block(142, 30, 36, 96, 17, 8), k.kind === 2 ? k.accent : wood) +
  fill(block(142, 108, 36, 12, 3), k.accent.base) +
  stroke('M160 126L160 172', steel.dark, 11) +
  (k.kind === 1
    ? stroke(
        'M124 268L124 196Q124 178 142 178L178 178Q196 178 196 196L196 268M160 178L160 272',
        k.main.base,
        11,
      )
    : k.solid('M122 172L198 172L198 220C198 256 176 276 160 290C144 276 122 256 122 220Z', k.main, {
        shade: false,
      }) + fill('M160 178L160 286C176 272 196 254 196 220L196 178Z', k.main.dark, 0.6));

const can: Shape = (k) =>
  (k.kind === 1
    ? stroke('M110 226C66 208 76 126 26 96', k.main.dark, 10) +
      stroke('M208 120C286 120 276 230 216 240', k.accent.base, 11)
    : fill('M110 232L38 122L58 110L112 184Z', k.main.dark) +
      fill('M22 128L64 92L72 104L32 140Z', k.main.base) +
      stroke('M112 152C120 66 268 92 216 222', k.accent.base, 11)) +
  k.solid(
    k.kind === 1
      ? 'M128 116L200 116C236 160 236 240 210 264L118 264C92 240 92 160 128 116Z'
      : taper(162, 146, 54, 118, 62, 8),
    k.main,
    { pattern: true },
  ) +
  fill(oval(163, k.kind === 1 ? 116 : 146, k.kind === 1 ? 36 : 54, 8), k.main.deep);

const planter: Shape = (k) => {
  const frond = (x: number, y: number, turn: number, size: number, hue: string): string =>
    `<g transform="translate(${x} ${y}) rotate(${turn})">${fill(
      `M0 0C${-size * 0.4} ${-size * 0.4} ${-size * 0.3} ${
        -size * 0.85
      } 0 ${-size}C${size * 0.3} ${-size * 0.85} ${size * 0.4} ${-size * 0.4} 0 0Z`,
      hue,
    )}${stroke(`M0 0L0 ${-size * 0.8}`, leafy.dark, 2)}</g>`;
  const plant = (y: number): string =>
    times(7, (i) =>
      frond(
        160 + (i - 3) * 6,
        y,
        (i - 3) * 24,
        84 + (i % 2) * 22,
        i % 2 ? leafy.base : leafy.light,
      ),
    );
  if (k.kind === 2) {
    return (
      stroke('M160 0L98 158M160 0L222 158M160 0L160 120', cream.dark, 4) +
      plant(166) +
      k.solid('M88 156L232 156C232 216 200 244 160 244C120 244 88 216 88 156Z', k.main, {
        pattern: true,
      }) +
      times(5, (i) =>
        stroke(`M${112 + i * 22} 236Q${106 + i * 26} 262 ${112 + i * 24} 282`, leafy.base, 5),
      )
    );
  }
  return k.kind === 3
    ? times(
        4,
        (i) =>
          `<g transform="translate(${84 + i * 50} 186)">${times(3, (j) =>
            frond(0, 0, (j - 1) * 34, 62 + (i % 2) * 20, j % 2 ? leafy.base : leafy.light),
          )}</g>`,
      ) +
        k.solid(block(40, 178, 240, 86, 6, 10), k.main, { pattern: true }) +
        fill(block(40, 178, 240, 12, 6, 0), k.main.light)
    : plant(178) +
        (k.kind === 1
          ? k.solid(block(96, 164, 128, 100, 10, 26), k.main, { pattern: true }) +
            fill(oval(160, 168, 60, 7), k.main.deep, 0.5)
          : k.solid(taper(160, 176, 58, 88, 44, 8), k.main, { pattern: true }) +
            k.solid(block(94, 158, 132, 26, 5), k.main));
};

const twine: Shape = (k) =>
  k.kind === 1
    ? k.solid(oval(160, 176, 88), k.main, { shade: false }) +
      times(6, (i) =>
        stroke(
          `M${86 + i * 8} ${140 + i * 20}Q${160} ${84 + i * 26} ${232 - i * 2} ${138 + i * 18}`,
          k.main.dark,
          4,
        ),
      ) +
      stroke('M236 218C276 226 270 262 296 262', k.main.base, 6)
    : k.solid(block(92, 96, 136, 20, 8), wood) +
      k.solid(block(108, 112, 104, 134, 10), k.main) +
      times(9, (i) => stroke(`M110 ${126 + i * 13.4}L210 ${120 + i * 13.4}`, k.main.dark, 3)) +
      k.solid(block(92, 244, 136, 20, 8), wood) +
      stroke('M210 230C250 236 240 262 276 262', k.main.base, 6);

const feeder: Shape = (k) =>
  stroke('M160 20L160 70', ink.base, 5) +
  k.solid('M160 58L256 136L64 136Z', k.main, { pattern: true }) +
  (k.kind === 1
    ? k.solid(block(92, 134, 136, 116, 4, 8), k.accent) +
      fill(oval(160, 182, 24), k.accent.deep) +
      stroke('M160 226L160 236', wood.deep, 9)
    : k.solid(block(104, 134, 112, 84, 2), tones('#e8ddc0'), { shade: false }) +
      times(22, (i) =>
        fill(
          oval(114 + (i % 8) * 13, 176 + Math.floor(i / 8) * 14, 5, 6),
          i % 2 ? wood.base : wood.deep,
        ),
      ) +
      stroke('M106 134L106 220M214 134L214 220', k.accent.base, 8) +
      k.solid(block(72, 216, 176, 20, 6), k.accent));

const mister: Shape = (k) =>
  fill(block(88, 72, 96, 30, 10, 4), k.accent.base) +
  fill(block(74, 78, 20, 16, 4), k.accent.dark) +
  stroke('M120 104C112 120 104 128 96 132', k.accent.dark, 9) +
  k.solid(block(140, 98, 40, 34, 4), k.accent) +
  times(3, (i) => fill(oval(48 - i * 6, 70 + i * 18, 4, 5.4), '#8fbcd0')) +
  k.solid(
    'M142 128L178 128C186 146 220 162 220 204L220 246Q220 264 202 264L118 264Q100 264 100 246L100 204C100 162 134 146 142 128Z',
    k.main,
    { pattern: true },
  ) +
  fill('M114 190C112 176 122 164 132 158L136 164C126 172 122 180 122 190Z', k.main.pale);

export const gardenShapes: Record<string, Shape> = {
  trowel,
  can,
  planter,
  twine,
  feeder,
  mister,
};
