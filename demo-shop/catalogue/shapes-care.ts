import { block, cream, fill, oval, type Shape, steel, stroke, times, tones, wood } from './pen.ts';

const brush: Shape = (k) => {
  const bristles = (x: number, y: number, w: number, h: number): string =>
    k.solid(block(x, y, w, h, 2, 6), tones('#eadbbd'), { shade: false }) +
    times(Math.floor(w / 9), (i) =>
      stroke(`M${x + 5 + i * 9} ${y + 6}L${x + 5 + i * 9} ${y + h - 5}`, '#cdb78f', 2),
    );
  return k.kind === 1
    ? bristles(118, 66, 84, 74) +
        k.solid('M112 136L208 136L196 178L124 178Z', k.accent) +
        k.solid(
          'M136 178L184 178C176 200 196 214 200 240Q202 264 180 264L140 264Q118 264 120 240C124 214 144 200 136 178Z',
          k.main,
        )
    : k.kind === 2
      ? k.solid(block(70, 176, 180, 40, 20), k.main, { pattern: true }) + bristles(80, 214, 160, 50)
      : bristles(32, 176, 128, 40) +
        k.solid(block(22, 138, 150, 44, 22), k.main, { shade: false }) +
        k.solid('M160 146L286 150Q300 160 286 170L160 174Z', k.main, { shade: false }) +
        fill(oval(278, 160, 6), k.main.deep) +
        stroke('M44 150L148 150', k.main.pale, 4);
};

const comb: Shape = (k) =>
  times(16, (i) => fill(block(62 + i * 12.6, 160, 6.6, 62, 1, 3), k.main.dark)) +
  k.solid('M50 172Q48 112 90 108L230 108Q272 112 270 172L270 176L50 176Z', k.main, {
    pattern: true,
    shade: false,
  }) +
  stroke('M72 132Q76 122 92 122L200 122', k.main.pale, 4);

const razor: Shape = (k) =>
  k.solid(block(96, 58, 128, 34, 10), steel, { shade: false }) +
  fill(block(104, 84, 112, 8, 3), steel.deep) +
  fill(block(108, 64, 104, 8, 4), steel.pale) +
  k.solid(block(148, 90, 24, 40, 4), steel) +
  k.solid(block(142, 126, 36, 136, 10, 18), k.main, { pattern: true }) +
  fill(block(142, 144, 36, 6), k.accent.base) +
  fill(block(142, 232, 36, 6), k.accent.base);

const toothbrush: Shape = (k) => {
  const one = (x: number, lean: number, hue: typeof k.main): string =>
    `<g transform="rotate(${lean} 160 264)">` +
    fill(block(x - 20, 58, 18, 48, 4), cream.base) +
    times(4, (i) => fill(block(x - 20, 64 + i * 11, 18, 4), hue.light)) +
    k.solid(block(x - 5, 54, 14, 190, 7), hue, { shade: false }) +
    '</g>';
  return (
    one(150, -14, wood) +
    one(172, 10, k.accent) +
    k.solid(block(112, 164, 96, 100, 8, 18), k.main, { pattern: true }) +
    fill(oval(160, 166, 48, 7), k.main.deep, 0.5)
  );
};

const sponge: Shape = (k) =>
  k.kind === 1
    ? stroke('M160 96C140 50 180 40 176 84', k.accent.base, 6) +
      k.solid(
        'M84 176C80 100 240 100 236 176C240 248 200 262 160 262C120 262 80 248 84 176Z',
        k.main,
      ) +
      times(22, (i) =>
        stroke(
          `M${104 + (i % 6) * 22} ${130 + Math.floor(i / 6) * 32}Q${116 + (i % 6) * 20} ${
            150 + Math.floor(i / 6) * 28
          } ${112 + (i % 6) * 18} ${152 + Math.floor(i / 6) * 30}`,
          k.main.dark,
          4,
        ),
      )
    : k.solid(
        'M62 214C50 176 92 158 116 164C140 140 196 146 206 166C246 160 274 196 256 226C256 262 214 268 184 260C150 272 112 268 98 254C72 256 58 240 62 214Z',
        k.main,
      ) +
      times(17, (i) =>
        fill(
          oval(88 + ((i * 47) % 150), 182 + ((i * 29) % 62), 4 + (i % 3) * 2.4, 3 + (i % 3) * 1.8),
          k.main.dark,
        ),
      );

export const careShapes: Record<string, Shape> = {
  brush,
  comb,
  razor,
  toothbrush,
  sponge,
};
