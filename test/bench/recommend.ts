/**
 * Bench `recommend`: milliseconds of one call for 10,000 items and a history of ten, where each
 * call comes after one new event. `firstMs` is the first call of a page, columns and all.
 */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { Recommender } from '../../sdk/recommend/recommender.ts';
import { decodeCatalogue } from '../../shared/model/codec.ts';
import { syntheticCatalogue } from './synthetic.ts';

const ITEMS = 10_000;
const HISTORY = 10;

export async function run(options: { quick: boolean }): Promise<Record<string, unknown>> {
  const { bytes, catalogue: made } = await syntheticCatalogue({ items: ITEMS });
  const calls = options.quick ? 20 : 300;
  const view = (i: number): ShopEvent => ({
    name: 'view_item',
    atMs: i * 1000,
    session: 1,
    // A stride prime to the catalogue's size: no item comes twice.
    items: [{ id: `item-${(i * 7919) % ITEMS}`, quantity: 1 }],
  });
  const decodeStart = performance.now();
  const catalogue = decodeCatalogue(bytes, made.hash);
  const decodeMs = performance.now() - decodeStart;

  const events = Array.from({ length: HISTORY }, (_, i) => view(i));
  const firstStart = performance.now();
  const recommender = new Recommender(catalogue);
  recommender.recommend(events);
  const firstMs = performance.now() - firstStart;

  const times: number[] = [];
  for (let call = 0; call < calls; call++) {
    events.push(view(HISTORY + call));
    const start = performance.now();
    const result = recommender.recommend(events);
    times.push(performance.now() - start);
    if (result.items.length !== 12) throw new Error('recommend returned a short page');
  }
  times.sort((a, b) => a - b);
  const quantile = (q: number): number => times[Math.floor(q * (times.length - 1))] as number;
  return {
    items: ITEMS,
    history: HISTORY,
    calls,
    catalogueBytes: bytes.length,
    decodeMs,
    firstMs,
    medianMs: quantile(0.5),
    p95Ms: quantile(0.95),
  };
}
