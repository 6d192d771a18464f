import { block, brass, cream, fill, ink, oval, type Shape, stroke, times, wood } from './pen.ts';

const blocks: Shape = (k) =>
  k.kind === 1
    ? k.solid(block(84, 240, 152, 24, 10), wood) +
      times(5, (i) =>
        k.solid(
          block(98 + i * 9, 206 - i * 32, 124 - i * 18, 34, 16),
          [k.main, k.accent, k.extra, k.main, k.accent][i] ?? k.main,
        ),
      ) +
      k.solid(oval(160, 62, 20), wood, { shade: false })
    : k.solid(block(58, 194, 70, 70, 6), k.main) +
      k.emblem(93, 229, 20, k.main.pale) +
      k.solid(block(132, 194, 70, 70, 6), k.accent) +
      k.emblem(167, 229, 20, k.accent.pale) +
      k.solid('M206 264L206 194Q262 196 264 264Z', k.extra) +
      k.solid(block(94, 122, 70, 70, 6), wood) +
      k.emblem(129, 157, 20, wood.pale) +
      k.solid('M168 192L204 132L240 192Z', k.main) +
      k.solid('M94 122Q96 74 129 72Q162 74 164 122L146 122Q144 96 129 96Q114 96 112 122Z', k.extra);

const plush: Shape = (k) => {
  const long = k.kind === 1;
  const ears =
    [
      fill(oval(110, 84, 25), k.main.dark) +
        fill(oval(210, 84, 25), k.main.dark) +
        fill(oval(110, 86, 13), k.accent.light) +
        fill(oval(210, 86, 13), k.accent.light),
      fill(oval(130, 66, 17, 50), k.main.base) +
        fill(oval(190, 66, 17, 50), k.main.base) +
        fill(oval(130, 70, 8, 34), k.accent.light) +
        fill(oval(190, 70, 8, 34), k.accent.light),
      fill('M98 118L100 58L146 88Z', k.main.dark) + fill('M222 118L220 58L174 88Z', k.main.dark),
      fill(oval(86, 130, 34, 42), k.main.dark) + fill(oval(234, 130, 34, 42), k.main.dark),
    ][k.kind] ?? '';
  const nose =
    [
      fill(oval(160, 144, 22, 16), k.main.pale) + fill(oval(160, 138, 8, 5.4), ink.base),
      fill(oval(160, 140, 6, 4.4), k.accent.dark),
      fill(
        'M112 128Q136 158 160 158Q184 158 208 128Q196 168 160 168Q124 168 112 128Z',
        cream.base,
      ) + fill(oval(160, 150, 8, 6), ink.base),
      stroke('M160 138C160 180 150 196 132 196', k.main.dark, 22) +
        stroke('M152 172L168 174', k.main.deep, 2.4),
    ][k.kind] ?? '';
  return (
    ears +
    fill(oval(102, 206, 19, 34), k.main.dark) +
    fill(oval(218, 206, 19, 34), k.main.dark) +
    k.solid(
      'M104 218C104 176 128 160 160 160C192 160 216 176 216 218C216 252 196 264 160 264C124 264 104 252 104 218Z',
      k.main,
      { pattern: true },
    ) +
    fill(oval(160, 224, 32, 32), k.main.pale, k.kind === 3 ? 0.4 : 0.8) +
    fill(oval(122, 254, 25, 14), k.main.dark) +
    fill(oval(198, 254, 25, 14), k.main.dark) +
    k.solid(oval(160, 126, long ? 58 : 66, 54), k.main, { shade: false }) +
    nose +
    fill(oval(134, 120, 6, 7), ink.base) +
    fill(oval(186, 120, 6, 7), ink.base) +
    fill(oval(136, 117, 2), '#ffffff') +
    fill(oval(188, 117, 2), '#ffffff') +
    fill(oval(118, 142, 9, 6), k.accent.base, 0.5) +
    fill(oval(202, 142, 9, 6), k.accent.base, 0.5) +
    (k.kind === 0 ? fill('M126 172Q160 188 194 172L196 184Q160 200 124 184Z', k.accent.base) : '')
  );
};

const top: Shape = (k) =>
  '<g transform="rotate(12 160 200)">' +
  k.solid(block(152, 66, 16, 76, 6), wood) +
  k.solid(oval(160, 64, 17, 12), k.accent) +
  k.solid('M66 160C66 132 254 132 254 160C254 196 180 226 160 268C140 226 66 196 66 160Z', k.main, {
    pattern: true,
  }) +
  fill(oval(160, 148, 84, 12), k.main.light) +
  stroke('M70 174Q160 204 250 174', k.accent.base, 9) +
  '</g>';

const train: Shape = (k) =>
  k.solid(block(40, 196, 240, 32, 8), k.accent) +
  k.solid(block(54, 120, 84, 80, 8, 2), k.main) +
  fill(block(72, 136, 48, 36, 6), cream.base) +
  k.solid(block(132, 144, 122, 56, 4, 2), k.extra) +
  k.solid(block(212, 102, 26, 46, 3), k.main) +
  fill(block(206, 96, 38, 13, 4), k.main.dark) +
  k.solid(block(44, 108, 104, 17, 8), { ...k.main, base: k.main.dark }) +
  fill(oval(166, 142, 14, 12), brass.base) +
  times(
    3,
    (i) =>
      k.solid(oval(86 + i * 74, 234, 30), wood, { shade: false }) +
      fill(oval(86 + i * 74, 234, 18), k.main.base) +
      fill(oval(86 + i * 74, 234, 6), cream.base),
  );

const kite: Shape = (k) =>
  stroke('M136 214C110 246 164 256 132 290', k.accent.base, 4) +
  k.turned(
    18,
    160,
    140,
    () =>
      k.solid('M160 34L240 118L160 226L80 118Z', k.main, { pattern: true, shade: false }) +
      fill('M160 34L240 118L160 118Z', k.accent.base, 0.85) +
      fill('M80 118L160 118L160 226Z', k.extra.base, 0.85) +
      stroke('M160 36L160 224M82 118L238 118', wood.dark, 4),
  ) +
  times(
    3,
    (i) =>
      `<g transform="translate(${[128, 146, 140][i]} ${[234, 256, 276][i]}) rotate(${i * 40 - 30})">${fill('M0 0L-15 -8L-15 8ZM0 0L15 -8L15 8Z', k.main.base)}</g>`,
  );

const boat: Shape = (k) =>
  k.solid(block(154, 62, 10, 136, 3), wood) +
  k.solid('M168 66C230 110 240 160 242 184L168 184Z', k.accent, { pattern: true }) +
  k.solid('M150 88L150 184L86 184Z', k.extra, { shade: false }) +
  k.solid('M54 196L270 196C264 240 236 264 204 264L120 264C86 264 62 236 54 196Z', k.main) +
  fill('M58 212L266 212L262 224L62 224Z', cream.base);

const rope: Shape = (k) =>
  stroke(
    'M84 116C84 250 120 262 150 236C190 204 150 160 128 190C100 230 190 290 222 226C240 190 236 150 236 116',
    k.accent.base,
    8,
  ) +
  k.solid(block(68, 44, 32, 84, 14, 6), k.main, { pattern: true, shade: false }) +
  k.solid(block(220, 44, 32, 84, 14, 6), k.main, { pattern: true, shade: false }) +
  fill(block(68, 112, 32, 10), k.extra.base) +
  fill(block(220, 112, 32, 10), k.extra.base);

const marbles: Shape = (k) =>
  k.solid(block(66, 64, 22, 200, 4), wood) +
  k.solid(block(232, 64, 22, 200, 4), wood) +
  k.solid('M58 92L246 122L246 138L58 108Z', k.main, { shade: false }) +
  k.solid('M262 150L74 180L74 196L262 166Z', k.accent, { shade: false }) +
  k.solid('M58 208L246 236L246 252L58 224Z', k.extra, { shade: false }) +
  k.solid(block(52, 254, 216, 12, 5), wood) +
  fill(oval(118, 82, 15), k.accent.base) +
  fill(oval(113, 77, 4), '#ffffff', 0.8) +
  fill(oval(178, 148, 14), k.main.base) +
  fill(oval(210, 214, 15), '#5f9fb8') +
  fill(oval(205, 209, 4), '#ffffff', 0.8);

export const toyShapes: Record<string, Shape> = {
  blocks,
  plush,
  top,
  train,
  kite,
  boat,
  rope,
  marbles,
};
