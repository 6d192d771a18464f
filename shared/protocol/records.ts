/** Decoders of the signed records, and the hash by which each is addressed (SPEC.md, R rules). */
import { canonicalBytes } from '../bytes/canonical.ts';
import { sha256Hex } from '../bytes/hash.ts';
import { parameterCount } from '../model/architecture.ts';
import {
  type Check,
  either,
  hash,
  integer,
  list,
  literal,
  nullable,
  number,
  object,
  publicKey,
  ShapeError,
  text,
} from './shape.ts';
import type { ModelRecord, RoundRecord, Signed, SiteRecord, Task, TaskHead } from './task.ts';

const TIME = integer(0, 2 ** 52);
const PERIOD = integer(0, 400 * 24 * 3600 * 1000);

const architecture = either(
  object({ name: literal('wide'), historyLength: integer(1, 100) }),
  object({ name: literal('logistic'), head: literal('intent'), inputs: integer(1, 4096) }),
  object({
    name: literal('attention'),
    content: integer(1, 1024),
    width: integer(1, 256),
    historyLength: integer(1, 100),
  }),
);

const mechanism = either(
  object({ name: literal('none') }),
  object({ name: literal('discrete-gaussian'), sigma: number(1e-3, 1e6) }),
);

const recipe = object({
  steps: integer(1, 1000),
  learningRate: number(1e-9, 1e3),
  negatives: integer(0, 10_000),
  maxExamples: integer(1, 100_000),
  server: object({
    name: literal('fedavg'),
    learningRate: number(1e-9, 1e3),
    decayRounds: nullable(number(1e-3, 1e9)),
  }),
});

const TASK = object({
  version: literal(1),
  type: literal('task'),
  site: text(100),
  name: text(40),
  kind: literal('train', 'measure', 'evaluate'),
  tier: literal('local', 'split', 'test'),
  architecture,
  d: integer(1, 1 << 24),
  clipL2: number(1e-6, 1e6),
  scaleBits: integer(4, 24),
  mechanism,
  epsilon: either(number(0, 1e6), literal('none')),
  delta: number(0, 0.01),
  participations: integer(1, 1000),
  separationMs: PERIOD,
  quietMs: PERIOD,
  coin: integer(1, 65_536),
  minReports: integer(1, 2 ** 22),
  maxReports: integer(1, 2 ** 22),
  // setTimeout takes 2^31 − 1 ms, 24.8 days (HTML, "timers"); a longer one fires at once.
  windowMs: integer(1000, 24 * 24 * 3600 * 1000),
  expiresAtMs: TIME,
  catalogue: hash,
  initialModel: hash,
  aggregatorKey: publicKey,
  recipe,
  label: text(200),
});

const SITE = object({
  version: literal(1),
  type: literal('site'),
  site: text(100),
  serial: integer(0, 2 ** 52),
  budget: object({ epsilon: number(0, 1e4), delta: number(1e-18, 1e-5) }),
  tasks: list(object({ name: text(40), hash }), 64),
  segments: list(
    object({
      id: text(60),
      label: text(120),
      when: list(
        object({
          field: text(60),
          op: literal('>=', '<=', '=='),
          value: either(number(-1e12, 1e12), text(120)),
        }),
        16,
      ),
    }),
    64,
  ),
});

const ROUND = object({
  version: literal(1),
  type: literal('round'),
  task: hash,
  round: integer(1, 2 ** 40),
  baseModel: hash,
  openedAtMs: TIME,
  deadlineMs: TIME,
});

const MODEL = object({
  version: literal(1),
  type: literal('model'),
  task: hash,
  modelVersion: integer(1, 2 ** 40),
  model: hash,
  previousModel: hash,
  round: integer(1, 2 ** 40),
  roundHash: hash,
  reports: integer(1, 2 ** 22),
  batch: hash,
  closedAtMs: TIME,
});

const signed = (record: Check): Check => object({ record, signature: text(100) });
const HEAD = object({ round: nullable(signed(ROUND)), model: nullable(signed(MODEL)) });

/** @throws ShapeError naming the field that is missing, left over or of another kind. */
export function decodeTask(value: unknown): Task {
  TASK(value, 'task');
  const task = value as Task;
  if (task.d !== parameterCount(task.architecture)) {
    throw new ShapeError('task.d', `${parameterCount(task.architecture)} for its architecture`);
  }
  if (task.maxReports < task.minReports) {
    throw new ShapeError('task.maxReports', `at least minReports ${task.minReports}`);
  }
  return task;
}

export function decodeSite(value: unknown): SiteRecord {
  SITE(value, 'site');
  return value as SiteRecord;
}

export function decodeRound(value: unknown): RoundRecord {
  ROUND(value, 'round');
  return value as RoundRecord;
}

export function decodeModelRecord(value: unknown): ModelRecord {
  MODEL(value, 'model');
  return value as ModelRecord;
}

export function decodeHead(value: unknown): TaskHead {
  HEAD(value, 'head');
  return value as TaskHead;
}

/** Shape of a signed envelope around `decode`; the signature itself is checked by `verifyRecord`. */
export function decodeSigned<T>(value: unknown, decode: (record: unknown) => T): Signed<T> {
  object({ record: () => undefined, signature: text(100) })(value, 'signed');
  const { record, signature } = value as { record: unknown; signature: string };
  return { record: decode(record), signature };
}

/** Address of a record: SHA-256 of its canonical JSON, hex. */
export async function recordHash(
  record: Task | RoundRecord | ModelRecord | SiteRecord,
): Promise<string> {
  return sha256Hex(canonicalBytes(record));
}
