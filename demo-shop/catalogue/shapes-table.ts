import {
  block,
  cream,
  fill,
  glass,
  leafy,
  oval,
  type Shape,
  stroke,
  taper,
  times,
  wood,
} from './pen.ts';

const plate: Shape = (k) =>
  k.kind === 2
    ? k.solid(oval(160, 164, 124, 84), k.main, { shade: false, pattern: true }) +
      fill(oval(160, 164, 98, 62), k.main.light) +
      fill(oval(160, 168, 92, 56), k.main.pale, 0.5)
    : k.solid(oval(160, 160, 112), k.main, { shade: false, pattern: true }) +
      (k.kind === 1 ? stroke(oval(160, 160, 108), k.accent.base, 7) : '') +
      fill(oval(160, 160, 80), k.main.dark, 0.35) +
      fill(oval(160, 162, 77), k.main.light) +
      stroke('M102 132C112 108 132 98 150 94', '#ffffff', 4);

const bowl: Shape = (k) => {
  const deep = k.kind === 1;
  const d = deep
    ? 'M66 150L254 150C254 214 222 252 196 256L196 264L124 264L124 256C98 252 66 214 66 150Z'
    : 'M48 182L272 182C266 226 232 254 204 256L204 264L116 264L116 256C88 254 54 226 48 182Z';
  const y = deep ? 150 : 182;
  return (
    k.solid(d, k.main, { pattern: true }) +
    fill(oval(160, y, deep ? 94 : 112, deep ? 14 : 13), k.main.pale) +
    fill(oval(160, y + 3, deep ? 82 : 100, 9), k.accent.base, 0.8)
  );
};

const nested: Shape = (k) => {
  const one = (y: number, half: number, hue: typeof k.main): string =>
    k.solid(
      `M${160 - half} ${y}L${160 + half} ${y}C${160 + half} ${y + 48} ${160 + half * 0.7} ${
        y + 76
      } ${160 + half * 0.5} ${y + 76}L${160 - half * 0.5} ${y + 76}C${160 - half * 0.7} ${
        y + 76
      } ${160 - half} ${y + 48} ${160 - half} ${y}Z`,
      hue,
      { pattern: hue === k.main },
    ) + fill(block(156 - half, y - 5, half * 2 + 8, 11, 5), hue.light);
  return one(116, 72, k.extra) + one(148, 92, k.accent) + one(188, 112, k.main);
};

const tumbler: Shape = (k) => {
  const one = (x: number, y: number, half: number): string =>
    k.solid(
      taper(x, y, half, 264 - y, half * 0.82, 10),
      { ...k.main, base: k.main.light },
      {
        pattern: true,
      },
    ) +
    fill(oval(x, y, half, half * 0.15), k.main.pale) +
    fill(oval(x, y + 1, half * 0.86, half * 0.1), k.main.base, 0.6) +
    fill(block(x - half * 0.66, y + 22, 6, 200 - y, 3), '#ffffff', 0.7) +
    fill(block(x - half * 0.78, 250, half * 1.56, 9, 4), k.main.base, 0.55);
  return k.kind === 1 ? one(112, 152, 48) + one(212, 152, 48) : one(160, 116, 66);
};

const stem: Shape = (k) => {
  const bowlPath =
    [
      'M104 72L216 72C222 132 200 168 160 172C120 168 98 132 104 72Z',
      'M74 92L246 92C240 140 204 160 160 162C116 160 80 140 74 92Z',
      'M128 56L192 56C200 120 190 168 160 176C130 168 120 120 128 56Z',
    ][k.kind] ?? '';
  const wine =
    [
      'M108 112L212 112C206 146 190 162 160 165C130 162 114 146 108 112Z',
      'M84 114L236 114C226 140 198 154 160 155C122 154 94 140 84 114Z',
      'M128 96L192 96C192 134 184 162 160 169C136 162 128 134 128 96Z',
    ][k.kind] ?? '';
  return (
    fill(block(156, 164, 8, 92, 3), k.main.light) +
    k.solid(
      'M108 262Q112 252 160 250Q208 252 212 262Q160 268 108 262Z',
      { ...glass, base: k.main.light },
      { shade: false },
    ) +
    k.solid(bowlPath, { ...glass, base: k.main.light }, { shade: false }) +
    fill(wine, k.accent.base, 0.85) +
    stroke('M118 92C116 112 120 130 126 140', '#ffffff', 5)
  );
};

const cutlery: Shape = (k) =>
  stroke('M92 150L92 258', k.main.base, 12) +
  times(4, (i) => stroke(`M${77 + i * 10} 66L${77 + i * 10} 112`, k.main.base, 5)) +
  k.solid('M74 106L110 106C110 136 102 150 92 150C82 150 74 136 74 106Z', k.main, {
    shade: false,
  }) +
  stroke('M160 150L160 258', k.accent.base, 12) +
  k.solid('M150 60C176 70 180 120 172 158L150 158Z', k.main, { shade: false }) +
  stroke('M228 140L228 258', k.main.base, 12) +
  k.solid(oval(228, 100, 24, 40), k.main, { shade: false }) +
  fill(oval(228, 98, 16, 30), k.main.light) +
  stroke('M92 214L92 258M160 196L160 258M228 214L228 258', k.accent.base, 13);

const stand: Shape = (k) =>
  k.solid('M142 198L178 198L184 244L136 244Z', k.main) +
  k.solid('M104 264Q108 240 160 238Q212 240 216 264Z', k.main) +
  k.solid(block(104, 128, 112, 56, 10, 4), cream) +
  fill(
    'M104 128L216 128L216 144Q206 158 196 146Q186 164 174 146Q160 160 148 146Q136 162 124 146Q112 158 104 146Z',
    k.accent.base,
  ) +
  times(3, (i) => fill(oval(128 + i * 32, 120, 10), k.accent.dark)) +
  k.solid(block(52, 184, 216, 18, 9), k.main, { pattern: true });

const vase: Shape = (k) => {
  const d =
    [
      'M136 132L184 132C178 164 214 176 214 218Q214 264 182 264L138 264Q106 264 106 218C106 176 142 164 136 132Z',
      block(120, 128, 80, 136, 12, 16),
      'M148 124L172 124L174 166C210 176 220 200 220 220Q220 264 184 264L136 264Q100 264 100 220C100 200 110 176 146 166Z',
    ][k.kind] ?? '';
  const bloom = (x: number, y: number, size: number): string =>
    stroke(`M160 140Q${(x + 160) / 2} ${y + 40} ${x} ${y}`, leafy.base, 4) +
    k.emblem(x, y, size, k.accent.base);
  return (
    bloom(120, 84, 22) +
    bloom(164, 58, 26) +
    bloom(208, 92, 20) +
    k.solid(d, k.main, { pattern: true }) +
    fill(oval(160, 130, k.kind === 2 ? 13 : 26, 4), k.main.deep, 0.6)
  );
};

const cloche: Shape = (k) =>
  k.solid(block(56, 240, 208, 24, 8, 12), k.kind === 1 ? wood : k.main) +
  (k.kind === 1
    ? k.solid('M80 240C72 120 248 120 240 240Z', glass) +
      k.solid(block(112, 196, 96, 44, 18, 4), wood) +
      stroke('M104 214C108 176 124 160 140 154', '#ffffff', 6)
    : k.solid(block(82, 168, 156, 74, 24, 4), k.main, { pattern: true })) +
  fill(oval(160, k.kind === 1 ? 140 : 160, 15, 12), k.accent.base);

export const tableShapes: Record<string, Shape> = {
  plate,
  bowl,
  nested,
  tumbler,
  stem,
  cutlery,
  stand,
  vase,
  cloche,
};
