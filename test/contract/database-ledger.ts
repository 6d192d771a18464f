/** The ledger's part of the database contract: rules PR13 to PR19 of shared/privacy/SPEC.md. */
import { describe, expect, it } from 'vitest';
import type { ChargeRequest, Database } from '../../sdk/database/database.ts';
import {
  bestOrder,
  epsilonAtOrder,
  epsilonOfCurve,
  gaussianCurve,
  pureCurve,
  scaleCurve,
  zeroCurve,
} from '../../shared/privacy/curve.ts';
import { budgetOf, CONSENT, chargeRequest, HOUR, hashOf, SIGMA } from './database-values.ts';

export function ledgerContract(
  name: string,
  openFresh: () => Promise<Database>,
  openBare: () => Promise<Database>,
): void {
  describe(`${name}: ledger and outbox`, () => {
    it('PR14 stores the charge and the finished bytes together', async () => {
      const db = await openFresh();
      const request = chargeRequest(1);
      const result = await db.charge(request);
      const [entry] = await db.readLedger();
      expect(result).toEqual({ ok: true, entry });
      expect(entry).toMatchObject({ ...request.entry, atMs: request.nowMs });
      expect(await db.readOutbox()).toEqual([
        {
          reportId: 'report-1',
          taskHash: request.entry.taskHash,
          roundHash: request.entry.roundHash,
          ...request.report,
          state: 'waiting',
          attempts: 0,
          last: '',
        },
      ]);
    });

    it('PR14 writes nothing when a check fails, without consent and without a budget too', async () => {
      const db = await openBare();
      expect(await db.charge(chargeRequest(1))).toEqual({ ok: false, reason: 'no-consent' });
      await db.setMeta('consent', { personalise: true, contribute: false });
      expect(await db.charge(chargeRequest(1))).toEqual({ ok: false, reason: 'no-consent' });
      await db.setMeta('consent', CONSENT);
      expect(await db.charge(chargeRequest(1))).toEqual({ ok: false, reason: 'budget-spent' });
      expect(await db.readLedger()).toEqual([]);
      expect(await db.readOutbox()).toEqual([]);
    });

    it('PR15 PR17 keeps cap and uniqueness, per task', async () => {
      const db = await openFresh();
      await db.setMeta('budget', budgetOf(5));
      const none = { epsilon: 'none', curve: zeroCurve() } as const;
      const free = (round: number, taskHash = hashOf('a')): ChargeRequest => {
        const request = chargeRequest(round);
        const reportId = `${taskHash[0]}-${round}`;
        return { ...request, entry: { ...request.entry, ...none, taskHash, reportId } };
      };
      expect((await db.charge(free(1))).ok).toBe(true);
      const again = { ...free(1), entry: { ...free(1).entry, reportId: 'other' } };
      expect(await db.charge(again)).toEqual({ ok: false, reason: 'already-in-round' });
      const forked = { ...again, entry: { ...again.entry, roundHash: hashOf('f') } };
      expect(await db.charge(forked)).toEqual({ ok: false, reason: 'already-in-round' });
      expect((await db.charge(free(2))).ok).toBe(true);
      expect((await db.charge(free(3))).ok).toBe(true);
      expect(await db.canCharge(free(4))).toBe('cap-spent');
      expect(await db.charge(free(4))).toEqual({ ok: false, reason: 'cap-spent' });
      expect((await db.charge(free(4, hashOf('e')))).ok).toBe(true);
      expect(await db.readLedger()).toHaveLength(4);
    });

    it('PR16 PR19 a clock set back or forward earns no report', async () => {
      const db = await openFresh();
      const at = (round: number, nowMs: number): ChargeRequest =>
        chargeRequest(round, { nowMs, separationMs: HOUR });
      const start = 100 * HOUR;
      expect((await db.charge(at(1, start))).ok).toBe(true);
      expect(await db.charge(at(2, start + HOUR - 1))).toMatchObject({ reason: 'separation' });
      expect(await db.charge(at(2, start - 50 * HOUR))).toMatchObject({ reason: 'separation' });
      expect(await db.ledgerNow(start - 50 * HOUR)).toBe(start);
      expect((await db.charge(at(2, start + 60 * HOUR))).ok).toBe(true);
      expect(await db.charge(at(3, start + 2 * HOUR))).toMatchObject({ reason: 'separation' });
      expect(await db.canCharge(at(3, start + 61 * HOUR))).toBeNull();
      expect(await db.ledgerNow(start + 61 * HOUR)).toBe(start + 61 * HOUR);
      expect((await db.readLedger()).map(({ atMs }) => atMs)).toEqual([start, start + 60 * HOUR]);
    });

    it('PR19 times of the ledger never fall', async () => {
      const db = await openFresh();
      await db.charge(chargeRequest(1, { nowMs: 5000 }));
      const result = await db.charge(chargeRequest(2, { nowMs: 10 }));
      expect(result).toMatchObject({ ok: true, entry: { atMs: 5000 } });
    });

    it('PR13 charges every task against one budget, at the curve', async () => {
      const db = await openBare();
      await db.setMeta('consent', CONSENT);
      const composed = (k: number): number =>
        epsilonOfCurve(
          gaussianCurve(SIGMA).map((value) => value * k),
          1e-6,
        );
      await db.setMeta('budget', budgetOf((composed(2) + composed(3)) / 2));
      const of = (round: number, taskHash: string): ChargeRequest => {
        const request = chargeRequest(round);
        return { ...request, entry: { ...request.entry, taskHash } };
      };
      expect((await db.charge(of(1, hashOf('1')))).ok).toBe(true);
      expect((await db.charge(of(2, hashOf('2')))).ok).toBe(true);
      expect(await db.charge(of(3, hashOf('3')))).toEqual({ ok: false, reason: 'budget-spent' });
      await db.setMeta('budget', budgetOf(1000));
      expect(await db.canCharge(of(3, hashOf('3')))).toBe('budget-spent');
    });

    it('PR13 counts at the pinned order, whichever would be the best', async () => {
      const few = { curve: pureCurve(1.59), k: 5 };
      const many = { curve: pureCurve(0.411), k: 20 };
      const order = bestOrder(scaleCurve(few.curve, few.k), 1e-5);
      const made = async ({ curve, k }: typeof few): Promise<number> => {
        const db = await openBare();
        await db.setMeta('consent', CONSENT);
        await db.setMeta('budget', { epsilon: 8, delta: 1e-5, order });
        await db.setMeta('budget', { epsilon: 8, delta: 1e-5, order: other });
        for (let round = 1; round <= k; round++) {
          const { entry, ...request } = chargeRequest(round, { participations: k });
          const roundHash = String(round).padStart(64, '0');
          const result = await db.charge({ ...request, entry: { ...entry, curve, roundHash } });
          if (!result.ok) expect(result.reason).toBe('budget-spent');
        }
        return (await db.readLedger()).length;
      };
      const other = bestOrder(scaleCurve(many.curve, many.k), 1e-5);
      expect(epsilonAtOrder(scaleCurve(many.curve, many.k), other, 1e-5) < 8).toBe(true);
      expect(await made(few)).toBe(few.k);
      expect((await made(many)) < many.k).toBe(true);
    });

    it('withdrawal deletes what is unsent; charges stay', async () => {
      const db = await openFresh();
      await db.charge(chargeRequest(1));
      await db.charge(chargeRequest(2));
      await db.updateOutbox('report-1', { state: 'sent' });
      await db.setMeta('consent', { personalise: true, contribute: false });
      expect((await db.readOutbox()).map(({ reportId }) => reportId)).toEqual(['report-1']);
      expect(await db.readLedger()).toHaveLength(2);
      expect(await db.dropUnsent()).toBe(0);
      await db.updateOutbox('report-2', { state: 'sent' });
      expect(await db.readOutbox()).toHaveLength(1);
      await db.setMeta('consent', CONSENT);
      expect(await db.canCharge(chargeRequest(2))).toBe('already-in-round');
    });

    it('drops unsent reports on their own', async () => {
      const db = await openFresh();
      await db.charge(chargeRequest(1));
      expect(await db.dropUnsent()).toBe(1);
      expect(await db.readOutbox()).toEqual([]);
      expect(await db.readLedger()).toHaveLength(1);
    });

    it('a final state of a report stays, whatever a slower tab says', async () => {
      const db = await openFresh();
      await db.charge(chargeRequest(1));
      await db.updateOutbox('report-1', { attempts: 1, last: 'offline', sendAtMs: 15 });
      await db.updateOutbox('report-1', { state: 'sent', last: '' });
      await db.updateOutbox('report-1', { state: 'expired', attempts: 9 });
      expect((await db.readOutbox())[0]).toMatchObject({ state: 'sent', attempts: 1 });
      expect((await db.readOutbox())[0]?.body).toEqual(new Uint8Array([1, 2, 1]));
      await db.updateOutbox('report-1', { body: null });
      expect((await db.readOutbox())[0]).toMatchObject({ state: 'sent', body: null });
    });
  });
}
