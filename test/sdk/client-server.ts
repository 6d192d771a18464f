/** An aggregator in memory, with real records, signatures and bytes, that can misbehave. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { PostResult } from '../../sdk/post/sender.ts';
import { NetworkError, type Transport } from '../../sdk/receive/transport.ts';
import type { WorkerApi, WorkerConfig } from '../../sdk/worker-api.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { WIDE_FEATURES } from '../../shared/model/architecture.ts';
import type { RankerRecord } from '../../shared/model/parts.ts';
import type { Recipe } from '../../shared/model/recipe.ts';
import { discreteGaussian } from '../../shared/privacy/mechanism.ts';
import { sigmaOfEpsilon } from '../../shared/privacy/zcdp.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { decodeReportHeader } from '../../shared/protocol/report.ts';
import { type Signer, signRecord } from '../../shared/protocol/signature.ts';
import type {
  ModelRecord,
  RoundRecord,
  Signed,
  SiteRecord,
  Task,
} from '../../shared/protocol/task.ts';
import { budgetOf } from '../contract/database-values.ts';
import { OracleLog } from '../oracles/log.ts';
import { catalogueBytes } from './client-goods.ts';

export type Mood = 'well' | 'offline' | 'nonsense' | 'silent' | 'other-key' | 'wrong-catalogue';

export function keyPair(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKey.export({ format: 'jwk' }).x as string,
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  };
}

export interface ServerOptions {
  readonly nowMs: number;
  readonly task?: Partial<Task>;
  /** Weights of version 0; the wide ranker's when left out. */
  readonly start?: Float32Array;
  /** Of the site's record; beside the task there is then an untrained one named 'wide'. */
  readonly ranker?: RankerRecord;
}

const TRAINING: Recipe = {
  ...{ steps: 2, learningRate: 0.1, negatives: 4, maxExamples: 32 },
  server: { name: 'fedavg', learningRate: 1, decayRounds: null },
};

const EMPTY_HEAD = {
  ...{ round: null, model: null, roundIndex: null, modelIndex: null },
  ...{ candidate: null, origin: null, verdict: null, subject: null },
};

export class FakeServer implements Transport {
  mood: Mood = 'well';
  /** Every request, in order. */
  readonly requests: string[] = [];
  readonly received: string[] = [];
  readonly root = keyPair();
  readonly #aggregator = keyPair();
  readonly log = new OracleLog('shop', this.#aggregator);
  readonly #stranger = keyPair();
  readonly #json = new Map<string, unknown>();
  readonly #bytes = new Map<string, Uint8Array>();
  readonly #task: Task;
  taskHash = '';
  #round: Signed<RoundRecord> | null = null;
  #model: Signed<ModelRecord> | null = null;
  #roundIndex: number | null = null;
  #modelIndex: number | null = null;
  #modelHash: string;
  #ranker: { tasks: SiteRecord['tasks']; ranker?: RankerRecord } = { tasks: [] };

  static async start(options: ServerOptions): Promise<FakeServer> {
    const catalogue = catalogueBytes();
    const catalogueHash = await sha256Hex(catalogue);
    const initial = encodeModel(options.start ?? WIDE_FEATURES.map(({ start }) => start));
    const initialHash = await sha256Hex(initial);
    const server = new FakeServer(catalogueHash, initialHash, options);
    server.#bytes.set(PATHS.catalogue(catalogueHash), catalogue);
    server.#bytes.set(PATHS.model(initialHash), initial);
    server.taskHash = await recordHash(server.#task);
    if (options.ranker !== undefined) await server.#addWide(options.ranker);
    server.publishSite(1);
    server.openRound(1, options.nowMs);
    return server;
  }

  async #addWide(ranker: RankerRecord): Promise<void> {
    const model = encodeModel(WIDE_FEATURES.map(({ start }) => start));
    const task: Task = {
      ...{ ...this.#task, name: 'wide', kind: 'train', d: WIDE_FEATURES.length, clipL2: 0.5 },
      ...{ architecture: { name: 'wide', historyLength: 20 }, recipe: TRAINING },
      initialModel: await sha256Hex(model),
    };
    const hash = await recordHash(task);
    this.#bytes.set(PATHS.model(task.initialModel), model);
    this.#json.set(PATHS.task(hash), { ...signRecord(task, this.root), helperSignature: null });
    this.#json.set(PATHS.head(hash), EMPTY_HEAD);
    this.#ranker = { ranker, tasks: [{ name: 'wide', hash }] };
  }

  private constructor(catalogue: string, initialModel: string, options: ServerOptions) {
    this.#modelHash = initialModel;
    this.#task = {
      version: 1,
      type: 'task',
      site: 'shop',
      name: 'wide',
      kind: 'train',
      tier: 'local',
      architecture: { name: 'wide', historyLength: 20 },
      d: WIDE_FEATURES.length,
      clipL2: 0.5,
      scaleBits: 12,
      mechanism: discreteGaussian(sigmaOfEpsilon(4, 1e-6)),
      epsilon: 4,
      delta: 1e-6,
      participations: 2,
      separationMs: 0,
      quietMs: 10_000,
      coin: 65_536,
      minReports: 200,
      maxReports: 400,
      windowMs: 60_000,
      expiresAtMs: options.nowMs + 30 * 24 * 3600 * 1000,
      catalogue,
      initialModel,
      aggregatorKey: this.#aggregator.publicKey,
      helper: null,
      recipe: TRAINING,
      label: 'test periods',
      ...options.task,
    };
  }

  get task(): Task {
    return this.#task;
  }

  putBytes(path: string, bytes: Uint8Array): void {
    this.#bytes.set(path, bytes);
  }

  publishSite(
    serial: number,
    revoked: readonly string[] = [],
    cards: readonly string[] = [],
  ): void {
    const site: SiteRecord = {
      version: 1,
      type: 'site',
      site: 'shop',
      serial,
      budget: budgetOf(20),
      tasks: [...this.#ranker.tasks, { name: this.#task.name, hash: this.taskHash }],
      ...(this.#ranker.ranker && { ranker: this.#ranker.ranker }),
      segments: [{ id: 'active', label: 'Active', when: 'events >= 1' }],
      revoked,
      ...(cards.length > 0 && { cards }),
    };
    this.#json.set(PATHS.site, signRecord(site, this.root));
    this.#json.set(PATHS.task(this.taskHash), {
      ...signRecord(this.#task, this.root),
      helperSignature: null,
    });
  }

  openRound(round: number, nowMs: number): void {
    this.#round = signRecord(
      {
        version: 1,
        type: 'round',
        task: this.taskHash,
        round,
        baseModel: this.#modelHash,
        openedAtMs: nowMs,
        deadlineMs: nowMs + this.#task.windowMs,
      },
      this.#aggregator,
    );
    this.#roundIndex = this.log.add({ type: 'round', round: this.#round });
  }

  async publish(modelVersion: number, weights: readonly number[], nowMs: number): Promise<void> {
    const bytes = encodeModel(weights);
    const model = await sha256Hex(bytes);
    this.#bytes.set(PATHS.model(model), bytes);
    const round = this.#round?.record as RoundRecord;
    this.#model = signRecord(
      {
        version: 1,
        type: 'model',
        task: this.taskHash,
        modelVersion,
        model,
        previousModel: this.#modelHash,
        round: round.round,
        roundHash: await recordHash(round),
        reports: 200,
        batch: '0'.repeat(64),
        closedAtMs: nowMs,
        openings: null,
      },
      this.#aggregator,
    );
    this.#modelHash = model;
    this.#modelIndex = this.log.add({ type: 'model', model: this.#model });
    this.openRound(round.round + 1, nowMs);
  }

  async json(path: string): Promise<unknown> {
    await this.#meet(path);
    if (this.mood === 'nonsense') return { hello: 'world', record: 7 };
    if (path === PATHS.head(this.taskHash))
      return {
        round: this.#round,
        model: this.#model,
        roundIndex: this.#roundIndex,
        modelIndex: this.#modelIndex,
        ...{ candidate: null, origin: null, verdict: null, subject: null },
      };
    const answer = this.#json.get(path);
    if (answer === undefined) throw new NetworkError('not-found', path);
    if (this.mood !== 'other-key') return answer;
    return signRecord((answer as Signed<SiteRecord>).record, this.#stranger);
  }

  async bytes(path: string): Promise<Uint8Array> {
    await this.#meet(path);
    const answer = this.#bytes.get(path) ?? (await this.log.file(path));
    if (answer === null) throw new NetworkError('not-found', path);
    if (this.mood === 'nonsense') return new Uint8Array([1, 2, 3]);
    const wrong = this.mood === 'wrong-catalogue' && path.startsWith('/v1/catalogues/');
    return wrong ? answer.map((byte, i) => (i === 40 ? byte ^ 1 : byte)) : answer;
  }

  async report(body: Uint8Array): Promise<PostResult> {
    await this.#meet(PATHS.reports);
    if (this.mood === 'nonsense') throw new NetworkError('bad-body', 'not an acknowledgement');
    this.received.push(toHex(decodeReportHeader(body).id));
    return { accepted: true };
  }

  async #meet(path: string): Promise<void> {
    this.requests.push(path);
    if (this.mood === 'offline') throw new NetworkError('offline', 'no connection');
    if (this.mood === 'silent') await new Promise(() => undefined);
  }
}

/** A learner that finds nothing to change, as with an empty history; the round around it is real. */
export function zeroWorker(server: FakeServer): (config: WorkerConfig) => WorkerApi {
  return (config) => ({
    connect: async () => ({ backend: config.backend, reason: 'found', tried: [] }),
    async train(_request, onProgress) {
      onProgress?.({ step: 1, steps: 1, loss: 0.5 });
      return { delta: new Float32Array(server.task.d), losses: [0.5], backend: config.backend };
    },
    abort: async () => undefined,
  });
}
