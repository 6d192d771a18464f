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
  tones,
  wood,
} from './pen.ts';

const notebook: Shape = (k) =>
  (k.kind === 2
    ? fill(block(96, 66, 140, 196, 6), cream.dark)
    : fill(block(92, 66, 144, 198, 6), cream.dark) + fill(block(90, 62, 142, 198, 4), cream.base)) +
  k.solid(block(84, 58, 142, 200, k.kind === 1 ? 3 : 9), k.main, { pattern: true, shade: false }) +
  (k.kind === 1
    ? times(9, (i) => stroke(`M76 ${78 + i * 20}L94 ${78 + i * 20}`, steel.dark, 5))
    : fill(block(84, 58, 22, 200, 9), k.main.dark)) +
  (k.kind === 2
    ? fill(block(200, 58, 10, 200), k.accent.base)
    : k.kind === 0
      ? stroke('M184 258L184 282', k.accent.base, 8)
      : '') +
  (k.kind === 3
    ? fill(oval(164, 148, 34), cream.base) + k.emblem(164, 148, 22, k.accent.base)
    : fill(block(124, 96, 68, 40, 4), cream.base) +
      fill(block(136, 108, 44, 4, 2), k.main.dark) +
      fill(block(136, 119, 30, 4, 2), k.main.dark));

const pen: Shape = (k) =>
  k.kind === 1
    ? times(3, (i) => {
        const y = 108 + i * 44;
        const hue = [k.main, k.accent, k.extra][i] ?? k.main;
        return (
          k.solid(block(64, y, 160, 24, 6), hue, { shade: false }) +
          fill(block(64, y + 4, 160, 6, 3), hue.pale, 0.7) +
          fill(`M224 ${y + 2}L252 ${y + 8}L252 ${y + 16}L224 ${y + 22}Z`, hue.dark) +
          fill(block(250, y + 9, 14, 6, 3), ink.base) +
          fill(block(52, y + 5, 16, 14, 4), hue.dark)
        );
      })
    : k.solid('M40 148Q32 160 40 172L186 176L186 144Z', k.main, { pattern: true, shade: false }) +
      fill('M42 150L186 148L186 155L40 156Z', k.main.pale, 0.6) +
      k.solid(block(180, 142, 12, 36, 3), k.accent) +
      fill(block(52, 140, 96, 7, 3), k.accent.base) +
      k.solid(
        'M190 146L232 150L232 170L190 174Z',
        { ...k.main, base: k.main.dark },
        { shade: false },
      ) +
      k.solid('M230 150C256 150 272 156 284 160C272 164 256 170 230 170Z', k.accent, {
        shade: false,
      }) +
      stroke('M252 160L282 160', k.accent.deep, 2);

const pencils: Shape = (k) => {
  const hues = [k.main, k.accent, k.extra, wood, { ...k.main, base: k.main.light }];
  return times(5, (i) => {
    const x = 76 + i * 35;
    const hue = hues[i] ?? k.main;
    return k.turned(
      (i - 2) * 5,
      160,
      300,
      () =>
        k.solid(`M${x} 116L${x + 14} 72L${x + 28} 116Z`, tones('#ecd0a6'), { shade: false }) +
        fill(`M${x + 9} 88L${x + 14} 72L${x + 19} 88Z`, hue.dark) +
        k.solid(block(x, 114, 28, 140, 0, 4), hue, { shade: false }) +
        fill(block(x + 9, 114, 10, 140), hue.light, 0.7) +
        (k.kind === 1
          ? fill(block(x - 1, 160, 30, 60), cream.base)
          : fill(block(x, 232, 28, 8), brass.base)),
    );
  });
};

const tray: Shape = (k) =>
  stroke('M112 200L150 96M208 206L182 110', k.extra.base, 9) +
  fill('M146 110L153 84L158 112Z', wood.light) +
  fill(block(172, 100, 18, 16, 4), k.extra.dark) +
  fill(block(82, 146, 48, 64, 3), cream.base) +
  fill(block(90, 158, 30, 4, 2), cream.dark) +
  k.solid('M44 192L276 192L268 264L52 264Z', k.main, { pattern: true }) +
  k.solid(block(40, 184, 240, 15, 6), { ...k.main, base: k.main.light }) +
  fill('M156 198L164 198L164 264L156 264Z', k.main.dark) +
  (k.kind === 1
    ? fill(oval(104, 230, 9, 6), k.accent.base) + fill(oval(216, 230, 9, 6), k.accent.base)
    : '');

const holder: Shape = (k) =>
  stroke('M132 170L118 78', k.accent.base, 11) +
  fill('M112 84L114 56L126 82Z', wood.light) +
  stroke('M160 170L164 66', wood.base, 11) +
  stroke('M188 170L206 84', k.extra.base, 11) +
  fill(oval(208, 74, 9, 12), k.extra.dark) +
  k.solid(
    k.kind === 1 ? 'M104 152L216 152L204 264L116 264Z' : block(104, 148, 112, 116, 4, 14),
    k.main,
    {
      pattern: true,
    },
  ) +
  fill(oval(160, 150, 56, 8), k.main.pale) +
  fill(oval(160, 151, 48, 5), k.main.deep);

const envelope: Shape = (k) =>
  k.solid(block(98, 68, 128, 150, 3), cream, { shade: false }) +
  times(4, (i) => fill(block(116, 88 + i * 16, 92 - (i % 2) * 24, 4, 2), cream.dark)) +
  k.solid(block(60, 134, 200, 122, 6), k.main, { pattern: true, shade: false }) +
  fill('M62 136L160 206L258 136Q260 134 254 134L66 134Q60 134 62 136Z', k.main.light) +
  stroke('M64 138L160 206L256 138', k.main.dark, 3) +
  fill(oval(160, 204, 18), k.accent.base) +
  k.emblem(160, 204, 10, k.accent.pale);

const tape: Shape = (k) => {
  const one = (x: number, y: number, r: number, hue: typeof k.main): string =>
    k.solid(oval(x, y, r), hue, { pattern: hue === k.main, shade: false }) +
    fill(oval(x, y, r * 0.68), cream.dark) +
    fill(oval(x, y, r * 0.58), cream.deep, 0.35);
  return one(116, 204, 60, k.main) + one(216, 214, 50, k.accent) + one(170, 118, 54, k.extra);
};

const ruler: Shape = (k) =>
  k.solid(block(26, 134, 268, 54, 5), k.main, { shade: false }) +
  times(25, (i) =>
    stroke(`M${40 + i * 10} 136L${40 + i * 10} ${i % 5 ? 148 : 158}`, k.main.deep, 2),
  ) +
  fill(oval(278, 170, 6), k.main.deep) +
  fill(block(40, 172, 90, 5, 2), k.main.light);

const stapler: Shape = (k) =>
  k.solid(block(56, 240, 210, 24, 10), { ...k.main, base: k.main.dark }) +
  fill(block(80, 216, 172, 14, 4), steel.base) +
  k.solid(
    'M58 226L58 196C62 156 120 152 262 182Q274 186 270 202L266 214Q200 206 96 234L70 244Z',
    k.main,
    {
      pattern: true,
    },
  ) +
  fill('M84 184C110 170 170 174 224 184L222 190C170 180 120 180 86 192Z', k.main.pale, 0.8) +
  fill(oval(84, 220, 10), k.accent.base);

const clips: Shape = (k) =>
  times(5, (i) => {
    const x = [92, 146, 204, 116, 180][i] ?? 92;
    const y = [70, 62, 76, 166, 170][i] ?? 70;
    const hue = [k.main, k.accent, k.main, k.extra, k.main][i] ?? k.main;
    return k.turned(((i * 23) % 44) - 20, x + 18, y + 36, () =>
      k.kind === 1
        ? k.solid(
            `M${x - 6} ${y + 34}L${x + 42} ${y + 34}L${x + 36} ${y + 76}L${x} ${y + 76}Z`,
            hue,
            { shade: false },
          ) +
          stroke(oval(x + 8, y + 16, 9, 17), steel.dark, 4) +
          stroke(oval(x + 28, y + 16, 9, 17), steel.dark, 4)
        : k.solid(block(x - 2, y - 2, 40, 84, 20), { ...hue, base: hue.pale }, { shade: false }) +
          stroke(block(x, y, 36, 80, 18), hue.base, 6) +
          stroke(
            `M${x + 12} ${y + 24}L${x + 12} ${y + 58}Q${
              x + 18
            } ${y + 66} ${x + 24} ${y + 58}L${x + 24} ${y + 22}`,
            hue.dark,
            5,
          ),
    );
  });

const bookends: Shape = (k) => {
  const book = (x: number, w: number, h: number, hue: typeof k.main): string =>
    k.solid(block(x, 264 - h, w, h, 3), hue) + fill(block(x, 264 - h + 18, w, 7), hue.pale, 0.8);
  return (
    book(104, 30, 148, k.extra) +
    book(136, 24, 126, k.accent) +
    book(162, 34, 158, cream) +
    book(198, 20, 134, k.extra) +
    (k.kind === 1
      ? k.solid('M104 264L34 264C34 200 62 160 104 152Z', k.main, { pattern: true }) +
        k.solid('M218 264L288 264C288 200 260 160 218 152Z', k.main, { pattern: true })
      : k.solid('M104 264L44 264L44 250L90 250L90 150L104 150Z', k.main) +
        k.solid('M218 264L278 264L278 250L232 250L232 150L218 150Z', k.main))
  );
};

const calendar: Shape = (k) =>
  k.solid('M74 250L246 250L262 264L58 264Z', { ...k.main, base: k.main.dark }, { shade: false }) +
  k.solid(block(66, 82, 188, 172, 6), cream, { shade: false }) +
  k.solid(block(66, 82, 188, 64, 6, 0), k.main, { pattern: true, shade: false }) +
  k.emblem(160, 116, 20, cream.base) +
  times(4, (row) =>
    times(7, (i) =>
      fill(
        oval(84 + i * 25.4, 166 + row * 22, 6),
        row === 2 && i === 3 ? k.accent.base : cream.dark,
      ),
    ),
  ) +
  times(6, (i) => stroke(`M${92 + i * 27} 74L${92 + i * 27} 92`, ink.base, 4));

const mat: Shape = (k) =>
  k.solid(block(30, 92, 260, 148, 12), k.main, { pattern: true, shade: false }) +
  stroke(block(39, 101, 242, 130, 8), k.accent.base, 2.4) +
  fill(block(70, 124, 76, 92, 3), cream.base) +
  times(4, (i) => fill(block(82, 140 + i * 15, 50, 4, 2), cream.dark)) +
  stroke('M176 200L236 136', k.accent.dark, 9) +
  fill('M170 208L174 194L184 204Z', ink.base);

const file: Shape = (k) =>
  times(3, (i) =>
    k.solid(block(112 + i * 26, 66 + i * 10, 60, 150, 2), [cream, k.accent, k.extra][i] ?? cream, {
      shade: false,
    }),
  ) +
  k.solid('M92 96L176 150L228 150L228 264L92 264Z', k.main, { pattern: true }) +
  fill(block(136, 196, 52, 32, 4), cream.base) +
  stroke(oval(162, 246, 8), k.main.deep, 4);

export const deskShapes: Record<string, Shape> = {
  notebook,
  pen,
  pencils,
  tray,
  holder,
  envelope,
  tape,
  ruler,
  stapler,
  clips,
  bookends,
  calendar,
  mat,
  file,
};
