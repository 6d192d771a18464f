/** The population and the tasks of the contract between the tiers: the same for every process. */
import type { TaskDraft } from '../../../aggregator/site.ts';
import type { ShopEvent } from '../../../sdk/capture/event.ts';
import { type CountsArchitecture, WIDE_FEATURES } from '../../../shared/model/architecture.ts';
import type { HelperKeys } from '../../../shared/protocol/task.ts';

export type ContractTier = 'local' | 'split' | 'test';
export const TIERS: readonly ContractTier[] = ['local', 'split', 'test'];

/** n, and n_min and n_max of every task: a round closes with the last of them. */
export const BROWSERS = 64;
/** d of the statistic: the variance of a residual is known within 5 % at 10⁻⁶. */
export const BINS = 20_480;
/** The largest norm of shares. The ranker's updates are far above its own. */
export const CLIP = 1;
const TRAINED_CLIP = 1e-3;
export const SCALE_BITS = 16;
export const SITE = 'contract';
/** A page that allows what no shop should: at d = 20,480, 64 reports need a weak ε (PR7). */
export const MAX_EPSILON = 5000;

/** Standard deviation over sensitivity; the predicted errors stay below the clip. */
export const SIGMAS: Readonly<Record<ContractTier, number>> = { local: 0.025, split: 0.2, test: 0 };

export const SHARES: CountsArchitecture = {
  name: 'counts',
  statistic: { name: 'histogram', of: 'event-kind', bins: BINS },
};

/** The tier without noise trains a ranker, so that there is something to clip; the others measure. */
function workOf(
  tier: ContractTier,
): Pick<TaskDraft, 'kind' | 'architecture' | 'initialWeights' | 'clipL2' | 'recipe'> {
  if (tier !== 'test') {
    return {
      kind: 'measure',
      architecture: SHARES,
      initialWeights: new Float32Array(BINS),
      clipL2: CLIP,
      recipe: { server: { name: 'release' } },
    };
  }
  return {
    kind: 'train',
    architecture: { name: 'wide', historyLength: 10 },
    initialWeights: new Float32Array(WIDE_FEATURES.length),
    clipL2: TRAINED_CLIP,
    recipe: {
      steps: 2,
      learningRate: 1,
      negatives: 3,
      maxExamples: 10,
      server: { name: 'fedavg', learningRate: 1, decayRounds: null },
    },
  };
}

export function draftOf(tier: ContractTier, nowMs: number, helper: HelperKeys): TaskDraft {
  return {
    ...workOf(tier),
    name: tier,
    tier,
    scaleBits: SCALE_BITS,
    mechanism:
      tier === 'test' ? { name: 'none' } : { name: 'discrete-gaussian', sigma: SIGMAS[tier] },
    delta: 1e-6,
    participations: 1,
    separationMs: 0,
    quietMs: 0,
    coin: 65_536,
    minReports: BROWSERS,
    maxReports: BROWSERS,
    windowMs: 600_000,
    expiresAtMs: nowMs + 86_400_000,
    label: 'contract',
    ...(tier === 'split' && { helper }),
  };
}

const KINDS = ['view_item', 'add_to_cart', 'search', 'purchase'] as const;
export const GOODS = ['fern', 'moss', 'ivy', 'palm', 'sage', 'mint'];

/** Every browser looks at goods in an order of its own, and does kind b mod 4 in between. */
export function historyOf(browser: number, nowMs: number): ShopEvent[] {
  return Array.from({ length: 12 }, (_, i) => ({
    name: i % 3 === 0 ? (KINDS[browser % KINDS.length] as (typeof KINDS)[number]) : 'view_item',
    atMs: nowMs - 60_000 + 1000 * i,
    session: 1,
    items: [{ id: GOODS[(browser + i * i) % GOODS.length] as string, quantity: 1 }],
  }));
}

/** What a process of the browsers writes for the test. */
export interface Told {
  /** By tier, one of every browser. */
  readonly first: Readonly<Record<ContractTier, readonly Attempt[]>>;
  /** The first browser in the round after. */
  readonly second: Readonly<Record<ContractTier, Attempt>>;
}

export interface Attempt {
  /** 'sent', or the reason for which nothing was. */
  readonly state: string;
  /** The finished report in base64; empty where there is none. */
  readonly body: string;
  /** Entries of this browser's ledger afterwards. */
  readonly charges: number;
}
