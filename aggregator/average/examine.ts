/** Every backend tried on a known case and timed on a small one: what `vitrine doctor` prints. */
import { PRIVUNIT_SEED_BYTES } from '../../shared/protocol/report.ts';
import type { AverageBackend } from './backend.ts';
import { type Candidate, openTried, triedSeeds } from './choose.ts';
import { type Gram, gramOf } from './robust/gram.ts';
import { seedBackend } from './seeds.ts';
import type { Webgpu } from './webgpu/webgpu.ts';

export const WORKS = ['dense', 'seeds', 'gram'] as const;
export type Work = (typeof WORKS)[number];

export interface Finding {
  readonly work: Work;
  readonly backend: string;
  /** What it runs on, where that is not the CPU itself. */
  readonly label: string | null;
  /** Could it be opened at all? */
  readonly found: boolean;
  /** Did it give the known answer? */
  readonly right: boolean;
  /** Why it was not found, or what was wrong. */
  readonly why: string | null;
  /** dense: bytes summed; seeds: coordinates made; gram: products. Null where it is not right. */
  readonly perSecond: number | null;
}

/** Coordinates of the vectors that are summed and made, and of those that are multiplied. */
const D = 10_000;
const GRAM_D = 2000;
/** Reports of a batch, until it takes this long: a GPU shows only then what it can do. */
const SIZES = [8, 32, 128, 512, 2048] as const;
const LONG_MS = 20;
/** Reports that differ; a larger batch holds them several times. */
const DISTINCT = 64;

function batch(n: number, length: number): Uint8Array[] {
  const distinct = Array.from({ length: Math.min(n, DISTINCT) }, (_, r) => {
    const row = Int32Array.from({ length }, (__, i) => Math.imul(r + 1, 0x9e37 * i) >> 12);
    return new Uint8Array(row.buffer);
  });
  return Array.from({ length: n }, (_, r) => distinct[r % DISTINCT] as Uint8Array);
}

async function timed(work: () => void | Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  // The clock may not tell a time this short from none.
  return Math.max(performance.now() - start, 0.001);
}

/** `amount` a second of the first batch that takes long, or of the largest. */
async function rate(
  length: number,
  amount: (n: number) => number,
  work: (rows: readonly Uint8Array[]) => void | Promise<void>,
): Promise<number> {
  let perSecond = 0;
  for (const n of SIZES) {
    const rows = batch(n, length);
    const took = Math.min(await timed(() => work(rows)), await timed(() => work(rows)));
    perSecond = Math.round((1000 * amount(n)) / took);
    if (took > LONG_MS) break;
  }
  return perSecond;
}

interface Trial<T> {
  readonly work: Work;
  readonly backend: string;
  open(): T | Promise<T>;
  label(opened: T): string | null;
  /** @throws Error when the answer is wrong. */
  check(opened: T): Promise<unknown>;
  time(opened: T): Promise<number>;
}

async function find<T>(trial: Trial<T>): Promise<Finding> {
  const { work, backend } = trial;
  const nothing = { work, backend, label: null, found: false, right: false, perSecond: null };
  let opened: T;
  try {
    opened = await trial.open();
  } catch (error) {
    return { ...nothing, why: (error as Error).message };
  }
  const found = { ...nothing, found: true, label: trial.label(opened) };
  try {
    await trial.check(opened);
    return { ...found, right: true, why: null, perSecond: await trial.time(opened) };
  } catch (error) {
    return { ...found, why: (error as Error).message };
  }
}

function denseTrial({ name, open }: Candidate): Trial<AverageBackend> {
  return {
    work: 'dense',
    backend: name,
    open,
    label: ({ label = null }) => label,
    check: (backend) => openTried({ name, open: () => backend }),
    time: (backend) => {
      const sum = new Float64Array(D);
      return rate(
        D,
        (n) => 4 * n * D,
        (rows) => backend.sum(rows, 0, sum),
      );
    },
  };
}

function seedsTrial(backend: string, open: () => Promise<AverageBackend>): Trial<AverageBackend> {
  return {
    work: 'seeds',
    backend,
    open,
    label: ({ label = null }) => label,
    check: triedSeeds,
    time: (seeds) => {
      const sum = new Float64Array(D);
      return rate(
        PRIVUNIT_SEED_BYTES / 4,
        (n) => n * D,
        (reports) => seeds.sum(reports, 0, sum),
      );
    },
  };
}

/** (1, 2, −2^20), (−1, 0, 2^20) and (3, −3, 1). */
const KNOWN_ROWS = [
  [1, 2, -(2 ** 20)],
  [-1, 0, 2 ** 20],
  [3, -3, 1],
].map((row) => new Uint8Array(Int32Array.from(row).buffer));
const KNOWN_GRAM = [
  ...[5 + 2 ** 40, -1 - 2 ** 40, -3 - 2 ** 20],
  ...[-1 - 2 ** 40, 1 + 2 ** 40, -3 + 2 ** 20],
  ...[-3 - 2 ** 20, -3 + 2 ** 20, 19],
];

interface NamedGram {
  readonly gram: Gram;
  readonly label: string | null;
}

function gramTrial(backend: string, open: () => Promise<NamedGram>): Trial<NamedGram> {
  return {
    work: 'gram',
    backend,
    open,
    label: ({ label }) => label,
    check: async ({ gram }) => {
      const made = await gram(KNOWN_ROWS, 0, 3);
      if (!KNOWN_GRAM.every((one, i) => one === made[i])) {
        throw new Error(`${backend} makes the known matrix wrongly`);
      }
    },
    time: ({ gram }) =>
      rate(
        GRAM_D,
        (n) => n ** 2 * GRAM_D,
        async (rows) => void (await gram(rows, 0, GRAM_D)),
      ),
  };
}

/**
 * Finds out about all backends, one after the other.
 * @param openGpu opens the GPU, a software one too.
 */
export async function examine(
  openGpu: () => Promise<Webgpu>,
  candidates: readonly Candidate[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const candidate of candidates) findings.push(await find(denseTrial(candidate)));
  findings.push(await find(seedsTrial('cpu', async () => seedBackend)));
  findings.push(await find(seedsTrial('webgpu', async () => (await openGpu()).seeds)));
  findings.push(await find(gramTrial('cpu', async () => ({ gram: gramOf, label: null }))));
  findings.push(await find(gramTrial('webgpu', openGpu)));
  return findings;
}
