/** A small site, reports for it, time by hand, and an aggregator on any disk. */

import { createHash } from 'node:crypto';
import type { Hono } from 'hono';
import type { Disk } from '../../aggregator/accumulate/disk.ts';
import { createApp } from '../../aggregator/app.ts';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { generateKey, type KeyPair, signerOf } from '../../aggregator/keys.ts';
import { type Logger, silentLogger } from '../../aggregator/logger.ts';
import { Service, type ServiceDeps } from '../../aggregator/service.ts';
import { type Settings, settingsOf } from '../../aggregator/settings.ts';
import {
  type SiteDraft,
  type TaskDraft,
  type WrittenSite,
  writeSite,
} from '../../aggregator/site.ts';
import type { Clock, Scheduler } from '../../aggregator/time.ts';
import { fromHex } from '../../shared/bytes/hex.ts';
import { encodeInt32LE } from '../../shared/field/fixed.ts';
import type { HeadArchitecture } from '../../shared/model/architecture.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { encodeReport, REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { ModelRecord, Signed, TaskHead, Tier } from '../../shared/protocol/task.ts';

export const ROOT_KEY: KeyPair = generateKey();
export const SERVER_KEY: KeyPair = generateKey();
export const START_MS = 1_700_000_000_000;

export class ManualTime implements Clock, Scheduler {
  now: number;
  #timers: { readonly at: number; readonly work: () => void }[] = [];

  constructor(now = START_MS) {
    this.now = now;
  }

  nowMs(): number {
    return this.now;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.now + Math.max(0, ms), work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  /** Sets the clock and calls what is due, earliest first. */
  set(now: number): void {
    this.now = now;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= this.now);
      const next = due.sort((a, b) => a.at - b.at)[0];
      if (next === undefined) return;
      this.#timers = this.#timers.filter((one) => one !== next);
      next.work();
    }
  }
}

/** A linear head of d weights. */
export function linearHead(d: number): HeadArchitecture {
  const inputs = d === 2 ? ['recency'] : [`category#${d - 1}`];
  return {
    name: 'head',
    head: 'intent',
    label: { name: 'purchase-in-session' },
    inputs,
    hidden: 0,
  };
}

export function draft(name: string, d: number, more: Partial<TaskDraft> = {}): TaskDraft {
  return {
    name,
    kind: 'train',
    tier: 'test',
    architecture: linearHead(d),
    clipL2: 1,
    scaleBits: 16,
    mechanism: { name: 'none' },
    delta: 1e-6,
    participations: 2,
    separationMs: 0,
    quietMs: 0,
    coin: 65_536,
    minReports: 3,
    maxReports: 5,
    windowMs: 60_000,
    expiresAtMs: START_MS + 10 * 365 * 24 * 3600 * 1000,
    recipe: {
      steps: 1,
      learningRate: 0.1,
      negatives: 0,
      maxExamples: 100,
      server: { name: 'fedavg', learningRate: 1, decayRounds: 4 },
    },
    label: 'test periods',
    initialWeights: Array.from({ length: d }, (_, i) => i / 8),
    ...more,
  };
}

export const CATALOGUE = new Uint8Array(100).fill(7);

export function site(
  data: string | Disk,
  tasks: readonly TaskDraft[],
  more: Partial<SiteDraft> = {},
): Promise<WrittenSite> {
  const hash = createHash('sha256').update(CATALOGUE).digest('hex');
  return writeSite(data, {
    site: 'test shop',
    budget: { epsilon: 16, delta: 1e-6 },
    segments: [],
    catalogue: { bytes: CATALOGUE, hash },
    rootKey: ROOT_KEY,
    aggregatorKey: SERVER_KEY.publicKey,
    tasks,
    ...more,
  });
}

export interface Running {
  readonly service: Service;
  readonly app: Hono;
}

export async function boot(
  disk: Disk,
  time: ManualTime,
  settings: Partial<Settings> = {},
  logger: Logger = silentLogger,
  more: Partial<ServiceDeps> = {},
): Promise<Running> {
  const service = await Service.start({
    disk,
    signer: signerOf(SERVER_KEY),
    clock: time,
    scheduler: time,
    logger,
    settings: settingsOf(settings),
    average: await chooseBackend(),
    ...more,
  });
  return { service, app: createApp({ service, logger }) };
}

/** Of a task none of whose versions was restored. */
export interface MadeHead extends Omit<TaskHead, 'model'> {
  readonly model: Signed<ModelRecord> | null;
}

export async function headOf(app: Hono, taskHash: string): Promise<MadeHead> {
  const response = await app.request(PATHS.head(taskHash));
  return (await response.json()) as MadeHead;
}

/** Hash of the round that is open, hex. @throws when none is. */
export async function openRound(app: Hono, taskHash: string): Promise<string> {
  const { round } = await headOf(app, taskHash);
  if (round === null) throw new Error('no round is open');
  return recordHash(round.record);
}

export interface ReportDraft {
  readonly taskHash: string;
  readonly roundHash: string;
  readonly id: number;
  readonly coordinates: readonly number[];
  readonly tier?: Tier;
}

export function idBytes(id: number): Uint8Array {
  return createHash('sha256').update(`id ${id}`).digest().subarray(0, 16);
}

export function report(one: ReportDraft): Uint8Array {
  const header = {
    tier: one.tier ?? 'test',
    id: idBytes(one.id),
    taskHash: fromHex(one.taskHash),
    roundHash: fromHex(one.roundHash),
  };
  return encodeReport(header, encodeInt32LE(Int32Array.from(one.coordinates)));
}

export function post(
  app: Hono,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return Promise.resolve(
    app.request(PATHS.reports, {
      method: 'POST',
      headers: {
        'content-type': REPORT_CONTENT_TYPE,
        'content-length': String(body.length),
        ...headers,
      },
      body: body as Uint8Array<ArrayBuffer>,
    }),
  );
}

/** Code of a problem document. */
export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}
