import { describe, expect, it } from 'vitest';
import { cohorts, type FederationPlan } from './federation.ts';
import { cachedFetch } from './http-cache.ts';

const plan = { rounds: 12, cohort: 5, participations: 2 } as FederationPlan;

describe('cohorts', () => {
  it('are disjoint until the shoppers are used up, then shuffled anew', () => {
    const schedule = cohorts(32, plan, 'a');
    expect(schedule).toHaveLength(12);
    for (const cycle of [schedule.slice(0, 6), schedule.slice(6)]) {
      expect(cycle.every((cohort) => cohort.length === 5)).toBe(true);
      expect(new Set(cycle.flat()).size).toBe(30);
    }
    expect(schedule[0]).not.toEqual(schedule[6]);
    expect(cohorts(32, plan, 'a')).toEqual(schedule);
    expect(cohorts(32, plan, 'b')).not.toEqual(schedule);
  });

  it('ask nobody for more than the cap', () => {
    const counts = new Map<number, number>();
    for (const id of cohorts(32, plan, 'a').flat()) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBe(2);
    expect(() => cohorts(32, { ...plan, rounds: 13 }, 'a')).toThrow(/3 participations; 2 are/);
    expect(() => cohorts(4, plan, 'a')).toThrow(/cohort 5/);
  });
});

describe('HTTP cache of a process', () => {
  function network() {
    const asked: string[] = [];
    const fetchOne = cachedFetch(async (input) => {
      asked.push(String(input));
      const immutable = String(input).includes('immutable');
      return new Response(`body ${asked.length}`, {
        headers: { 'cache-control': immutable ? 'public, immutable' : 'no-store' },
      });
    });
    return { asked, fetchOne };
  }
  const text = async (reply: Promise<Response>): Promise<string> => (await reply).text();

  it('keeps what is immutable', async () => {
    const { asked, fetchOne } = network();
    expect(await text(fetchOne('http://a/immutable'))).toBe('body 1');
    expect(await text(fetchOne('http://a/immutable'))).toBe('body 1');
    expect(asked).toHaveLength(1);
  });

  it('keeps nothing else: mutable answers, requests that forbid it, reports', async () => {
    const { asked, fetchOne } = network();
    for (let i = 0; i < 2; i++) {
      await fetchOne('http://a/head');
      await fetchOne('http://a/immutable', { cache: 'no-store' });
      await fetchOne('http://a/immutable', { method: 'POST', body: 'x' });
    }
    expect(asked).toHaveLength(6);
  });
});
