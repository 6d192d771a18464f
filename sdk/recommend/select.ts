/** The best of many scores without sorting them all by a comparison function. */

/**
 * Indices of the `count` highest scores among those that `allowed` admits, best first, ties to
 * the lower index.
 */
export function selectTop(
  scores: Float32Array,
  count: number,
  allowed: (item: number) => boolean,
): number[] {
  const candidates: number[] = [];
  for (let item = 0; item < scores.length; item++) if (allowed(item)) candidates.push(item);
  if (count <= 0) return [];
  const score = (item: number): number => scores[item] as number;
  let threshold = -Infinity;
  if (candidates.length > count) {
    // Typed arrays sort by number natively, several times as fast as by a function.
    const sorted = Float32Array.from(candidates, score).sort();
    threshold = sorted[sorted.length - count] as number;
  }
  return candidates
    .filter((item) => score(item) >= threshold)
    .sort((a, b) => score(b) - score(a) || a - b)
    .slice(0, count);
}
