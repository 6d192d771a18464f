/** A federation of a data set's shoppers: one site, one task, cohorts, versions. */
import { join } from 'node:path';
import { generateKey, saveKey } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { budgetOf, type TaskDraft, writeSite } from '../../aggregator/site.ts';
import { parameterCount, type WideArchitecture } from '../../shared/model/architecture.ts';
import type { Mechanism } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { decodeHead } from '../../shared/protocol/records.ts';
import { SeededRandom } from './random.ts';

export const WIDE: WideArchitecture = { name: 'wide', historyLength: 10 };

export interface FederationPlan {
  readonly rounds: number;
  readonly cohort: number;
  readonly participations: number;
  /** Per report. */
  readonly epsilon: number;
  readonly delta: number;
  readonly clipL2: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly negatives: number;
  readonly serverRate: number;
  readonly separationMs: number;
  readonly quietMs: number;
}

export function mechanismOf({ epsilon, delta }: FederationPlan): Mechanism {
  return { name: 'discrete-gaussian', sigma: sigmaOfEpsilon(epsilon, delta) };
}

/**
 * Disjoint cohorts: the shoppers are shuffled and cut, and shuffled again when no whole cohort is
 * left. @throws RangeError when a shopper would be asked for more than the cap.
 */
export function cohorts(
  shoppers: number,
  { rounds, cohort, participations }: FederationPlan,
  seed: string,
): number[][] {
  const perCycle = Math.floor(shoppers / cohort);
  if (perCycle < 1) throw new RangeError(`cohort ${cohort}: there are ${shoppers} shoppers`);
  const cycles = Math.ceil(rounds / perCycle);
  if (cycles > participations) {
    throw new RangeError(
      `rounds ${rounds} of ${cohort} of ${shoppers} shoppers ask some for ${cycles} participations; ` +
        `${participations} are allowed`,
    );
  }
  const random = new SeededRandom(`cohorts/${seed}`);
  const everyone = Array.from({ length: shoppers }, (_, i) => i);
  const cut = Array.from({ length: cycles }, () => {
    const order = random.shuffled(everyone);
    return Array.from({ length: perCycle }, (_, c) => order.slice(c * cohort, (c + 1) * cohort));
  });
  return cut.flat().slice(0, rounds);
}

export interface ExperimentSite {
  readonly site: string;
  readonly trust: string;
  /** The aggregator's data folder. */
  readonly folder: string;
  readonly taskHash: string;
}

/** Writes a site with one ranking task made for this experiment, with keys of its own. */
export async function writeExperiment(
  data: string,
  catalogue: { readonly bytes: Uint8Array; readonly hash: string },
  plan: FederationPlan,
  startWeights: Float32Array,
): Promise<ExperimentSite> {
  const folder = join(data, 'aggregator');
  const rootKey = generateKey();
  const aggregatorKey = generateKey();
  await saveKey(join(folder, KEY_FILE), aggregatorKey);
  const mechanism = mechanismOf(plan);
  const task: TaskDraft = {
    name: 'wide',
    kind: 'train',
    tier: 'local',
    architecture: WIDE,
    initialWeights: startWeights,
    clipL2: plan.clipL2,
    scaleBits: 16,
    mechanism,
    delta: plan.delta,
    participations: plan.participations,
    separationMs: plan.separationMs,
    quietMs: plan.quietMs,
    coin: 65_536,
    minReports: plan.cohort,
    maxReports: plan.cohort,
    windowMs: 900_000,
    expiresAtMs: Date.now() + 86_400_000,
    recipe: {
      steps: plan.steps,
      learningRate: plan.learningRate,
      negatives: plan.negatives,
      maxExamples: 1000,
      server: { name: 'fedavg', learningRate: plan.serverRate, decayRounds: null },
    },
    label: 'experiment: periods of milliseconds',
  };
  const { taskHashes } = await writeSite(folder, {
    site: 'experiment',
    budget: budgetOf([task], plan.delta),
    segments: [],
    catalogue,
    rootKey,
    aggregatorKey: aggregatorKey.publicKey,
    tasks: [task],
  });
  const { wide } = taskHashes;
  if (wide === undefined) throw new Error('the site has no task');
  return { site: 'experiment', trust: rootKey.publicKey, folder, taskHash: wide };
}

const POLL_MS = 10;

/** Weights of the version, once it is published. @throws Error when it does not come in time. */
export async function awaitVersion(
  endpoint: string,
  taskHash: string,
  version: number,
  patienceMs: number,
): Promise<Float32Array> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const head = decodeHead(await (await fetch(endpoint + PATHS.head(taskHash))).json());
    const record = head.model?.record;
    if (record !== undefined && record.modelVersion >= version && head.round !== null) {
      const reply = await fetch(endpoint + PATHS.model(record.model));
      return decodeModel(new Uint8Array(await reply.arrayBuffer()), parameterCount(WIDE));
    }
    if (Date.now() > deadline) throw new Error(`version ${version} was not published in time`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

export async function serverStatus(endpoint: string): Promise<ServerStatus> {
  return (await (await fetch(endpoint + PATHS.status)).json()) as ServerStatus;
}
