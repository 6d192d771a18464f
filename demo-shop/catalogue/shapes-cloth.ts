import { block, brass, cream, fill, oval, type Shape, stroke, times, tones, wood } from './pen.ts';

const folded: Shape = (k) => {
  const layers = k.kind === 1 ? 3 : k.kind === 2 ? 1 : 2;
  const h = layers === 1 ? 92 : layers === 2 ? 62 : 46;
  const hues = [k.main, k.kind === 1 ? k.accent : k.main, k.extra];
  return (
    times(layers, (i) => {
      const y = 264 - (i + 1) * h;
      const hue = hues[i] ?? k.main;
      return (
        k.solid(block(58 + i * 5, y, 204 - i * 10, h, 22, 8), hue, { pattern: hue === k.main }) +
        stroke(`M${74 + i * 5} ${y + h * 0.52}L${246 - i * 5} ${y + h * 0.52}`, hue.dark, 3) +
        fill(oval(250 - i * 5, y + h * 0.52, 9, h * 0.36), hue.light, 0.6)
      );
    }) +
    (k.kind === 2
      ? fill(block(140, 172, 40, 92, 3), k.accent.base) + k.emblem(160, 218, 14, cream.base)
      : '') +
    (k.kind === 0
      ? times(9, (i) => stroke(`M${84 + i * 18} 262L${82 + i * 18} 274`, k.main.dark, 4))
      : '')
  );
};

const cushion: Shape = (k) =>
  k.kind === 1
    ? k.solid(
        'M34 176Q34 150 60 150Q160 136 260 150Q286 150 286 176L286 236Q286 262 260 260Q160 272 60 260Q34 262 34 236Z',
        k.main,
        { pattern: true },
      )
    : k.kind === 2
      ? k.solid(oval(160, 166, 100, 98), k.main, { pattern: true }) +
        times(
          12,
          (i) =>
            `<g transform="rotate(${i * 30} 160 166)">${stroke('M160 152L160 80', k.main.dark, 2.4)}</g>`,
        ) +
        fill(oval(160, 166, 13), k.accent.base)
      : k.solid(
          'M70 78Q160 96 250 78Q262 76 260 90Q244 170 260 250Q262 266 248 263Q160 248 72 263Q58 266 60 250Q76 170 60 90Q58 74 70 78Z',
          k.main,
          { pattern: true },
        );

const rug: Shape = (k) =>
  k.kind === 1
    ? k.solid(oval(160, 206, 134, 56), k.main, { pattern: true, shade: false }) +
      stroke(oval(160, 206, 122, 48), k.accent.base, 5) +
      stroke(oval(160, 206, 84, 30), k.accent.base, 4)
    : times(14, (i) =>
        stroke(
          `M50 ${88 + i * 12}L36 ${88 + i * 12}M270 ${88 + i * 12}L284 ${88 + i * 12}`,
          cream.dark,
          4,
        ),
      ) +
      k.solid(block(46, 78, 228, 176, 5), k.main, { pattern: true, shade: false }) +
      stroke(block(62, 94, 196, 144, 3), k.accent.base, 5) +
      (k.kind === 2
        ? k.solid('M160 112L226 166L160 220L94 166Z', k.accent, { shade: false }) +
          fill('M160 138L192 166L160 194L128 166Z', k.main.pale)
        : '');

const hanging: Shape = (k) =>
  stroke('M50 70L270 70', k.kind === 1 ? wood.base : brass.base, 9) +
  fill(oval(50, 70, 9), brass.dark) +
  fill(oval(270, 70, 9), brass.dark) +
  (k.kind === 1
    ? k.solid('M74 66L150 66Q142 150 154 262L66 262Q82 150 74 66Z', k.main, { pattern: true }) +
      k.solid('M170 66L246 66Q238 150 254 262L166 262Q178 150 170 66Z', k.main, { pattern: true })
    : k.solid('M92 66L228 66L230 236L90 236Z', k.main, { pattern: true }) +
      fill('M92 66L228 66L228 84L92 84Z', k.main.light) +
      times(12, (i) => stroke(`M${96 + i * 11.6} 236L${96 + i * 11.6} 246`, k.main.dark, 3)));

const slippers: Shape = (k) => {
  const one = (x: number): string =>
    k.solid(
      `M${x} 86C${x + 46} 80 ${x + 50} 140 ${x + 40} 190C${x + 42} 240 ${x + 34} 262 ${x} 262C${
        x - 34
      } 262 ${x - 42} 240 ${x - 40} 190C${x - 50} 140 ${x - 46} 80 ${x} 86Z`,
      k.accent,
      { shade: false },
    ) +
    fill(oval(x, 214, 27, 34), k.accent.light) +
    k.solid(
      `M${x - 45} 158C${x - 52} 96 ${x - 28} 78 ${x} 78C${x + 28} 78 ${x + 52} 96 ${x + 45} 158Q${x} 182 ${
        x - 45
      } 158Z`,
      k.main,
      { pattern: true },
    ) +
    stroke(`M${x - 44} 160Q${x} 182 ${x + 44} 160`, cream.base, 7);
  return one(104) + one(216);
};

const pouf: Shape = (k) =>
  k.solid(
    'M64 204C64 158 96 146 160 146C224 146 256 158 256 204C256 250 226 264 160 264C94 264 64 250 64 204Z',
    k.main,
    { pattern: true },
  ) +
  times(5, (i) => stroke(`M160 150Q${72 + i * 44} 176 ${88 + i * 36} 262`, k.main.dark, 3)) +
  fill(oval(160, 150, 22, 6), k.accent.base);

const hotbottle: Shape = (k) =>
  k.solid(block(140, 42, 40, 30, 8, 2), k.accent) +
  k.solid(
    'M136 66L184 66L180 102C222 106 232 128 232 160L232 226Q232 262 198 262L122 262Q88 262 88 226L88 160C88 128 98 106 140 102Z',
    k.main,
    { pattern: true },
  ) +
  fill(block(130, 84, 60, 16, 7), k.accent.base) +
  stroke('M150 102L140 132M170 102L182 136', k.accent.base, 4);

const rolled: Shape = (k) =>
  k.solid(block(62, 176, 196, 88, 40), k.main, { pattern: true }) +
  k.solid(oval(84, 220, 44), { ...k.main, base: k.main.light }, { shade: false }) +
  stroke(oval(84, 220, 32), k.main.dark, 3) +
  stroke(oval(84, 220, 19), k.main.dark, 3) +
  fill(oval(84, 220, 6), k.main.dark) +
  fill(block(150, 174, 13, 92, 3), k.accent.base) +
  fill(block(214, 174, 13, 92, 3), k.accent.base) +
  (k.kind === 1 ? stroke('M156 176C158 122 218 122 220 176', k.accent.dark, 8) : '');

const socks: Shape = (k) => {
  const one = (x: number, y: number): string =>
    k.solid(
      `M${x} ${y}L${x + 56} ${y}L${x + 56} ${y + 92}C${x + 60} ${y + 116} ${x + 104} ${y + 112} ${
        x + 104
      } ${y + 140}C${x + 104} ${y + 160} ${x + 84} ${y + 164} ${x + 60} ${y + 158}C${x + 20} ${
        y + 150
      } ${x} ${y + 128} ${x} ${y + 96}Z`,
      k.main,
      { pattern: true, shade: false },
    ) +
    fill(block(x - 3, y - 4, 62, 26, 6), k.accent.base) +
    fill(
      `M${x + 104} ${y + 140}C${x + 104} ${y + 160} ${x + 84} ${y + 164} ${x + 70} ${y + 160}C${
        x + 76
      } ${y + 140} ${x + 84} ${y + 124} ${x + 92} ${y + 120}Q${x + 104} ${y + 126} ${x + 104} ${
        y + 140
      }Z`,
      k.accent.base,
    );
  return one(62, 66) + one(144, 92);
};

const cap: Shape = (k) =>
  k.kind === 1
    ? k.solid('M82 216C74 110 120 84 160 84C200 84 246 110 238 216Z', k.main, { pattern: true }) +
      times(6, (i) =>
        stroke(`M${104 + i * 22} 206Q${112 + i * 19} 130 ${140 + i * 8} 92`, k.main.dark, 2.4),
      ) +
      k.solid(block(72, 204, 176, 44, 16), k.accent) +
      k.solid(oval(160, 76, 24), k.accent, { shade: false })
    : k.solid('M80 208C74 124 120 100 160 100C208 100 244 130 240 208Z', k.main, {
        pattern: true,
      }) +
      k.solid('M60 206C40 206 20 226 22 236C60 222 190 216 240 216L240 202Z', k.accent, {
        shade: false,
      }) +
      stroke('M160 104C140 130 134 170 134 204M162 104C190 130 196 170 196 204', k.main.dark, 3) +
      fill(oval(160, 100, 9, 6), k.accent.base);

const blind: Shape = (k) =>
  k.solid(block(50, 56, 220, 16, 7), wood) +
  k.solid(block(60, 68, 200, 176, 2), k.main, { pattern: true }) +
  k.solid(block(56, 236, 208, 12, 5), tones('#a9794a')) +
  stroke('M236 70L236 268', k.accent.base, 3) +
  fill(oval(236, 270, 5, 8), k.accent.dark);

export const clothShapes: Record<string, Shape> = {
  folded,
  cushion,
  rug,
  hanging,
  slippers,
  pouf,
  hotbottle,
  rolled,
  socks,
  cap,
  blind,
};
