/** Whether a cluster's published rounds are exactly the reports that it acknowledged. */
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import type { Sent } from './sender.ts';

export interface ExactOptions {
  /** Of any node that serves the public files. */
  readonly url: string;
  readonly taskHash: string;
  readonly d: number;
  /** Integer units per unit of the update. */
  readonly scale: number;
  readonly initialWeights: readonly number[];
  readonly sent: readonly Sent[];
}

export interface Exactness {
  /** What is wrong, in words; empty when every sum is exact. */
  readonly faults: readonly string[];
  readonly rounds: number;
  readonly reports: number;
}

async function get(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function idsOf(bytes: Uint8Array): string[] {
  return Array.from({ length: bytes.length / 16 }, (_, i) =>
    Buffer.from(bytes.subarray(16 * i, 16 * i + 16)).toString('hex'),
  );
}

/**
 * Compares the first `rounds` rounds: every acknowledged report is in its round's batch, nothing is
 * in that was not sent, no id is in two, and the weights follow from the integer sum over the batch
 * in every coordinate (federated averaging with a step of 1).
 */
export async function exactness(options: ExactOptions, rounds: number): Promise<Exactness> {
  const { url, taskHash, d, scale, sent } = options;
  const faults: string[] = [];
  const byId = new Map(sent.map((one) => [one.id, one]));
  const seen = new Set<string>();
  let weights = Float32Array.from(options.initialWeights);
  let reports = 0;
  for (let round = 1; round <= rounds; round++) {
    const text = Buffer.from(await get(url + PATHS.round(taskHash, round))).toString();
    const { model } = JSON.parse(text) as TaskHead;
    if (model === null || model.record.type !== 'model') {
      faults.push(`round ${round} published nothing`);
      continue;
    }
    const ids = idsOf(await get(url + PATHS.ids(taskHash, round)));
    reports += ids.length;
    if (ids.length !== model.record.reports)
      faults.push(`round ${round} counts others than it lists`);
    const sum = new Float64Array(d);
    for (const id of ids) {
      const one = byId.get(id);
      if (one === undefined || one.round !== round)
        faults.push(`round ${round} holds a foreign id`);
      if (seen.has(id)) faults.push(`round ${round} holds an id again`);
      seen.add(id);
      for (let i = 0; i < d; i++) sum[i] = (sum[i] as number) + (one?.coordinates[i] ?? 0);
    }
    const base = weights;
    weights = Float32Array.from(sum, (one, i) => (base[i] as number) + one / (ids.length * scale));
    const published = decodeModel(await get(url + PATHS.model(model.record.model)), d);
    if (!published.every((one, i) => one === weights[i]))
      faults.push(`round ${round}: another sum`);
    weights = published as typeof weights;
    for (const { id, acknowledged, round: own } of sent) {
      if (own === round && acknowledged && !seen.has(id))
        faults.push(`round ${round} lost a report`);
    }
  }
  return { faults, rounds, reports };
}
