/**
 * What a task may claim, to whom: the one source of README's, `privacyReport()`'s and the audit's
 * words.
 *
 * SPEC.md of this room, PR24 to PR29. Every ε is provable and rounded up; nothing is claimed from
 * sampling or shuffling.
 */
import { assertInteger, assertPositive } from '../assert/assert.ts';
import type { Mechanism } from './mechanism.ts';
import { epsilonOf, sigmaOf } from './mechanism.ts';
import { assertDelta, epsilonOfZcdp, zcdpOfGaussian } from './zcdp.ts';

/** The parts of a task that its statement depends on; any task record has them. */
export interface StatementInput {
  readonly tier: 'local' | 'split' | 'test';
  readonly mechanism: Mechanism;
  readonly delta: number;
  /** k, the cap on reports to this task from one browser. */
  readonly participations: number;
  readonly clipL2: number;
  readonly minReports: number;
}

/** What one party sees and what is promised against it; null where no ε is claimed. */
export interface View {
  readonly claim: string;
  readonly epsilonPerReport: number | null;
  readonly epsilonTotal: number | null;
}

/** Those who look: DESIGN.md §2 and reference/privacy.md §1.3. */
export type Viewer =
  | 'opened'
  | 'aggregator'
  | 'helper'
  | 'update'
  | 'collusion'
  | 'network'
  | 'participation'
  | 'shop';

/** A privacy statement, in figures and in words. */
export interface Statement {
  readonly mechanism: Mechanism;
  readonly unit: string;
  readonly adjacency: 'replace-one' | 'zero-out' | 'none';
  /** Of one report, against the strongest party of the tier's promise; infinity for none. */
  readonly epsilonPerReport: number;
  readonly epsilonTotal: number;
  readonly delta: number;
  readonly views: Readonly<Record<Viewer, View>>;
  readonly text: string;
}

const UNIT = 'one browser profile in one storage epoch';

/** PR5: what every figure rests on, whatever the mechanism. */
const ASSUMED = "taking ChaCha20's output for random bits";

const NOTHING = { epsilonPerReport: null, epsilonTotal: null } as const;

const view = (claim: string): View => ({ claim, ...NOTHING });

const PARTICIPATION = view(
  'That this browser took part, its network address and the time are not hidden from the ' +
    'aggregator; whether it takes part does not depend on its history.',
);
const SHOP = view("The shop's own logs of page views are outside this statement.");

/**
 * Returns the statement of a task.
 *
 * @throws TypeError or RangeError for a field out of range, an unknown tier or mechanism.
 */
export function statementOf(task: StatementInput): Statement {
  assertDelta(task.delta);
  assertInteger('participations', task.participations, 1);
  assertPositive('clipL2', task.clipL2);
  assertInteger('minReports', task.minReports, 1);
  const perReport = epsilonOf(task.mechanism, task.delta, 1);
  if (task.tier === 'test' || task.mechanism.name === 'none') return noPrivacy(task);
  switch (task.tier) {
    case 'local':
      return local(task, perReport);
    case 'split':
      return split(task, perReport, zcdpOfGaussian(sigmaOf(task.mechanism)));
    default:
      throw new RangeError('tier is unknown');
  }
}

function noPrivacy(task: StatementInput): Statement {
  const nothing = view('No privacy: the update is sent without noise.');
  return {
    mechanism: task.mechanism,
    unit: UNIT,
    adjacency: 'none',
    epsilonPerReport: Number.POSITIVE_INFINITY,
    epsilonTotal: Number.POSITIVE_INFINITY,
    delta: task.delta,
    views: {
      opened: nothing,
      aggregator: nothing,
      helper: nothing,
      update: nothing,
      collusion: nothing,
      network: nothing,
      participation: PARTICIPATION,
      shop: SHOP,
    },
    text: 'No privacy: reports are clipped but carry no noise. For tests on one machine only.',
  };
}

function local(task: StatementInput, perReport: number): Statement {
  const total = epsilonOf(task.mechanism, task.delta, task.participations);
  const figures = { epsilonPerReport: perReport, epsilonTotal: total };
  const claim = (who: string): View => ({
    claim: `${who} cannot tell any two updates of this browser apart better than ε allows.`,
    ...figures,
  });
  return {
    mechanism: task.mechanism,
    unit: UNIT,
    adjacency: 'replace-one',
    ...figures,
    delta: task.delta,
    views: {
      opened: claim('Whoever sees the published models'),
      aggregator: claim('The aggregator, which receives the noised update itself,'),
      helper: view('There is no second server in this tier.'),
      update: claim('Whoever obtains one report'),
      collusion: claim('All servers and other browsers together'),
      network: claim('Whoever watches the network, should TLS hide nothing from it,'),
      participation: PARTICIPATION,
      shop: SHOP,
    },
    text: [
      ...(task.mechanism.name === 'privunit'
        ? seededText(task, perReport, total)
        : noisedText(task, perReport, total)),
      'Nothing is claimed from sampling or shuffling. That a browser took part is not',
      'hidden. The log of models may be forked; a fork can be found by comparison only.',
    ].join(' '),
  };
}

function noisedText(task: StatementInput, perReport: number, total: number): string[] {
  return [
    `Each report is a vector clipped to norm ${task.clipL2}, with exact discrete Gaussian noise`,
    'added in the browser before it leaves. Against everyone, the servers included, one report',
    `is (${show(perReport)}, ${task.delta})-differentially private and`,
    `${reports(task.participations)} together (${show(total)}, ${task.delta}), where neighbours`,
    `differ in everything that ${UNIT} contributed (replace-one), ${ASSUMED}.`,
    'Provable zCDP conversion, rounded up.',
  ];
}

function seededText(task: StatementInput, perReport: number, total: number): string[] {
  return [
    `Each report is the seed of a random vector, chosen in the browser by PrivUnitG from an update`,
    `clipped to norm ${task.clipL2}. Against everyone, the servers included, one report is`,
    `(${show(perReport)}, 0)-differentially private and ${reports(task.participations)} together`,
    `(${show(total)}, ${task.delta}), where neighbours differ in everything that ${UNIT}`,
    `contributed (replace-one), ${ASSUMED}. Provable, rounded up.`,
  ];
}

function split(task: StatementInput, perReport: number, rho: number): Statement {
  const { delta, participations: k } = task;
  const total = epsilonOf(task.mechanism, delta, k);
  const figures = { epsilonPerReport: perReport, epsilonTotal: total };
  const replaced = epsilonOfZcdp(4 * k * rho, delta);
  return {
    mechanism: task.mechanism,
    unit: UNIT,
    adjacency: 'zero-out',
    ...figures,
    delta,
    views: {
      opened: {
        claim: "Sees opened means only; protected by both honest servers' noise.",
        epsilonPerReport: epsilonOfZcdp(rho / 2, delta),
        epsilonTotal: epsilonOfZcdp((k * rho) / 2, delta),
      },
      aggregator: {
        claim: "With any number of false browsers: protected by the helper's noise.",
        ...figures,
      },
      helper: {
        claim:
          'With any number of false browsers, of the opened mean: protected by the ' +
          "aggregator's noise. Its seeds alone are independent of the data; it sees random ids " +
          'and counts, no addresses.',
        ...figures,
      },
      update: view(
        'Hidden by AES and X25519 while the servers do not collude; no local ε is claimed.',
      ),
      collusion: view('If both servers collude, nothing is claimed.'),
      network: view(
        'Sees that this browser took part, when, and how many bytes it sent, the same for everyone; ' +
          'should TLS hide nothing, an update is hidden by AES and X25519. No local ε is claimed.',
      ),
      participation: PARTICIPATION,
      shop: SHOP,
    },
    text: [
      `Each report is a vector clipped to norm ${task.clipL2} and split between two servers. Each`,
      'server adds full discrete Gaussian noise to its sum before it is opened, for batches of at',
      `least ${task.minReports}. While one of the two is honest, one report is`,
      `(${show(perReport)}, ${delta})-differentially private and ${reports(k)} together`,
      `(${show(total)}, ${delta}), where neighbours differ in ${UNIT} contributing or sending`,
      `zeros (zero-out); ${show(replaced)} in all for replace-one; ${ASSUMED}, and while AES and`,
      'X25519 hide a share. If both servers collude,',
      'nothing is claimed. Provable zCDP conversion, rounded up; nothing is claimed from sampling',
      'or shuffling. That a browser took part is not hidden.',
    ].join(' '),
  };
}

function reports(count: number): string {
  return count === 1 ? 'the one report allowed' : `all ${count} reports allowed`;
}

/** ε to three decimals, rounded up like the figure itself. */
function show(epsilon: number): string {
  return `ε = ${(Math.ceil(epsilon * 1000) / 1000).toFixed(3)}`;
}
