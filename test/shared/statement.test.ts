import { describe, expect, it } from 'vitest';
import { discreteGaussian, epsilonOf, NO_MECHANISM } from '../../shared/privacy/mechanism.ts';
import { statementOf } from '../../shared/privacy/statement.ts';

const task = {
  mechanism: discreteGaussian(2.3816),
  delta: 1e-6,
  participations: 10,
  clipL2: 0.5,
  minReports: 100,
} as const;

describe('statementOf', () => {
  it('PR25 claims ε against everyone in the local tier', () => {
    const statement = statementOf({ ...task, tier: 'local' });
    const total = epsilonOf(task.mechanism, 1e-6, 10);
    expect(statement).toMatchObject({ adjacency: 'replace-one', delta: 1e-6, epsilonTotal: total });
    for (const who of ['opened', 'aggregator', 'update', 'collusion', 'network'] as const) {
      expect(statement.views[who].epsilonTotal).toBe(total);
    }
    expect(statement.views.participation.epsilonTotal).toBeNull();
    expect(statement.text).toContain('ε = 7.220, 0.000001');
    expect(statement.text).toContain('clipped to norm 0.5');
    expect(statement.text).toContain("taking ChaCha20's output for random bits");
  });

  it('PR26 PR27 claims ρ with one honest server, ρ/2 with two, nothing with none', () => {
    const { views, text, adjacency } = statementOf({ ...task, tier: 'split' });
    expect(adjacency).toBe('zero-out');
    expect(views.helper.epsilonPerReport).toBe(epsilonOf(task.mechanism, 1e-6, 1));
    const outside = epsilonOf(discreteGaussian(2.3816 * Math.SQRT2), 1e-6, 1);
    expect(views.opened.epsilonPerReport).toBeCloseTo(outside, 8);
    expect(views.update.epsilonTotal).toBeNull();
    expect(views.network).toMatchObject({ epsilonPerReport: null, epsilonTotal: null });
    expect(views.collusion).toMatchObject({ epsilonPerReport: null, epsilonTotal: null });
    expect(views.collusion.claim).toContain('nothing is claimed');
    expect(text).toContain('at least 100');
    expect(text).toContain("taking ChaCha20's output for random bits");
    expect(text).toContain('If both servers collude, nothing is claimed.');
  });

  it('PR24 names the unit, PR29 does not hide participation', () => {
    const { unit, views } = statementOf({ ...task, tier: 'local' });
    expect(unit).toBe('one browser profile in one storage epoch');
    expect(views.participation.claim).toContain('not hidden');
  });

  it('PR28 says "no privacy" in the test tier and for a mechanism of none', () => {
    for (const input of [
      { ...task, tier: 'test' },
      { ...task, tier: 'local', mechanism: NO_MECHANISM },
      { ...task, tier: 'split', mechanism: NO_MECHANISM },
    ] as const) {
      const statement = statementOf(input);
      expect(statement.text).toMatch(/^No privacy/);
      expect(statement.epsilonTotal).toBe(Number.POSITIVE_INFINITY);
      expect(statement.views.aggregator.epsilonTotal).toBeNull();
    }
  });

  it('refuses an unknown tier, an unknown mechanism and figures out of range', () => {
    expect(() => statementOf({ ...task, tier: 'x' as 'test' })).toThrow('tier');
    const mechanism = { name: 'laplace' } as unknown as typeof NO_MECHANISM;
    expect(() => statementOf({ ...task, tier: 'local', mechanism })).toThrow("'laplace'");
    expect(() => statementOf({ ...task, tier: 'local', delta: 0 })).toThrow('delta');
    expect(() => statementOf({ ...task, tier: 'local', participations: 0 })).toThrow(
      'participations',
    );
  });
});
