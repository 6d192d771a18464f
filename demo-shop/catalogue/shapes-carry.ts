import { block, brass, cream, fill, ink, oval, type Shape, stroke, times } from './pen.ts';

const backpack: Shape = (k) =>
  stroke('M142 66C142 40 178 40 178 66', k.main.deep, 8) +
  (k.kind === 1
    ? k.solid(block(88, 88, 144, 176, 12, 24), k.main, { pattern: true }) +
      k.solid(block(94, 58, 132, 46, 20, 12), k.accent) +
      stroke('M160 60L160 104', k.accent.dark, 3) +
      k.solid(block(104, 176, 112, 70, 8, 16), { ...k.main, base: k.main.dark }) +
      stroke('M126 100L126 180M194 100L194 180', k.accent.dark, 8) +
      fill(block(120, 164, 12, 16, 3), brass.base) +
      fill(block(188, 164, 12, 16, 3), brass.base)
    : k.kind === 2
      ? k.solid(block(70, 180, 28, 70, 10), { ...k.main, base: k.main.dark }) +
        k.solid(block(222, 180, 28, 70, 10), { ...k.main, base: k.main.dark }) +
        k.solid(
          'M92 120C92 70 120 56 160 56C200 56 228 70 228 120L228 236Q228 264 200 264L120 264Q92 264 92 236Z',
          k.main,
          { pattern: true },
        ) +
        k.solid('M92 130C92 78 120 60 160 60C200 60 228 78 228 130Z', k.accent) +
        stroke('M102 178L218 178M102 216L218 216', k.accent.base, 7) +
        fill(block(150, 170, 20, 16, 4), ink.base) +
        fill(block(150, 208, 20, 16, 4), ink.base)
      : k.solid(
          'M88 130C88 76 120 58 160 58C200 58 232 76 232 130L232 238Q232 264 206 264L114 264Q88 264 88 238Z',
          k.main,
          { pattern: true },
        ) +
        stroke('M104 138C104 96 126 78 160 78C194 78 216 96 216 138', k.main.dark, 4) +
        k.solid(block(104, 172, 112, 78, 16), k.accent) +
        stroke('M112 190L208 190', k.accent.deep, 4) +
        fill(block(196, 188, 8, 20, 3), brass.base));

const tote: Shape = (k) =>
  stroke(
    k.kind === 1 ? 'M112 140C112 92 208 92 208 140' : 'M112 136C106 30 214 30 208 136',
    k.accent.base,
    11,
  ) +
  k.solid(
    k.kind === 1
      ? 'M52 132L268 132L250 264L70 264Z'
      : 'M80 122L240 122L248 256Q248 264 240 264L80 264Q72 264 72 256Z',
    k.main,
    { pattern: true },
  ) +
  (k.kind === 2
    ? k.solid(block(74, 214, 172, 50, 0, 8), k.accent) +
      stroke('M112 126L112 214M208 126L208 214', k.accent.base, 11)
    : k.kind === 0
      ? fill(oval(160, 192, 34), cream.base) + k.emblem(160, 192, 24, k.accent.base)
      : fill(block(140, 132, 40, 22, 0, 6), k.accent.base));

const pouch: Shape = (k) =>
  (k.kind === 1
    ? k.solid(block(54, 152, 212, 112, 20, 28), k.main, { pattern: true }) +
      fill(block(62, 172, 196, 8, 4), k.accent.dark) +
      stroke('M56 190C20 186 24 230 58 226', k.accent.base, 10)
    : k.solid('M56 128L264 128L252 250Q250 262 238 262L82 262Q70 262 68 250Z', k.main, {
        pattern: true,
      }) + k.solid(block(50, 116, 220, 18, 8), k.accent)) +
  fill(block(214, k.kind === 1 ? 170 : 118, 30, 12, 4), brass.base) +
  stroke(k.kind === 1 ? 'M240 178L250 206' : 'M240 126L252 158', brass.dark, 5);

const messenger: Shape = (k) =>
  stroke('M70 156C76 30 244 30 250 156', k.accent.base, 11) +
  k.solid(block(58, 146, 204, 118, 10, 16), { ...k.main, base: k.main.dark }) +
  (k.kind === 1
    ? k.solid('M58 146L262 146L262 184C240 232 80 232 58 184Z', k.main, { pattern: true }) +
      fill(oval(160, 214, 10), brass.base)
    : k.solid(block(52, 138, 216, 92, 10, 18), k.main, { pattern: true }) +
      stroke('M102 196L102 244M218 196L218 244', k.accent.base, 11) +
      fill(block(93, 228, 18, 18, 4), brass.base) +
      fill(block(209, 228, 18, 18, 4), brass.base));

const duffel: Shape = (k) =>
  stroke('M112 190C112 94 208 94 208 190', k.accent.base, 10) +
  k.solid(
    'M46 176Q46 146 76 146L244 146Q274 146 274 176L274 240Q274 264 250 264L70 264Q46 264 46 240Z',
    k.main,
    { pattern: true },
  ) +
  k.solid(block(46, 150, 40, 114, 26, 20), k.accent) +
  k.solid(block(234, 150, 40, 114, 26, 20), k.accent) +
  stroke('M96 158L224 158', k.main.deep, 4) +
  stroke('M112 186L112 262M208 186L208 262', k.accent.base, 10);

const wallet: Shape = (k) =>
  (k.kind === 1
    ? k.solid(block(84, 92, 148, 60, 8), cream, { shade: false }) +
      k.solid(block(90, 108, 136, 50, 8), k.accent, { shade: false })
    : '') +
  k.solid(block(58, 116, 204, 136, 14), k.main, { pattern: true, shade: false }) +
  stroke(block(66, 124, 188, 120, 9), k.main.light, 2.4) +
  (k.kind === 1
    ? fill('M58 168Q160 190 262 168L262 176Q160 198 58 176Z', k.main.dark)
    : k.solid(block(206, 164, 66, 40, 16), { ...k.main, base: k.main.dark }) +
      fill(oval(226, 184, 8), brass.base));

const sleeve: Shape = (k) =>
  k.solid(block(84, 62, 152, 202, 10), k.main, { pattern: true }) +
  k.solid('M84 72Q84 62 94 62L226 62Q236 62 236 72L236 104Q160 156 84 104Z', k.accent) +
  fill(oval(160, 122, 9), brass.base) +
  stroke('M94 250L226 250', k.main.light, 2.4);

const net: Shape = (k) =>
  stroke('M110 138C104 30 216 30 210 138', k.main.dark, 9) +
  fill(oval(126, 176, 31), '#e08a3c') +
  fill(oval(188, 184, 33), '#b8c95a') +
  fill(oval(156, 226, 34), '#cf4f3f') +
  k
    .solid(
      'M90 132L230 132C262 180 250 264 160 264C70 264 58 180 90 132Z',
      { ...k.main, base: k.main.base },
      { shade: false },
    )
    .replace('<path ', '<path fill-opacity="0.18" ') +
  times(6, (i) =>
    stroke(
      `M${94 + i * 26} 134Q${60 + i * 44} 200 ${108 + i * 21} ${252 - Math.abs(i - 2.5) * -1}`,
      k.main.base,
      3.4,
    ),
  ) +
  times(4, (i) =>
    stroke(
      `M${82 - i * 3 + (i > 2 ? 16 : 0)} ${154 + i * 27}Q160 ${182 + i * 28} ${
        238 + i * 3 - (i > 2 ? 16 : 0)
      } ${154 + i * 27}`,
      k.main.base,
      3.4,
    ),
  ) +
  k.solid(block(86, 126, 148, 13, 6), k.main);

const sack: Shape = (k) =>
  k.kind === 1
    ? k.solid(block(100, 104, 120, 160, 6, 26), k.main, { pattern: true }) +
      k.solid('M112 66L208 66L220 108L100 108Z', { ...k.main, base: k.main.light }) +
      fill(block(106, 60, 108, 14, 6), ink.base) +
      stroke('M106 66C80 80 84 110 104 112M214 66C240 80 236 110 216 112', ink.base, 7) +
      k.emblem(160, 184, 26, k.accent.base)
    : k.solid('M104 110C76 160 74 264 110 264L210 264C246 264 244 160 216 110Z', k.main, {
        pattern: true,
      }) +
      k.solid(
        'M108 112C92 84 108 70 124 74Q142 66 160 74Q178 66 196 74C212 70 228 84 212 112Z',
        { ...k.main, base: k.main.light },
        { shade: false },
      ) +
      stroke('M102 112L218 112', k.accent.base, 8) +
      stroke('M200 114C232 130 226 168 238 184M190 114C204 140 198 166 206 186', k.accent.base, 5);

const belt: Shape = (k) =>
  stroke('M72 172C22 120 60 70 160 70C260 70 298 120 248 172', k.accent.base, 13) +
  k.solid(
    'M58 170Q58 152 78 152L242 152Q262 152 262 170C262 224 236 252 204 252L116 252C84 252 58 224 58 170Z',
    k.main,
    { pattern: true },
  ) +
  stroke('M80 178L240 178', k.accent.dark, 6) +
  fill(block(222, 172, 26, 11, 4), brass.base) +
  fill(block(148, 62, 26, 18, 4), ink.base);

export const carryShapes: Record<string, Shape> = {
  backpack,
  tote,
  pouch,
  messenger,
  duffel,
  wallet,
  sleeve,
  net,
  sack,
  belt,
};
