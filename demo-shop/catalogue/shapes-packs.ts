import {
  block,
  cream,
  fill,
  glass,
  ink,
  oval,
  type Shape,
  steel,
  stroke,
  times,
  tones,
  wood,
} from './pen.ts';

const jar: Shape = (k) => {
  const tall = k.kind === 1;
  const y = tall ? 104 : 138;
  return (
    k.solid(block(100, y, 120, 264 - y, 22, 18), glass) +
    fill(block(108, y + 26, 104, 230 - y, 12, 12), k.main.base) +
    fill(block(108, y + 26, 104, 10, 5), k.main.light) +
    fill(block(190, y + 36, 22, 220 - y, 4, 10), k.main.dark, 0.5) +
    k.label(118, y + 48, 84, 62) +
    (k.kind === 2
      ? k.solid(block(112, y - 24, 96, 30, 6), wood)
      : k.solid(block(104, y - 22, 112, 28, 7, 3), k.accent) +
        fill(block(104, y - 6, 112, 4), k.accent.dark)) +
    fill(block(108, y + 30, 6, 190 - y + 30, 3), '#ffffff', 0.5)
  );
};

const bottle: Shape = (k) => {
  const oil = k.kind === 1;
  const d = oil
    ? 'M144 92L176 92L178 132C182 150 204 158 204 186L204 250Q204 264 190 264L130 264Q116 264 116 250L116 186C116 158 138 150 142 132Z'
    : k.kind === 2
      ? block(104, 148, 112, 116, 18)
      : 'M138 104L182 104L184 126C190 138 212 144 212 168L212 248Q212 264 196 264L124 264Q108 264 108 248L108 168C108 144 130 138 136 126Z';
  const cap = oil
    ? k.solid(block(142, 62, 36, 34, 6, 3), k.accent)
    : k.kind === 2
      ? k.solid(block(132, 112, 56, 40, 8, 4), k.accent) +
        stroke('M134 126L186 126', k.accent.dark, 3)
      : k.solid(block(132, 74, 56, 36, 8, 4), k.accent);
  return cap + k.solid(d, k.main) + (oil ? k.label(124, 184, 72, 62) : k.label(122, 176, 76, 64));
};

const pump: Shape = (k) =>
  stroke('M160 116L160 78L112 78L108 90', k.accent.dark, 11) +
  fill(block(142, 66, 36, 18, 6), k.accent.base) +
  k.solid(block(136, 108, 48, 28, 6, 2), k.accent) +
  k.solid(
    k.kind === 1 ? block(104, 132, 112, 132, 46, 14) : block(106, 134, 108, 130, 20, 14),
    k.main,
    { pattern: true },
  ) +
  k.label(122, 174, 76, 66);

const dropper: Shape = (k) =>
  k.solid('M146 58Q160 42 174 58L172 98L148 98Z', ink) +
  k.solid(block(138, 96, 44, 32, 4), k.accent) +
  k.solid(block(112, 126, 96, 138, 26, 14), k.main) +
  k.label(124, 174, 72, 66);

const pouchbag: Shape = (k) =>
  k.solid('M96 82L224 82L230 236Q232 264 214 264L106 264Q88 264 90 236Z', k.main, {
    pattern: true,
  }) +
  k.solid(block(92, 64, 136, 30, 4), k.kind === 1 ? k.accent : k.main) +
  stroke('M96 100L224 100', k.main.deep, 2) +
  (k.kind === 1
    ? fill(oval(160, 120, 6), k.main.deep) + k.label(110, 142, 100, 84)
    : k.kind === 2
      ? fill(block(112, 130, 96, 104, 48, 12), glass.pale, 0.9) +
        times(18, (i) =>
          fill(
            oval(126 + (i % 6) * 14, 206 + Math.floor(i / 6) * 11, 8, 6),
            i % 2 ? k.extra.base : k.extra.dark,
          ),
        ) +
        k.emblem(160, 164, 20, k.main.dark)
      : fill(oval(160, 174, 44), cream.base) + k.emblem(160, 174, 28, k.accent.base));

const tin: Shape = (k) => {
  const y = [112, 166, 128][k.kind] ?? 112;
  const half = [58, 84, 70][k.kind] ?? 58;
  return (
    k.solid(block(160 - half, y, half * 2, 264 - y, 4, 10), k.main, { pattern: true }) +
    (k.kind === 1
      ? fill(oval(160, y + 52, 38), cream.base) + k.emblem(160, y + 52, 25, k.accent.base)
      : k.label(160 - half + 14, y + 34, half * 2 - 28, 84)) +
    k.solid(block(154 - half, y - 26, half * 2 + 12, 34, 10, 4), k.accent) +
    (k.kind === 2 ? k.solid(block(142, y - 42, 36, 18, 8, 2), k.accent) : '') +
    fill(block(154 - half, y + 2, half * 2 + 12, 5), k.accent.dark)
  );
};

const box: Shape = (k) =>
  (k.kind === 1
    ? k.solid('M76 150L244 150L244 264L76 264Z', k.main, { pattern: true }) +
      k.solid('M92 128L228 128L244 152L76 152Z', k.accent, { shade: false })
    : k.solid('M90 92L214 92L214 264L90 264Z', k.main, { pattern: true, shade: false }) +
      k.solid(
        'M214 92L240 108L240 264L214 264Z',
        { ...k.main, base: k.main.dark },
        { shade: false },
      ) +
      fill('M90 92L116 78L240 78L240 108L214 92Z', k.main.light)) +
  (k.kind === 1 ? k.label(104, 172, 112, 72) : k.label(106, 132, 92, 96));

const tube: Shape = (k) =>
  k.solid('M104 66L216 66L196 226L124 226Z', k.main, { pattern: true }) +
  fill(block(100, 58, 120, 18, 3), k.main.dark) +
  k.solid(block(126, 224, 68, 40, 4, 8), k.accent) +
  times(6, (i) => fill(block(134 + i * 10, 230, 3, 30, 1), k.accent.dark)) +
  k.label(128, 104, 64, 86);

const packet: Shape = (k) =>
  k.solid(block(92, 78, 136, 186, 5), k.main, { pattern: true }) +
  fill(block(92, 78, 136, 30, 5, 0), k.main.dark) +
  fill('M92 108L228 108L160 128Z', k.main.dark, 0.5) +
  fill(block(108, 134, 104, 92, 52, 10), cream.base) +
  k.emblem(160, 186, 34, k.accent.base) +
  fill(block(124, 236, 72, 7, 3), cream.base, 0.9) +
  fill(block(140, 248, 40, 5, 2), cream.base, 0.7);

const bar: Shape = (k) =>
  '<g transform="rotate(-8 160 166)">' +
  k.solid(block(104, 62, 112, 60, 4), tones('#6b4230'), { shade: false }) +
  times(3, (i) => fill(block(110 + i * 35, 68, 30, 30, 3), '#84563f')) +
  fill(
    'M98 100L108 106L118 98L128 106L138 98L148 106L158 98L168 106L178 98L188 106L198 98L208 106L222 100L222 126L98 126Z',
    '#e3d9c4',
  ) +
  k.solid(block(96, 112, 128, 156, 4), k.main, { pattern: true }) +
  k.label(112, 146, 96, 86) +
  '</g>';

const sardines: Shape = (k) =>
  k.solid(block(62, 176, 196, 88, 30), k.main, { pattern: true }) +
  k.solid(block(56, 158, 208, 34, 17), steel) +
  fill(block(74, 166, 172, 12, 6), steel.light) +
  stroke('M196 170C214 150 236 150 238 162C238 172 216 174 206 170', steel.deep, 5) +
  k.emblem(160, 226, 30, k.accent.base);

const soap: Shape = (k) =>
  k.kind === 1
    ? k.solid(block(62, 176, 196, 88, 26), k.main, { shade: true }) +
      k.solid(block(110, 170, 100, 98, 4), k.accent, { pattern: true }) +
      k.emblem(160, 218, 24, cream.base)
    : k.solid(block(60, 244, 200, 20, 8), wood) +
      times(6, (i) => fill(block(74 + i * 32, 244, 8, 20, 2), wood.dark)) +
      k.solid(block(78, 166, 164, 78, k.kind === 2 ? 39 : 22), k.main, { pattern: true }) +
      fill(block(98, 180, 124, 50, k.kind === 2 ? 25 : 14), k.main.light, 0.55) +
      k.emblem(160, 205, 20, k.main.dark) +
      fill(oval(222, 150, 11), '#ffffff', 0.7) +
      fill(oval(242, 132, 7), '#ffffff', 0.6) +
      fill(oval(214, 126, 5), '#ffffff', 0.6);

const balm: Shape = (k) =>
  k.solid(oval(132, 222, 76, 42), steel) +
  fill(oval(132, 212, 70, 36), k.main.light) +
  fill(oval(132, 214, 60, 29), k.main.pale) +
  k.solid(oval(200, 176, 68), k.main, { shade: false, pattern: true }) +
  fill(oval(200, 176, 54), cream.base) +
  k.emblem(200, 176, 32, k.accent.base) +
  stroke('M140 206C150 228 176 244 204 244', k.main.dark, 5);

export const packShapes: Record<string, Shape> = {
  jar,
  bottle,
  pump,
  dropper,
  pouchbag,
  tin,
  box,
  tube,
  packet,
  bar,
  sardines,
  soap,
  balm,
};
