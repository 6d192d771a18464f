/** Two connections to one database: the part of its contract that two tabs need. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import { chargeRequest, consented } from './database-values.ts';

export function tabsContract(
  name: string,
  open: (id: string) => Promise<Database>,
  fresh: () => string,
): void {
  describe(`${name}: two tabs`, () => {
    const pair = async (): Promise<[Database, Database]> => {
      const id = fresh();
      return [await consented(await open(id)), await open(id)];
    };

    it('PR17 racing for one round make one charge', async () => {
      const [a, b] = await pair();
      const other = chargeRequest(1);
      const requests = [
        a.charge(chargeRequest(1)),
        b.charge({ ...other, entry: { ...other.entry, reportId: 'other' } }),
      ];
      const results = await Promise.all(requests);
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect(results.find(({ ok }) => !ok)).toEqual({ ok: false, reason: 'already-in-round' });
      expect(await a.readLedger()).toHaveLength(1);
      expect(await b.readOutbox()).toHaveLength(1);
    });

    it('PR15 racing for the last participation make one charge', async () => {
      const [a, b] = await pair();
      const rounds = Array.from({ length: 8 }, (_, i) => chargeRequest(i, { participations: 1 }));
      const results = await Promise.all(
        rounds.map((request, i) => (i % 2 === 0 ? a : b).charge(request)),
      );
      expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      expect(await b.readLedger()).toHaveLength(1);
    });

    it('PR21 racing for one coin see one coin', async () => {
      const [a, b] = await pair();
      const coins = await Promise.all([
        a.coin('t', 'r', () => true),
        b.coin('t', 'r', () => false),
      ]);
      expect(new Set(coins).size).toBe(1);
    });

    it('withdrawal in one tab stops a charge in the other', async () => {
      const [a, b] = await pair();
      const [, result] = await Promise.all([
        a.setMeta('consent', { personalise: true, contribute: false }),
        b.charge(chargeRequest(1)),
      ]);
      expect(result.ok ? 'charged before' : result.reason).toMatch(/charged before|no-consent/);
      expect(await b.readOutbox()).toEqual([]);
      expect(await b.charge(chargeRequest(2))).toEqual({ ok: false, reason: 'no-consent' });
    });

    it('erasing in one tab closes the other by name', async () => {
      const [a, b] = await pair();
      await a.charge(chargeRequest(1));
      await a.erase();
      expect(b.state).toBe('closed');
      await expect(b.readLedger()).rejects.toMatchObject({ code: 'closed' });
    });
  });
}
