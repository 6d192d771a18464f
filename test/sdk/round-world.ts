/** A small aggregator's public side in memory: real records, keys and bytes behind `fetch`. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect } from 'vitest';
import type { Clock } from '../../sdk/capture/clock.ts';
import type { Database } from '../../sdk/database/database.ts';
import { memoryDatabase } from '../../sdk/database/memory.ts';
import { fetchTransport } from '../../sdk/receive/fetch.ts';
import { Receiver, type ReceiverOptions } from '../../sdk/receive/receiver.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import {
  parameterCount,
  type TowerArchitecture,
  WIDE_FEATURES,
} from '../../shared/model/architecture.ts';
import { discreteGaussian, epsilonOf } from '../../shared/privacy/mechanism.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { decodeReportHeader } from '../../shared/protocol/report.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type {
  ModelRecord,
  RoundRecord,
  SiteRecord,
  Task,
  TaskHead,
} from '../../shared/protocol/task.ts';
import { generateSealingKeys, type SealingKeys } from '../../shared/sharing/seal.ts';
import { budgetOf } from '../contract/database-values.ts';
import { OracleLog } from '../oracles/log.ts';
import { catalogueBytes } from './round-goods.ts';

export const SITE = 'shop.example';
export const ENDPOINT = 'http://127.0.0.1:8080/vitrine';
export const START_MS = 1_800_000_000_000;
const HOUR = 3_600_000;

export const TOWER: TowerArchitecture = {
  name: 'tower',
  kind: 'attention',
  content: 128,
  width: 24,
  historyLength: 10,
};

/** A whole profile in memory. */
export const memory = (): Database => memoryDatabase({ state: 'ready' });
/** Matches a ReceiveError of that name. */
export const because = (code: string, detail: RegExp = /.*/): object =>
  expect.objectContaining({ name: 'ReceiveError', code, detail: expect.stringMatching(detail) });

export function newSigner(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: String(publicKey.export({ format: 'jwk' }).x),
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

/** A clock that a test sets. */
export function testClock(startMs: number = START_MS): Clock & { set(ms: number): void } {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    set: (ms) => {
      nowMs = ms;
    },
  };
}

export interface World {
  readonly root: Signer;
  readonly aggregator: Signer;
  /** The second server's identity, and the keys to which seeds are sealed. */
  readonly helper: Signer;
  readonly sealing: SealingKeys;
  readonly clock: ReturnType<typeof testClock>;
  /** Holds what `openRound` and `publish` made; cosigned by the helper. */
  readonly log: OracleLog;
  /** Answers by path; a test may replace any. */
  readonly answers: Map<string, unknown>;
  /** What was asked, in order. */
  readonly requests: { readonly url: string; readonly init: RequestInit }[];
  /** Bodies of reports that were acknowledged. */
  readonly reports: Uint8Array[];
  readonly fetch: typeof fetch;
  /** What is served of the task that was offered last; a test may change it. */
  readonly head: { -readonly [K in keyof TaskHead]: TaskHead[K] };
  task: Task;
  taskHash: string;
  initialModel: string;
  /** Signs a task and lists it in the site record. */
  offer(change?: Partial<Task>, signer?: Signer): Promise<string>;
  openRound(change?: Partial<RoundRecord>, signer?: Signer): Promise<RoundRecord>;
  publish(change?: Partial<ModelRecord>, signer?: Signer): Promise<ModelRecord>;
  site(change?: Partial<SiteRecord>, signer?: Signer): void;
  receiver(db: Database, change?: Partial<ReceiverOptions>): Receiver;
}

export async function newWorld(): Promise<World> {
  const answers = new Map<string, unknown>();
  const catalogue = catalogueBytes();
  const catalogueHash = await sha256Hex(catalogue);
  answers.set(PATHS.catalogue(catalogueHash), catalogue);
  const none: TaskHead = {
    ...{ round: null, model: null, roundIndex: null, modelIndex: null },
    ...{ candidate: null, origin: null, verdict: null, subject: null },
  };
  const head: World['head'] = { ...none };
  const [aggregator, helper] = [newSigner(), newSigner()];
  const log = new OracleLog(SITE, aggregator);
  log.witness = helper;
  let serial = 0;

  const world: World = {
    root: newSigner(),
    aggregator,
    helper,
    log,
    sealing: await generateSealingKeys(),
    clock: testClock(),
    answers,
    requests: [],
    reports: [],
    head,
    task: undefined as unknown as Task,
    taskHash: '',
    initialModel: '',
    fetch: async (input, init = {}) => {
      const url = String(input);
      world.requests.push({ url, init });
      const path = url.slice(ENDPOINT.length);
      if (init.method === 'POST') {
        const body = new Uint8Array(init.body as Uint8Array);
        const answer = answers.get(path);
        if (answer !== undefined) return respond(answer);
        world.reports.push(body);
        return Response.json({ id: toHex(decodeReportHeader(body).id) }, { status: 201 });
      }
      return respond(answers.get(path) ?? (await log.file(path)) ?? undefined);
    },
    async offer(change = {}, signer = world.root) {
      const d = parameterCount(change.architecture ?? WIDE);
      const start = change.architecture === undefined ? WIDE_FEATURES.map((one) => one.start) : [];
      const model = encodeModel(Float32Array.from({ length: d }, (_, i) => start[i] ?? 0));
      world.initialModel = await sha256Hex(model);
      answers.set(PATHS.model(world.initialModel), model);
      const task: Task = {
        ...taskBase(world, catalogueHash),
        d,
        initialModel: world.initialModel,
        ...change,
      };
      world.task = task;
      world.taskHash = await recordHash(task);
      answers.set(PATHS.task(world.taskHash), {
        ...signRecord(task, signer),
        helperSignature: task.tier === 'split' ? signRecord(task, world.helper).signature : null,
      });
      answers.set(PATHS.head(world.taskHash), head);
      Object.assign(head, none);
      world.site();
      return world.taskHash;
    },
    async openRound(change = {}, signer = world.aggregator) {
      const record: RoundRecord = {
        version: 1,
        type: 'round',
        task: world.taskHash,
        round: 1,
        baseModel: world.initialModel,
        openedAtMs: world.clock.now(),
        deadlineMs: world.clock.now() + HOUR,
        ...change,
      };
      head.round = signRecord(record, signer);
      head.roundIndex = log.add({ type: 'round', round: head.round });
      return record;
    },
    async publish(change = {}, signer = world.aggregator) {
      const weights = encodeModel(new Float32Array(world.task.d).fill(0.25));
      const model = await sha256Hex(weights);
      answers.set(PATHS.model(model), weights);
      const record: ModelRecord = {
        version: 1,
        type: 'model',
        task: world.taskHash,
        modelVersion: 1,
        model,
        previousModel: world.initialModel,
        round: 1,
        roundHash: 'b'.repeat(64),
        reports: 100,
        batch: 'c'.repeat(64),
        closedAtMs: world.clock.now(),
        openings: null,
        ...change,
      };
      const signed = signRecord(record, signer);
      head.model = signed;
      head.modelIndex = log.add({ type: 'model', model: signed });
      head.round = null;
      head.roundIndex = null;
      return record;
    },
    site(change = {}, signer = world.root) {
      const record: SiteRecord = {
        version: 1,
        type: 'site',
        site: SITE,
        serial: ++serial,
        budget: budgetOf(30),
        tasks: [{ name: world.task.name, hash: world.taskHash }],
        segments: [],
        revoked: [],
        ...change,
      };
      answers.set(PATHS.site, signRecord(record, signer));
    },
    receiver: (db, change = {}) =>
      new Receiver({
        transport: fetchTransport(ENDPOINT, world.fetch),
        db,
        trust: `${world.root.publicKey} ${helper.publicKey}`,
        site: SITE,
        endpoint: ENDPOINT,
        maxEpsilon: 8,
        maxTotalEpsilon: 1000,
        allowTestTier: false,
        clock: world.clock,
        ...change,
      }),
  };
  await world.offer();
  return world;
}

const WIDE = { name: 'wide', historyLength: 10 } as const;

function taskBase(world: World, catalogue: string): Omit<Task, 'd' | 'initialModel'> {
  const mechanism = discreteGaussian(0.6893);
  return {
    version: 1,
    type: 'task',
    site: SITE,
    name: 'wide',
    kind: 'train',
    tier: 'local',
    architecture: WIDE,
    clipL2: 0.5,
    scaleBits: 16,
    mechanism: { ...mechanism },
    epsilon: epsilonOf(mechanism, 1e-6, 1),
    delta: 1e-6,
    participations: 2,
    separationMs: 0,
    quietMs: 0,
    coin: 65_536,
    minReports: 100,
    maxReports: 400,
    windowMs: HOUR,
    expiresAtMs: START_MS + 1000 * HOUR,
    catalogue,
    aggregatorKey: world.aggregator.publicKey,
    helper: null,
    recipe: {
      steps: 3,
      learningRate: 0.5,
      negatives: 3,
      maxExamples: 20,
      server: { name: 'fedavg', learningRate: 1, decayRounds: null },
    },
    label: '',
  };
}

function respond(answer: unknown): Response {
  if (answer instanceof Response) return answer.clone();
  if (answer instanceof Error) throw answer;
  if (answer === undefined) return new Response('nothing', { status: 404 });
  if (answer instanceof Uint8Array) return new Response(new Uint8Array(answer));
  return Response.json(answer);
}
