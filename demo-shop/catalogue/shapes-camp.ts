import {
  block,
  brass,
  cream,
  fill,
  ink,
  oval,
  type Shape,
  steel,
  stroke,
  times,
  wood,
} from './pen.ts';

const tent: Shape = (k) =>
  k.kind === 1
    ? k.solid('M36 264C44 150 100 98 160 98C220 98 276 150 284 264Z', k.main, { pattern: true }) +
      fill('M118 264C120 190 140 154 160 154C180 154 200 190 202 264Z', k.main.deep) +
      fill('M118 264C120 190 140 154 160 154C150 190 146 230 146 264Z', k.accent.base) +
      stroke('M92 262C96 170 124 112 160 98C196 112 224 170 228 262', k.accent.base, 4)
    : stroke('M160 82L22 262M160 82L298 262', k.accent.dark, 3) +
      k.solid('M160 78L278 264L42 264Z', k.main, { pattern: true }) +
      fill('M160 78L204 264L116 264Z', k.main.deep) +
      fill('M160 78L116 264L92 264Z', k.main.light) +
      fill('M160 78L130 264L152 264Z', k.accent.base) +
      stroke('M160 84L160 66', wood.base, 6);

const sleepingbag: Shape = (k) =>
  k.solid(
    'M160 26C206 26 226 66 226 112C226 190 202 250 197 272Q190 292 160 292Q130 292 123 272C118 250 94 190 94 112C94 66 114 26 160 26Z',
    k.main,
  ) +
  times(5, (i) =>
    stroke(
      `M${99 + i * 5} ${150 + i * 28}Q160 ${166 + i * 28} ${221 - i * 5} ${150 + i * 28}`,
      k.main.dark,
      3,
    ),
  ) +
  k.solid(oval(160, 86, 44, 48), k.accent, { shade: false }) +
  fill(oval(160, 92, 34, 38), k.accent.deep) +
  fill(block(128, 94, 64, 32, 14), cream.base) +
  stroke('M204 96Q204 180 186 262', k.accent.base, 5);

const flask: Shape = (k) => {
  const slim = k.kind === 1;
  return (
    (k.kind === 2 ? stroke('M126 84C120 40 200 40 194 84', k.accent.base, 11) : '') +
    k.solid(block(slim ? 126 : 116, slim ? 60 : 68, slim ? 68 : 88, 50, 10, 2), k.accent) +
    fill(block(slim ? 122 : 112, 108, slim ? 76 : 96, 10, 3), steel.base) +
    k.solid(block(slim ? 116 : 104, 116, slim ? 88 : 112, 148, 20, 16), k.main, { pattern: true }) +
    k.emblem(160, 194, 20, k.main.pale)
  );
};

const stove: Shape = (k) =>
  fill('M160 60C196 96 192 130 160 130C128 130 124 96 160 60Z', '#6fa8c9', 0.85) +
  fill('M160 86C178 106 176 126 160 126C144 126 142 106 160 86Z', '#f5b04c') +
  stroke('M104 128L142 172M216 128L178 172', steel.dark, 9) +
  stroke('M96 126L120 126M200 126L224 126', steel.dark, 9) +
  k.solid(block(132, 128, 56, 22, 6), steel) +
  k.solid(block(144, 148, 32, 40, 4), brass) +
  stroke('M176 168L214 168', k.accent.base, 7) +
  k.solid(
    'M92 222C92 194 120 186 160 186C200 186 228 194 228 222L228 248Q228 264 212 264L108 264Q92 264 92 248Z',
    k.main,
    {
      pattern: true,
    },
  );

const poles: Shape = (k) => {
  const one = (x: number, lean: number): string =>
    k.turned(
      lean,
      160,
      160,
      () =>
        k.solid(block(x, 46, 18, 60, 8), ink, { shade: false }) +
        k.solid(block(x + 4, 104, 10, 84, 2), k.main, { shade: false }) +
        fill(block(x + 3, 150, 12, 14, 2), k.accent.base) +
        k.solid(block(x + 5, 186, 8, 66, 2), steel, { shade: false }) +
        fill(oval(x + 9, 246, 20, 6), k.accent.dark) +
        fill(`M${x + 5} 250L${x + 13} 250L${x + 9} 276Z`, ink.base) +
        stroke(`M${x + 2} 62C${x - 20} 84 ${x - 16} 108 ${x} 108`, k.accent.base, 4),
    );
  return one(126, -13) + one(176, 13);
};

const chair: Shape = (k) =>
  stroke('M92 262L214 176M228 262L106 176', ink.base, 8) +
  stroke('M92 76L106 196M228 76L214 196', ink.base, 8) +
  k.solid('M86 84Q160 104 234 84L222 178Q160 190 98 178Z', k.main, { pattern: true }) +
  k.solid('M84 180Q160 206 236 180L224 214Q160 236 96 214Z', k.accent) +
  fill(block(78, 134, 34, 10, 5), wood.base) +
  fill(block(208, 134, 34, 10, 5), wood.base);

const hammock: Shape = (k) =>
  fill(block(26, 50, 20, 218, 5), wood.dark) +
  fill(block(274, 50, 20, 218, 5), wood.dark) +
  stroke('M46 96L82 140M46 96L70 152M274 96L238 140M274 96L250 152', cream.dark, 4) +
  k.solid(
    'M64 138Q160 224 256 138L268 150C250 232 200 250 160 250C120 250 70 232 52 150Z',
    k.main,
    { pattern: true },
  ) +
  fill('M64 138Q160 224 256 138Q160 206 64 138Z', k.main.deep);

const compass: Shape = (k) =>
  k.solid(oval(160, 66, 18), k.accent, { shade: false }) +
  k.solid(oval(160, 170, 96), k.accent, { shade: false }) +
  fill(oval(160, 170, 80), cream.base) +
  stroke(oval(160, 170, 68), k.main.base, 3) +
  times(
    12,
    (i) =>
      `<g transform="rotate(${i * 30} 160 170)">${stroke('M160 108L160 118', ink.base, i % 3 ? 2 : 5)}</g>`,
  ) +
  '<g transform="rotate(32 160 170)">' +
  fill('M160 114L174 170L146 170Z', '#c8493c') +
  fill('M160 226L174 170L146 170Z', k.main.dark) +
  '</g>' +
  fill(oval(160, 170, 8), brass.base);

const pocketknife: Shape = (k) =>
  k.solid('M196 138L292 108C296 96 270 84 240 92L178 126Z', steel, { shade: false }) +
  (k.kind === 1 ? k.solid('M96 138L60 96L74 88L120 132Z', steel, { shade: false }) : '') +
  k.solid(block(52, 132, 166, 56, 26), k.main, { pattern: true, shade: false }) +
  fill(block(70, 142, 120, 8, 4), k.main.pale, 0.5) +
  fill(oval(196, 160, 8), brass.base) +
  fill(oval(76, 160, 8), brass.base) +
  k.emblem(138, 164, 13, k.accent.base);

export const campShapes: Record<string, Shape> = {
  tent,
  sleepingbag,
  flask,
  stove,
  poles,
  chair,
  hammock,
  compass,
  pocketknife,
};
