/** Times by name, and their medians. */

export type Times = Record<string, number[]>;

export function note(times: Times, name: string, value: number): void {
  times[name] ??= [];
  times[name].push(value);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('values must not be empty');
  return (lower + upper) / 2;
}

/** The median of every name. */
export function medians(times: Times): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}
