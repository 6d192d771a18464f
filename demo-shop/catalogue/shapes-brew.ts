import {
  block,
  brass,
  cream,
  fill,
  glass,
  ink,
  oval,
  type Shape,
  steel,
  stroke,
  taper,
  times,
  wood,
} from './pen.ts';

const mug: Shape = (k) => {
  if (k.kind === 2) {
    return (
      k.solid(taper(160, 128, 62, 136, 46, 16), k.main, { pattern: true }) +
      fill(oval(160, 128, 62, 11), k.main.pale) +
      fill(oval(160, 130, 52, 7), k.main.deep)
    );
  }
  const body =
    k.kind === 1
      ? 'M92 124L206 124L206 186C206 240 186 264 160 264L138 264C112 264 92 240 92 186Z'
      : block(92, 124, 114, 140, 4, 22);
  return (
    stroke('M204 154C258 146 258 222 200 220', k.main.dark, 17) +
    k.solid(body, k.main, { pattern: true }) +
    fill(oval(149, 124, 57, 11), k.main.pale) +
    fill(oval(149, 126, 48, 7.4), '#6a4632')
  );
};

const cup: Shape = (k) => {
  const saucer = k.solid(
    'M64 242L256 242C246 258 226 264 206 264L114 264C94 264 74 258 64 242Z',
    k.kind === 1 ? k.accent : k.main,
  );
  return (
    stroke('M208 176C252 168 250 222 196 220', k.main.dark, 13) +
    saucer +
    k.solid('M98 152L214 152C214 208 196 242 170 242L142 242C116 242 98 208 98 152Z', k.main, {
      pattern: true,
    }) +
    fill(oval(156, 152, 58, 10), k.main.pale) +
    fill(oval(156, 154, 48, 6.6), '#6a4632') +
    fill(oval(160, 242, 96, 7), k.main.light, 0.5)
  );
};

const dripper: Shape = (k) =>
  k.solid(block(120, 182, 80, 82, 4, 26), glass, {}) +
  fill('M124 226L196 226L196 240Q196 260 178 260L142 260Q124 260 124 240Z', '#7b5138', 0.85) +
  stroke('M222 106C262 104 262 146 206 148', k.main.dark, 12) +
  k.solid('M84 84L236 84L188 164L132 164Z', k.main, { pattern: true }) +
  fill(oval(160, 84, 76, 12), k.main.pale) +
  fill('M96 82L224 82L214 68L106 68Z', cream.base) +
  fill(oval(160, 68, 54, 8), cream.dark, 0.35) +
  k.solid(block(106, 162, 108, 14, 7), k.kind === 1 ? wood : k.main) +
  stroke('M160 178L160 216', '#7b5138', 3);

const kettle: Shape = (k) =>
  (k.kind === 1
    ? stroke('M104 226C58 220 74 132 40 112', k.main.dark, 13) +
      stroke('M212 128C276 118 280 216 214 234', k.accent.base, 14)
    : fill('M104 176L48 132L66 120L122 142Z', k.main.dark) +
      stroke('M102 128C104 44 216 44 218 128', k.accent.base, 13)) +
  k.solid(
    'M110 122L210 122C220 170 232 214 226 248Q222 264 206 264L114 264Q98 264 94 248C88 214 100 170 110 122Z',
    k.main,
    { pattern: true },
  ) +
  k.solid('M104 122C110 96 210 96 216 122Z', k.main, { shade: false }) +
  fill(oval(160, 122, 56, 6), k.main.dark) +
  fill(block(148, 82, 24, 20, 10), k.accent.dark);

const grinder: Shape = (k) =>
  stroke('M160 84L238 66', steel.dark, 9) +
  fill(oval(240, 62, 15, 17), wood.dark) +
  (k.kind === 1
    ? k.solid(block(98, 176, 124, 88, 6), wood) +
      fill(block(122, 204, 76, 40, 4), wood.dark) +
      fill(oval(160, 224, 7), brass.base) +
      k.solid('M112 128C112 152 132 176 140 176L180 176C188 176 208 152 208 128Z', k.main) +
      k.solid(taper(160, 92, 22, 38, 48, 4), k.main)
    : k.solid(block(124, 174, 72, 90, 4, 14), k.main, { pattern: true }) +
      k.solid(block(118, 108, 84, 70, 8, 4), k.accent) +
      fill(block(118, 166, 84, 9, 3), steel.light) +
      k.solid(taper(160, 90, 24, 20, 40, 4), steel)) +
  fill(oval(160, 86, 10), steel.deep);

const press: Shape = (k) =>
  stroke('M208 140C262 134 262 238 208 236', k.main.base, 14) +
  k.solid(block(108, 112, 104, 148, 4, 12), glass) +
  fill('M114 158L206 158L206 244Q206 254 196 254L124 254Q114 254 114 244Z', '#6f4732') +
  fill(block(114, 182, 92, 10, 2), steel.dark) +
  stroke('M160 70L160 184', steel.base, 5) +
  k.solid(block(100, 98, 120, 20, 10, 3), k.main) +
  fill(oval(160, 66, 12), k.accent.base) +
  stroke('M110 122L110 252M210 122L210 252', k.main.dark, 6) +
  k.solid(block(100, 250, 120, 14, 4), k.main);

const moka: Shape = (k) =>
  stroke('M206 110C252 106 246 168 234 190', ink.base, 13) +
  fill('M118 118L86 96L114 92Z', k.main.dark) +
  k.solid('M112 96L208 96L190 174L130 174Z', k.main, { pattern: true }) +
  k.solid('M130 186L190 186L214 264L106 264Z', k.main) +
  k.solid(block(124, 172, 72, 16, 4), k.accent) +
  fill('M136 188L124 264L148 264L150 188Z', k.main.light, 0.8) +
  k.solid('M108 98C120 78 200 78 212 98Z', k.main, { shade: false }) +
  fill(block(150, 62, 20, 22, 9), ink.base);

const teapot: Shape = (k) =>
  (k.kind === 1
    ? stroke('M104 150C90 60 230 60 216 150', k.accent.base, 10)
    : stroke('M218 160C286 140 282 238 214 230', k.main.dark, 14)) +
  fill('M104 224C64 224 66 168 34 148L56 140C84 152 92 178 116 178Z', k.main.dark) +
  k.solid(
    'M94 204C94 158 126 140 160 140C194 140 226 158 226 204C226 236 206 264 190 264L130 264C114 264 94 236 94 204Z',
    k.main,
    { pattern: true },
  ) +
  k.solid('M120 146C122 124 198 124 200 146Q160 156 120 146Z', k.main, { shade: false }) +
  fill(oval(160, 120, 10, 9), k.accent.base);

const gaiwan: Shape = (k) =>
  k.solid('M78 244L242 244C232 258 216 264 200 264L120 264C104 264 88 258 78 244Z', k.main) +
  k.solid('M92 164L228 164C222 212 200 244 184 246L136 246C120 244 98 212 92 164Z', k.main, {
    pattern: true,
  }) +
  fill(oval(160, 164, 68, 9), k.main.dark) +
  k.solid('M102 160C112 130 208 130 218 160Q160 172 102 160Z', k.main, { shade: false }) +
  fill('M142 134L178 134L172 118L148 118Z', k.main.dark) +
  stroke('M112 176Q160 188 208 176', k.accent.base, 4);

const whisk: Shape = (k) =>
  k.solid('M70 200L210 200C208 240 188 264 168 264L112 264C92 264 72 240 70 200Z', k.main, {
    pattern: true,
  }) +
  fill(oval(140, 200, 70, 11), k.main.pale) +
  fill(oval(140, 202, 60, 7.4), '#8fae5a') +
  '<g transform="rotate(16 226 190)">' +
  k.solid(block(210, 108, 34, 70, 8), wood) +
  times(7, (i) =>
    stroke(
      `M${214 + i * 4.4} 178C${204 + i * 7.6} 206 ${202 + i * 8} 232 ${206 + i * 7} 258`,
      i % 2 ? wood.base : wood.light,
      4,
    ),
  ) +
  stroke('M210 180L244 180', k.accent.base, 5) +
  '</g>';

const scale: Shape = (k) =>
  k.solid(block(72, 220, 176, 44, 12), k.main) +
  fill(block(90, 232, 62, 20, 5), ink.deep) +
  fill(block(98, 238, 30, 8, 2), k.accent.light) +
  fill(oval(206, 242, 8), k.main.dark) +
  fill(oval(228, 242, 5), k.accent.base) +
  k.solid(block(84, 206, 152, 14, 6), steel) +
  (k.kind === 1
    ? k.solid('M96 150L224 150C222 186 200 206 182 206L138 206C120 206 98 186 96 150Z', cream)
    : k.solid(block(124, 132, 72, 74, 4, 16), glass) +
      fill('M128 168L192 168L192 190Q192 202 180 202L140 202Q128 202 128 190Z', '#7b5138', 0.85));

const pitcher: Shape = (k) => {
  const tall = k.kind === 1;
  return (
    stroke(
      tall ? 'M208 116C270 112 262 220 210 222' : 'M212 146C268 142 262 224 212 224',
      k.kind === 2 ? k.accent.base : k.main.dark,
      14,
    ) +
    fill(tall ? 'M112 100L86 92L114 130Z' : 'M108 130L78 118L108 166Z', k.main.dark) +
    k.solid(
      tall
        ? 'M112 96L208 96C200 136 222 168 222 214Q222 264 190 264L130 264Q98 264 98 214C98 168 120 136 112 96Z'
        : 'M106 124L210 124C212 160 226 182 226 224Q226 264 196 264L122 264Q92 264 92 224C92 182 104 160 106 124Z',
      k.main,
      { pattern: true },
    ) +
    fill(tall ? oval(160, 96, 48, 8) : oval(158, 124, 52, 9), k.main.pale) +
    fill(tall ? oval(160, 98, 40, 5) : oval(158, 126, 44, 5.4), k.main.deep, 0.7)
  );
};

const carafe: Shape = (k) =>
  k.solid(
    k.kind === 1
      ? 'M136 84L184 84L182 128C182 150 226 176 226 220Q226 264 190 264L130 264Q94 264 94 220C94 176 138 150 138 128Z'
      : 'M130 76L190 76C184 120 212 150 212 196L212 244Q212 264 192 264L128 264Q108 264 108 244L108 196C108 150 136 120 130 76Z',
    glass,
  ) +
  fill(
    k.kind === 1
      ? 'M102 204L218 204C222 214 222 222 222 226Q220 258 190 258L130 258Q100 258 98 226C98 222 98 214 102 204Z'
      : 'M114 184L206 184L206 242Q206 258 192 258L128 258Q114 258 114 242Z',
    k.main.base,
    0.85,
  ) +
  (k.kind === 1
    ? k.solid(block(132, 118, 56, 22, 6), k.accent) + fill(block(134, 78, 52, 10, 4), glass.dark)
    : k.solid(block(126, 56, 68, 26, 8, 4), k.accent) +
      fill(block(122, 206, 76, 3, 1), '#ffffff', 0.5));

export const brewShapes: Record<string, Shape> = {
  mug,
  cup,
  dripper,
  kettle,
  grinder,
  press,
  moka,
  teapot,
  gaiwan,
  whisk,
  scale,
  pitcher,
  carafe,
};
