import {
  block,
  brass,
  cream,
  fill,
  glow,
  ink,
  oval,
  type Shape,
  steel,
  stroke,
  taper,
  times,
  tones,
  wood,
} from './pen.ts';

const beam = (x: number, y: number, top: number, bottom: number, height: number): string =>
  fill(
    `M${x - top} ${y}L${x + top} ${y}L${x + bottom} ${y + height}L${x - bottom} ${y + height}Z`,
    glow.base,
    0.5,
  );

const pendant: Shape = (k) => {
  const shades = [
    'M62 190C62 120 118 98 136 96L184 96C202 98 258 120 258 190Z',
    'M136 94L184 94L244 200L76 200Z',
    oval(160, 156, 72),
    block(104, 96, 112, 110, 30, 6),
  ];
  const bottom = [190, 200, 0, 206][k.kind] ?? 0;
  const half = [86, 76, 0, 48][k.kind] ?? 0;
  return (
    stroke('M160 0L160 84', ink.base, 4) +
    k.solid(block(144, 72, 32, 28, 8, 2), k.accent) +
    (bottom ? beam(160, bottom, half, half + 28, 76) : fill(oval(160, 156, 100), glow.light, 0.6)) +
    (bottom ? fill(oval(160, bottom, 24, 18), glow.light) : '') +
    k.solid(shades[k.kind] ?? shades[0] ?? '', k.main, { pattern: true }) +
    (bottom ? fill(block(160 - half - 10, bottom - 6, half * 2 + 20, 9, 4), k.main.dark) : '')
  );
};

const tablelamp: Shape = (k) => {
  const shade =
    [taper(160, 66, 48, 84, 84, 4), 'M76 146C76 76 244 76 244 146Z', block(88, 70, 144, 76, 14)][
      k.kind
    ] ?? '';
  const base =
    [
      'M148 150L172 150C170 172 208 190 208 224Q208 264 176 264L144 264Q112 264 112 224C112 190 150 172 148 150Z',
      block(150, 144, 20, 108, 4),
      taper(160, 146, 16, 118, 50, 10),
    ][k.kind] ?? '';
  return (
    fill(oval(160, 130, 118, 92), glow.light, 0.6) +
    k.solid(base, k.accent, { pattern: k.kind !== 1 }) +
    (k.kind === 1 ? k.solid(block(106, 246, 108, 18, 9, 6), k.accent) : '') +
    k.solid(shade, k.main, { pattern: k.kind === 1 }) +
    fill(block(92, 143, 136, 6, 3), glow.light, 0.9)
  );
};

const floorlamp: Shape = (k) =>
  k.kind === 1
    ? stroke('M116 258L116 120C116 40 216 44 226 88', k.accent.base, 8) +
      beam(226, 128, 42, 58, 62) +
      k.solid('M178 130C178 76 274 76 274 130Z', k.main, { pattern: true }) +
      k.solid(block(74, 250, 84, 14, 7), k.accent)
    : k.kind === 2
      ? stroke('M160 140L112 262M160 140L208 262M160 140L160 258', wood.base, 9) +
        fill(oval(160, 98, 100, 74), glow.light, 0.6) +
        k.solid(block(98, 48, 124, 96, 12), k.main, { pattern: true }) +
        k.solid(oval(160, 148, 12, 7), k.accent)
      : fill(oval(160, 90, 96, 70), glow.light, 0.6) +
        stroke('M160 130L160 256', k.accent.base, 8) +
        k.solid(taper(160, 44, 42, 88, 72, 3), k.main, { pattern: true }) +
        k.solid(block(112, 250, 96, 14, 7), k.accent);

const desklamp: Shape = (k) =>
  k.solid(block(70, 246, 104, 18, 9, 4), k.main) +
  (k.kind === 1
    ? stroke('M118 248L118 84L204 84', k.accent.base, 10) +
      beam(214, 104, 56, 74, 80) +
      k.solid(block(152, 74, 124, 30, 14, 6), k.main)
    : stroke('M122 248L92 158L176 92', k.accent.base, 10) +
      fill(oval(92, 158, 11), k.main.deep) +
      `<g transform="rotate(-34 200 104)">${beam(200, 138, 48, 66, 78)}${k.solid(
        'M182 68L218 68L252 140L148 140Z',
        k.main,
      )}</g>` +
      fill(oval(176, 92, 11), k.main.deep));

const lantern: Shape = (k) =>
  stroke('M110 112C106 40 214 40 210 112', k.accent.base, 7) +
  fill(oval(160, 176, 96, 92), glow.light, 0.6) +
  (k.kind === 1
    ? k.solid(
        'M106 120L214 120C236 156 236 210 214 246L106 246C84 210 84 156 106 120Z',
        tones('#f6e3c0'),
        {
          shade: false,
        },
      ) +
      times(5, (i) =>
        stroke(
          `M${98 - (i % 4 ? 6 : 0)} ${132 + i * 25}L${222 + (i % 4 ? 6 : 0)} ${132 + i * 25}`,
          k.main.base,
          3,
        ),
      )
    : k.solid(block(106, 124, 108, 122, 6), glow, { shade: false }) +
      fill('M160 160C178 186 172 206 160 206C148 206 142 186 160 160Z', '#f2a13e') +
      fill(block(144, 206, 32, 40, 3), cream.base) +
      stroke('M110 124L110 246M210 124L210 246', k.main.base, 8)) +
  k.solid('M116 96L204 96L226 126L94 126Z', k.main) +
  k.solid(block(92, 244, 136, 20, 6), k.main);

const stringlights: Shape = (k) => {
  const spots: [number, number][] = [
    [50, 122],
    [98, 152],
    [148, 164],
    [200, 158],
    [246, 136],
    [282, 108],
  ];
  return (
    stroke('M14 84C70 158 140 176 190 156C240 138 280 112 306 70', ink.base, 4) +
    spots
      .map(
        ([x, y], i) =>
          fill(oval(x, y + 34, 34), glow.light, 0.6) +
          fill(block(x - 8, y - 4, 16, 18, 4), k.accent.dark) +
          k.solid(
            k.kind === 1 ? block(x - 16, y + 12, 32, 40, 12) : oval(x, y + 32, 17, 20),
            i % 2 ? k.main : glow,
            { shade: false },
          ),
      )
      .join('')
  );
};

const sconce: Shape = (k) =>
  fill(oval(160, 150, 122), glow.light, 0.6) +
  (k.kind === 1
    ? k.solid(oval(160, 160, 92), k.accent, { shade: false }) +
      k.solid(oval(160, 160, 62), k.main, {
        shade: false,
        pattern: true,
      }) +
      fill(oval(144, 142, 16), '#ffffff', 0.5)
    : k.solid(block(142, 132, 36, 112, 10), k.accent) +
      stroke('M160 176L160 128', k.accent.dark, 9) +
      k.solid(taper(160, 72, 64, 74, 36, 6), k.main, { pattern: true }));

const bulb: Shape = (k) =>
  fill(oval(160, 134, 112), glow.base, 0.4) +
  k.solid(
    'M160 60C206 60 230 92 230 128C230 168 192 178 188 214L132 214C128 178 90 168 90 128C90 92 114 60 160 60Z',
    { ...glow, base: k.main.light },
  ) +
  stroke('M140 214L136 150L150 132L160 150L170 132L184 150L180 214', '#e58a2e', 4) +
  k.solid(block(132, 212, 56, 38, 4, 10), brass) +
  times(3, (i) => fill(block(130, 219 + i * 10, 60, 4, 2), brass.dark)) +
  k.solid(block(146, 250, 28, 14, 3, 7), ink);

const nightlight: Shape = (k) =>
  fill(oval(160, 180, 116, 104), glow.light, 0.6) +
  (k.kind === 1
    ? k.solid(
        'M84 236C58 230 56 190 88 186C84 146 136 130 156 160C172 132 232 142 228 184C262 184 264 232 236 236Z',
        k.main,
        { shade: false },
      )
    : k.solid(
        'M104 240C96 190 96 150 122 142L110 90C132 86 146 112 150 138L170 138C174 112 188 86 210 90L198 142C224 150 224 190 216 240Z',
        k.main,
      )) +
  fill(oval(140, 190, 5), ink.base) +
  fill(oval(180, 190, 5), ink.base) +
  stroke('M150 206Q160 216 170 206', ink.base, 4) +
  k.solid(block(92, 236, 136, 28, 12), k.kind === 1 ? wood : k.accent);

const torch: Shape = (k) =>
  k.kind === 1
    ? fill('M76 120L-8 72L-8 236L76 190Z', glow.base, 0.45) +
      k.solid('M70 108L118 128L118 182L70 202Z', k.accent) +
      fill(oval(72, 155, 11, 46), glow.light) +
      k.solid(block(116, 130, 168, 50, 6, 10), k.main, { pattern: true }) +
      fill(block(158, 122, 34, 12, 5), k.accent.dark) +
      stroke('M284 155C306 155 306 190 288 196', steel.dark, 5)
    : stroke('M62 168C52 72 268 72 258 168', k.accent.base, 24) +
      stroke('M64 168C60 232 260 232 256 168', k.accent.dark, 24) +
      fill(oval(160, 198, 84, 64), glow.base, 0.4) +
      k.solid(block(108, 160, 104, 78, 22), k.main) +
      k.solid(oval(160, 199, 29), steel, { shade: false }) +
      fill(oval(160, 199, 20), glow.light) +
      fill(block(146, 152, 28, 12, 5), k.accent.deep);

export const lightShapes: Record<string, Shape> = {
  pendant,
  tablelamp,
  floorlamp,
  desklamp,
  lantern,
  stringlights,
  sconce,
  bulb,
  nightlight,
  torch,
};
