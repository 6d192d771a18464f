/**
 * A long answer as texts, each read by a page in less than a frame: the objects of ten thousand
 * events in one message would hold up its thread.
 */

/** Of an array; some 50 kB of text where these are events. */
const PIECE_ITEMS = 250;

/** `[name, value]` as JSON; of arrays as many as they are long, empty ones included. */
export function piecesOf(all: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(all).flatMap(([name, value]) => {
    if (!Array.isArray(value)) return [JSON.stringify([name, value])];
    const count = Math.max(1, Math.ceil(value.length / PIECE_ITEMS));
    return Array.from({ length: count }, (_, i) =>
      JSON.stringify([name, value.slice(i * PIECE_ITEMS, (i + 1) * PIECE_ITEMS)]),
    );
  });
}

/** @param next the piece of that number, or null behind the last */
export async function joined(
  next: (index: number) => Promise<string | null>,
): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (let i = 0; ; i++) {
    const piece = await next(i);
    if (piece === null) return all;
    const [name, value] = JSON.parse(piece) as [string, unknown];
    const before = all[name];
    if (Array.isArray(before)) before.push(...(value as unknown[]));
    else all[name] = value;
  }
}
