import { block, cream, fill, ink, oval, type Shape, stroke, times } from './pen.ts';

const puzzle: Shape = (k) => {
  const hues = [k.main, k.accent, k.extra, { ...k.main, base: k.main.light }];
  const hueOf = (i: number): typeof k.main => hues[(i * 7 + (i > 4 ? 1 : 0)) % 4] ?? k.main;
  const spot = (i: number): [number, number] => [64 + (i % 3) * 64, 50 + Math.floor(i / 3) * 64];
  const tile = (i: number): string => {
    const [x, y] = spot(i);
    return (
      k.solid(block(x, y, 62, 62, 5), hueOf(i), { shade: false }) +
      (k.kind === 1 ? k.emblem(x + 36, y + 28, 13, hueOf(i).pale) : '')
    );
  };
  const knobs = (i: number): string => {
    const [x, y] = spot(i);
    return (
      (i % 3 < 2 && i !== 7 ? fill(oval(x + 66, y + 31, 11), hueOf(i).base) : '') +
      (i < 6 && i !== 5 ? fill(oval(x + 31, y + 66, 11), hueOf(i).base) : '')
    );
  };
  return (
    times(8, tile) +
    times(8, knobs) +
    k.turned(
      9,
      236,
      220,
      () =>
        k.solid(block(206, 192, 62, 62, 5), k.main, { shade: false }) +
        fill(oval(204, 223, 11), k.main.base) +
        fill(oval(237, 190, 11), k.main.base),
    )
  );
};

const boardgame: Shape = (k) =>
  k.solid(block(56, 112, 208, 30, 4), { ...k.main, base: k.main.dark }) +
  k.solid(block(50, 126, 220, 138, 6), k.main, { pattern: true }) +
  fill(block(66, 140, 188, 110, 6), k.main.pale, 0.92) +
  k.emblem(112, 196, 34, k.accent.base) +
  fill(block(160, 162, 78, 14, 4), k.accent.dark) +
  fill(block(160, 186, 60, 7, 3), k.main.base) +
  fill(block(160, 200, 70, 7, 3), k.main.base) +
  fill(oval(170, 228, 7), k.accent.base) +
  fill(oval(192, 228, 7), k.extra.base) +
  fill(oval(214, 228, 7), k.main.dark) +
  k.solid(block(196, 78, 36, 36, 7), cream) +
  times(5, (i) =>
    fill(oval([205, 223, 214, 205, 223][i] ?? 205, [87, 87, 96, 105, 105][i] ?? 87, 3), ink.base),
  ) +
  k.solid(
    'M94 114C94 100 102 98 106 92C98 84 102 68 112 68C122 68 126 84 118 92C122 98 130 100 130 114Z',
    k.accent,
  );

const cards: Shape = (k) =>
  times(4, (i) =>
    k.turned(
      -27 + i * 18,
      160,
      300,
      () =>
        k.solid(block(112, 70, 96, 140, 9), i === 3 ? cream : k.main, {
          pattern: i !== 3,
          shade: false,
        }) +
        stroke(block(118, 76, 84, 128, 6), i === 3 ? k.accent.base : k.main.pale, 2.4) +
        (i === 3
          ? k.emblem(160, 140, 30, k.accent.base) +
            k.emblem(132, 92, 9, k.accent.base) +
            k.emblem(188, 188, 9, k.accent.base)
          : ''),
    ),
  ) +
  (k.kind === 1
    ? k.solid(block(98, 218, 124, 46, 6), k.extra) + fill(block(112, 232, 96, 8, 3), k.extra.pale)
    : '');

const domino: Shape = (k) =>
  times(
    5,
    (i) =>
      `<g transform="rotate(${i < 3 ? 0 : (i - 2) * 13} ${70 + i * 46} 264)">` +
      k.solid(
        block(54 + i * 42, 150, 34, 114, 6),
        [k.main, k.accent, k.extra, k.main, k.accent][i] ?? k.main,
      ) +
      stroke(`M${60 + i * 42} 207L${82 + i * 42} 207`, cream.base, 3) +
      fill(oval(71 + i * 42, 178, 6), cream.base) +
      fill(oval(64 + i * 42, 226, 4.4), cream.base) +
      fill(oval(78 + i * 42, 244, 4.4), cream.base) +
      '</g>',
  );

export const gameShapes: Record<string, Shape> = {
  puzzle,
  boardgame,
  cards,
  domino,
};
