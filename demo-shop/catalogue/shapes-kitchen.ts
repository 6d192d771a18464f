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
  taper,
  times,
  wood,
} from './pen.ts';

const knife: Shape = (k) => {
  const blade =
    [
      'M36 152C66 132 120 128 192 130L192 172C120 176 70 172 36 152Z',
      'M86 156C104 142 140 138 186 138L186 170C140 170 108 166 86 156Z',
      'M28 142L192 134L192 172L40 172Q28 160 28 142Z',
    ][k.kind] ?? '';
  const edge =
    [
      'M36 152C70 172 120 176 192 172L192 164C130 168 80 164 36 152Z',
      'M86 156C108 166 140 170 186 170L186 163C140 164 110 162 86 156Z',
      'M40 172L50 166L60 172L70 166L80 172L90 166L100 172L110 166L120 172L130 166L140 172L150 166L160 172L170 166L180 172L192 166L192 176L40 176Z',
    ][k.kind] ?? '';
  return (
    k.solid(blade, steel, { shade: false }) +
    fill(edge, k.kind === 2 ? steel.dark : steel.pale) +
    k.solid(block(188, 126, 16, 50, 4), k.accent) +
    k.solid('M202 132L276 132Q292 134 292 152Q292 170 276 172Q240 164 202 172Z', k.main, {
      pattern: true,
      shade: false,
    }) +
    times(3, (i) => fill(oval(220 + i * 26, 151, 4), brass.light))
  );
};

const board: Shape = (k) => {
  if (k.kind === 1) {
    return (
      k.solid(block(56, 92, 208, 150, 16), k.main, { shade: false }) +
      times(6, (i) =>
        times(4, (j) =>
          (i + j) % 2 ? fill(block(62 + i * 33, 98 + j * 34.6, 31, 33, 3), k.main.dark, 0.45) : '',
        ),
      ) +
      fill(block(56, 234, 208, 14, 4, 12), k.main.deep)
    );
  }
  return (
    k.solid(block(138, 52, 44, 70, 20, 4), k.main) +
    k.solid(k.kind === 2 ? oval(160, 178, 84) : block(92, 104, 136, 160, 26), k.main, {
      pattern: true,
      shade: false,
    }) +
    fill(oval(160, 74, 8), k.main.deep) +
    stroke(
      k.kind === 2
        ? 'M96 160Q160 144 224 160M92 192Q160 204 228 188'
        : 'M116 128Q122 190 116 248M150 122Q160 180 150 250M190 124Q182 190 196 246',
      k.main.dark,
      2.4,
    )
  );
};

const pan: Shape = (k) =>
  k.kind === 1
    ? k.solid(block(226, 178, 80, 17, 8), k.accent) +
      k.solid(block(66, 168, 164, 96, 4, 26), k.main, { pattern: true }) +
      k.solid('M70 166C76 132 220 132 226 166Z', k.main, { shade: false }) +
      k.solid(block(60, 160, 176, 14, 7), k.main) +
      fill(oval(148, 134, 14, 10), k.accent.base)
    : k.solid(block(222, 146, 76, 26, 13), k.kind === 2 ? wood : k.main) +
      fill(oval(284, 159, 5), k.main.deep) +
      k.solid(oval(134, 160, 104), k.main, { shade: false }) +
      fill(oval(134, 160, 88), k.main.deep) +
      fill(oval(134, 163, 82), k.main.dark) +
      stroke('M78 140C90 104 130 96 152 98', k.main.light, 5) +
      (k.kind === 2 ? fill(oval(134, 160, 40), k.main.deep, 0.35) : '');

const casserole: Shape = (k) =>
  stroke('M72 190C40 184 40 214 74 212M248 190C280 184 280 214 246 212', k.main.dark, 13) +
  k.solid(block(68, 168, 184, 96, 4, 34), k.main, { pattern: true }) +
  k.solid('M72 162C84 118 236 118 248 162Z', k.main, { shade: false }) +
  k.solid(block(60, 158, 200, 16, 8), k.main) +
  fill(block(148, 112, 24, 18, 8), k.accent.base) +
  fill('M92 150C104 132 130 128 150 128L148 134C130 136 110 142 100 152Z', k.main.pale, 0.7);

const utensils: Shape = (k) =>
  stroke('M124 200L106 96', wood.base, 11) +
  fill(oval(103, 82, 18, 27), wood.base) +
  fill(oval(103, 80, 11, 18), wood.dark, 0.5) +
  stroke('M160 200L162 84', wood.dark, 11) +
  fill(block(142, 46, 40, 58, 16, 8), wood.dark) +
  fill(block(150, 58, 5, 34, 2), wood.deep) +
  fill(block(168, 58, 5, 34, 2), wood.deep) +
  stroke('M194 200L216 100', wood.light, 11) +
  (k.kind === 1
    ? times(4, (i) =>
        stroke(
          `M216 106C${188 + i * 8} 84 ${198 + i * 16} 52 ${214 + i * 5} 44C${
            232 + i * 8
          } 60 ${226 + i * 5} 92 216 106`,
          steel.dark,
          2.6,
        ),
      )
    : fill('M198 60Q222 40 244 66L228 110L206 104Z', wood.light)) +
  k.solid(taper(160, 164, 52, 100, 46, 12), k.main, { pattern: true }) +
  fill(oval(160, 164, 52, 7), k.main.pale, 0.7);

const mortar: Shape = (k) =>
  '<g transform="rotate(28 196 120)">' +
  k.solid(block(184, 56, 26, 130, 13), k.accent) +
  '</g>' +
  k.solid(
    'M76 156L244 156C244 204 214 238 200 242L214 264L106 264L120 242C106 238 76 204 76 156Z',
    k.main,
    { pattern: true },
  ) +
  fill(oval(160, 156, 84, 13), k.main.pale) +
  fill(oval(160, 158, 72, 9), k.main.deep) +
  '<g transform="rotate(28 196 120)">' +
  fill(block(184, 100, 26, 58, 6), k.accent.base) +
  fill(block(202, 100, 8, 58, 3), k.accent.dark) +
  '</g>';

const pin: Shape = (k) =>
  (k.kind === 1
    ? k.solid(
        'M28 160Q36 140 90 138L230 138Q284 140 292 160Q284 180 230 182L90 182Q36 180 28 160Z',
        k.main,
      )
    : k.solid(block(26, 148, 56, 24, 12), k.accent) +
      k.solid(block(238, 148, 56, 24, 12), k.accent) +
      k.solid(block(70, 132, 180, 56, 12), k.main, { shade: false })) +
  fill(block(88, 142, 144, 8, 4), k.main.pale, 0.7) +
  fill(block(84, 172, 152, 9, 4), k.main.dark, 0.6);

const grater: Shape = (k) =>
  stroke('M132 80C132 44 188 44 188 80', k.accent.base, 12) +
  k.solid(taper(160, 78, 42, 186, 66, 4), k.main) +
  times(6, (row) =>
    times(5, (i) =>
      fill(
        oval(160 + (i - 2) * (16 + row * 1.4) + (row % 2) * 4, 112 + row * 23, 4.6, 3),
        k.main.deep,
      ),
    ),
  ) +
  k.solid(block(90, 254, 140, 12, 5), k.accent);

const mill: Shape = (k) =>
  k.solid(
    'M134 104C132 150 148 160 142 184C136 210 124 224 124 250Q124 264 138 264L182 264Q196 264 196 250C196 224 184 210 178 184C172 160 188 150 186 104Z',
    k.main,
    { pattern: true },
  ) +
  k.solid(oval(160, 82, 32, 29), k.main) +
  fill(block(132, 102, 56, 9, 4), k.accent.base) +
  fill(oval(160, 50, 9), k.accent.base);

const apron: Shape = (k) =>
  stroke('M124 84C122 38 198 38 196 84', k.accent.base, 7) +
  stroke('M98 156L52 176M222 156L268 176', k.accent.base, 7) +
  k.solid(
    'M118 80L202 80C206 120 214 140 236 150L244 264L76 264L84 150C106 140 114 120 118 80Z',
    k.main,
    { pattern: true },
  ) +
  k.solid(block(112, 186, 96, 52, 4, 12), { ...k.main, base: k.main.light }, { shade: false }) +
  stroke('M114 196L206 196', k.accent.base, 3);

const glove: Shape = (k) => {
  if (k.kind === 1) {
    const hand = (x: number): string =>
      k.solid(
        `M${x} 252L${x} 178C${x - 26} 166 ${x - 28} 136 ${x - 14} 134C${x - 6} 134 ${x} 150 ${
          x + 6
        } 152L${x + 4} 96Q${x + 12} 84 ${x + 20} 96L${x + 24} 142L${x + 26} 80Q${x + 34} 70 ${
          x + 42
        } 80L${x + 44} 142L${x + 50} 88Q${x + 58} 78 ${x + 65} 90L${x + 64} 146L${x + 72} 110Q${
          x + 80
        } 104 ${x + 84} 114L${x + 78} 190L${x + 76} 252Z`,
        k.main,
        { pattern: true },
      ) + k.solid(block(x - 4, 226, 84, 38, 5), k.accent);
    return hand(70) + hand(176);
  }
  return (
    k.solid(
      'M112 246L104 128C104 76 200 70 204 128L204 150C214 132 240 128 246 142C254 166 222 190 208 206L204 246Z',
      k.main,
      { pattern: true },
    ) +
    k.solid(block(104, 230, 108, 34, 8), k.accent) +
    stroke('M116 120C120 92 160 84 176 92', k.main.pale, 4)
  );
};

const loaf: Shape = (k) =>
  k.solid('M52 188L268 188L250 256Q248 264 238 264L82 264Q72 264 70 256Z', k.main, {
    pattern: true,
  }) +
  k.solid(block(44, 178, 232, 16, 8), k.main) +
  (k.kind === 1
    ? ''
    : k.solid(
        'M72 178C62 122 118 128 120 136C132 116 188 116 200 136C206 126 258 124 248 178Z',
        wood,
      ) + stroke('M112 156L126 142M152 150L166 136M194 152L208 140', cream.base, 5)) +
  fill(block(96, 214, 128, 5, 2), ink.base, 0.15);

const shears: Shape = (k) =>
  k.solid('M150 150C130 110 128 70 146 44C160 80 168 120 170 146Z', steel) +
  k.solid('M170 150C190 110 192 84 182 56C160 84 152 120 152 146Z', {
    ...steel,
    base: steel.dark,
  }) +
  stroke('M150 156C128 184 116 222 112 262', k.main.base, 20) +
  stroke('M172 156C194 184 206 222 208 258', k.main.dark, 20) +
  k.solid(oval(161, 150, 17), k.accent) +
  fill(oval(161, 150, 6), steel.pale);

export const kitchenShapes: Record<string, Shape> = {
  knife,
  board,
  pan,
  casserole,
  utensils,
  mortar,
  pin,
  grater,
  mill,
  apron,
  glove,
  loaf,
  shears,
};
