/**
 * From navigation to a filled shelf on the second page of a multi-page shop, without network: the
 * tag starts anew on every page and answers from what the first one stored.
 */
import { afterCold, type ColdPage, coldShop } from './cold-shop.ts';
import type { BenchOptions, BenchResults } from './contract.ts';

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

async function times(page: ColdPage, runs: number): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < runs; i++) all.push(await page.second());
  return all.sort((a, b) => a - b);
}

/** p50Ms and p95Ms are those of the 240 goods; the 10,000 stand under `items10000`. */
export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const runs = quick ? 2 : 25;
  const measured: Record<string, { p50Ms: number; p95Ms: number; requests: number }> = {};
  for (const items of quick ? [240] : [240, 10_000]) {
    const page = await coldShop(items);
    try {
      const sorted = await times(page, runs);
      measured[`items${items}`] = {
        p50Ms: quantile(sorted, 0.5),
        p95Ms: quantile(sorted, 0.95),
        requests: page.requests(),
      };
    } finally {
      await afterCold(page);
    }
  }
  const { items240, ...others } = measured;
  return { ...(items240 ?? {}), runs, ...others };
}
