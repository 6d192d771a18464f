/** Decoders of the signed records, and the hash by which each is addressed (SPEC.md, R rules). */
import { canonicalBytes } from '../bytes/canonical.ts';
import { sha256Hex } from '../bytes/hash.ts';
import { parameterCount } from '../model/architecture.ts';
import { parseExpression } from '../model/expression/parse.ts';
import { ORDERS } from '../privacy/curve.ts';
import { architecture, assertKind, recipe } from './kinds.ts';
import { RANKER } from './ranker.ts';
import {
  type Check,
  decimal,
  either,
  hash,
  integer,
  list,
  literal,
  nullable,
  number,
  object,
  pair,
  publicKey,
  ShapeError,
  text,
} from './shape.ts';
import type { SignedRecord } from './signature.ts';
import type {
  ModelRecord,
  OpeningRecord,
  RoundRecord,
  Signed,
  SignedRotation,
  SignedTask,
  SiteRecord,
  Task,
  TaskHead,
} from './task.ts';
import { GATE, RESTORE, SUBJECT, VERDICT } from './version-records.ts';

const TIME = integer(0, 2 ** 52);
const PERIOD = integer(0, 400 * 24 * 3600 * 1000);

const mechanism = either(
  object({ name: literal('none') }),
  object({ name: literal('discrete-gaussian'), sigma: number(1e-3, 1e6) }),
  object({
    name: literal('privunit'),
    acceptance: integer(32_769, 65_535),
    threshold: integer(0, 32_767),
    candidates: integer(1, 1 << 20),
  }),
);

const TASK_FIELDS = {
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
  helper: nullable(
    object({ identityKey: publicKey, sealingKey: publicKey, sealingKeyExpiresAtMs: TIME }),
  ),
  recipe,
  label: text(200),
};
const TASK = object(TASK_FIELDS, { gate: GATE });

const order: Check = (value, path) => {
  if (!ORDERS.includes(value as number)) {
    throw new ShapeError(path, `one of the accountant's ${ORDERS.length} orders`);
  }
};

const rule: Check = (value, path) => {
  try {
    parseExpression(value as string);
  } catch (error) {
    throw new ShapeError(path, `a segment rule (${(error as Error).message})`);
  }
};

const SITE_FIELDS = {
  version: literal(1),
  type: literal('site'),
  site: text(100),
  serial: integer(0, 2 ** 52),
  budget: object({ epsilon: number(0, 1e4), delta: number(1e-18, 1e-5), order }),
  tasks: list(object({ name: text(40), hash }), 64),
  segments: list(object({ id: text(60), label: text(120), when: rule }), 64),
  revoked: list(publicKey, 256),
};
const SITE = object(SITE_FIELDS, { ranker: RANKER, cards: list(hash, 256) });

const ROUND = object(
  {
    version: literal(1),
    type: literal('round'),
    task: hash,
    round: integer(1, 2 ** 40),
    baseModel: hash,
    openedAtMs: TIME,
    deadlineMs: TIME,
  },
  { subject: SUBJECT },
);

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
  openings: nullable(pair(hash)),
});

const OPENING = object({
  version: literal(1),
  type: literal('opening'),
  role: literal('leader', 'helper'),
  task: hash,
  roundHash: hash,
  batch: hash,
  reports: integer(1, 2 ** 22),
  rejected: integer(0, 2 ** 22),
  sigma: number(1e-3, 1e6),
  variance: decimal,
  share: hash,
  sequence: integer(0, 2 ** 52),
});

const ROTATION = object({
  version: literal(1),
  type: literal('rotation'),
  site: text(100),
  from: publicKey,
  to: publicKey,
  rotatedAtMs: TIME,
});

const signed = (record: Check): Check => object({ record, signature: text(100) });
const INDEX = integer(0, 2 ** 52);
const logged = (record: Check): Check =>
  nullable(object({ record, signature: text(100), index: INDEX }));
const HEAD = object({
  round: nullable(signed(ROUND)),
  model: nullable(signed(either(MODEL, RESTORE))),
  roundIndex: nullable(INDEX),
  modelIndex: nullable(INDEX),
  candidate: logged(MODEL),
  origin: logged(MODEL),
  verdict: logged(VERDICT),
  subject: logged(MODEL),
});
const SIGNED_TASK = object({
  record: TASK,
  signature: text(100),
  helperSignature: nullable(text(100)),
});
const SIGNED_ROTATION = object({
  record: ROTATION,
  signature: text(100),
  successorSignature: text(100),
});

/** @throws ShapeError naming the field that is missing, left over or of another kind. */
export function decodeTask(value: unknown): Task {
  TASK(value, 'task');
  const task = value as Task;
  if (task.d !== parameterCount(task.architecture)) {
    throw new ShapeError('task.d', `${parameterCount(task.architecture)} for its architecture`);
  }
  assertKind(task);
  if (task.maxReports < task.minReports) {
    throw new ShapeError('task.maxReports', `at least minReports ${task.minReports}`);
  }
  if ((task.helper !== null) !== (task.tier === 'split')) {
    throw new ShapeError('task.helper', 'keys in the split tier, and in it alone');
  }
  if (task.gate !== undefined && task.kind !== 'train') {
    throw new ShapeError('task.gate', 'none but in a training task');
  }
  if (task.helper?.identityKey === task.aggregatorKey) {
    throw new ShapeError('task.helper.identityKey', 'another key than that of the aggregator');
  }
  return task;
}

/** A task with its signatures; that the helper's is there where it must be, and nowhere else. */
export function decodeSignedTask(value: unknown): SignedTask {
  SIGNED_TASK(value, 'signed');
  const signed = value as SignedTask;
  if ((signed.helperSignature !== null) !== (decodeTask(signed.record).tier === 'split')) {
    throw new ShapeError('signed.helperSignature', 'one in the split tier, and in it alone');
  }
  return signed;
}

export function decodeOpening(value: unknown): OpeningRecord {
  OPENING(value, 'opening');
  return value as OpeningRecord;
}

export function decodeSignedRotation(value: unknown): SignedRotation {
  SIGNED_ROTATION(value, 'rotation');
  return value as SignedRotation;
}

/** @throws ShapeError also where two tasks have one name (K2). */
export function decodeSite(value: unknown): SiteRecord {
  SITE(value, 'site');
  const site = value as SiteRecord;
  if (new Set(site.tasks.map(({ name }) => name)).size < site.tasks.length) {
    throw new ShapeError('site.tasks', 'one task of each name');
  }
  return site;
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
export async function recordHash(record: SignedRecord): Promise<string> {
  return sha256Hex(canonicalBytes(record));
}
