import { describe, expect, it } from 'vitest';
import { ledgerViolations } from './ledger-audit.ts';

const promise = { taskHash: 't', participations: 2, separationMs: 100 };
const entry = (atMs: number, roundHash: string, reportId = roundHash) => ({
  atMs,
  roundHash,
  reportId,
});

describe('ledger audit', () => {
  it('finds nothing in a ledger that keeps its promises', () => {
    expect(ledgerViolations([entry(0, 'a'), entry(100, 'b')], promise)).toEqual([]);
  });

  it('PR15 finds a charge over the cap', () => {
    const three = [entry(0, 'a'), entry(200, 'b'), entry(400, 'c')];
    expect(ledgerViolations(three, promise)).toEqual(['cap: 3 charges, 2 allowed']);
  });

  it('PR16 finds charges that are too close', () => {
    expect(ledgerViolations([entry(50, 'b'), entry(0, 'a')], promise)).toEqual([
      'separation: 50 ms, 100 asked',
    ]);
  });

  it('PR17 finds two charges in a round and an id used twice', () => {
    expect(ledgerViolations([entry(0, 'a', 'x'), entry(200, 'a', 'x')], promise)).toHaveLength(2);
  });
});
