/** A process of simulated shoppers of a data set; the experiment tells it who takes part. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import { Crowd } from './crowd.ts';
import { readDataset } from './dataset.ts';
import type { LedgerPromise } from './ledger-audit.ts';
import { openStreet } from './shopper.ts';

export type Order =
  | {
      readonly kind: 'arrive';
      readonly data: string;
      readonly endpoint: string;
      readonly site: string;
      readonly trust: string;
      readonly taskHash: string;
      /** This process holds the shoppers whose number leaves `part` when divided by `parts`. */
      readonly part: number;
      readonly parts: number;
    }
  | { readonly kind: 'round'; readonly taskHash: string; readonly ids: readonly number[] }
  | { readonly kind: 'audit'; readonly promise: LedgerPromise };

const DAY_MS = 86_400_000;

/** One interaction a day, the last one yesterday: the form has an order and no times. */
function historyOf(items: readonly number[], nowMs: number): ShopEvent[] {
  return items.map((item, at) => ({
    name: 'purchase',
    atMs: nowMs - (items.length - at) * DAY_MS,
    session: at + 1,
    items: [{ id: String(item), quantity: 1 }],
  }));
}

let crowd: Crowd | null = null;

async function obey(order: Order): Promise<unknown> {
  if (order.kind === 'arrive') {
    const { train } = readDataset(order.data);
    const made = new Crowd(await openStreet({ ...order, clock: Date }));
    for (const [id, items] of train.entries()) {
      if (id % order.parts === order.part) await made.arrive(id, historyOf(items, Date.now()));
    }
    await made.prepare(order.taskHash);
    crowd = made;
    return null;
  }
  if (crowd === null) throw new Error('nobody has arrived');
  if (order.kind === 'round') return crowd.round(order.taskHash, order.ids);
  return crowd.audit(order.promise);
}

export type Answer = { readonly answer: unknown } | { readonly error: string };

process.on('message', (order: Order) => {
  void obey(order)
    .then((answer): Answer => ({ answer }))
    .catch(
      (error: unknown): Answer => ({
        error: error instanceof Error ? error.message : String(error),
      }),
    )
    .then((reply) => process.send?.(reply));
});
process.on('disconnect', () => process.exit(0));
