/** Consent, budget, events and charges as the database tests use them. */
import type { ShopEvent } from '../../sdk/capture/event.ts';
import type { ChargeRequest, Database, MetaValues } from '../../sdk/database/database.ts';
import { gaussianCurve, gaussianOrder } from '../../shared/privacy/curve.ts';

export const CONSENT: MetaValues['consent'] = { personalise: true, contribute: true };

/** A budget at the order that suits Gaussian noise. */
export function budgetOf(epsilon: number, delta = 1e-6): MetaValues['budget'] {
  return { epsilon, delta, order: gaussianOrder(epsilon, delta) };
}

export const BUDGET = budgetOf(12);
export const SIGMA = 1.3;
export const HOUR = 3_600_000;
export const RETENTION = { maxEvents: 100, maxAgeMs: 1000 * HOUR };

export const hashOf = (text: string): string => text.padEnd(64, '0');

export function shopEvent(atMs: number, id = `item-${atMs}`): ShopEvent {
  return { name: 'view_item', atMs, session: 1, items: [{ id, quantity: 1 }] };
}

/** A charge of round `round`; reportId is as unique as the name. */
export function chargeRequest(round: number, change: Partial<ChargeRequest> = {}): ChargeRequest {
  return {
    entry: {
      taskHash: hashOf('a'),
      taskName: 'wide',
      roundHash: hashOf(`b${round}`),
      round,
      reportId: `report-${round}`,
      epsilon: 4,
      delta: 1e-6,
      curve: gaussianCurve(SIGMA),
      bytes: 3,
      statement: 'Three bytes, in confidence.',
    },
    report: { body: new Uint8Array([1, 2, round]), sendAtMs: 10, deadlineMs: 20 },
    nowMs: 1_000_000 + round,
    participations: 3,
    separationMs: 0,
    ...change,
  };
}

export async function consented(db: Database): Promise<Database> {
  await db.setMeta('consent', CONSENT);
  await db.setMeta('budget', BUDGET);
  return db;
}
