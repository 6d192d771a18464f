/**
 * An accept node as a process: it keeps nothing. Reports go to the accumulator of their partition,
 * those of rounds that have ended to the coordinator, and so does everything that is read.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import { type Acknowledgement, PATHS } from '../shared/protocol/paths.ts';
import { type Problem, REFUSALS, Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import { REPORT_CONTENT_TYPE, REPORT_ID_BYTES, reportLength } from '../shared/protocol/report.ts';
import type { Task } from '../shared/protocol/task.ts';
import { LooseSlots } from './accept/slots.ts';
import { checkPayload, coordinateBound, decodeReport } from './accept/validate.ts';
import { httpSend } from './cluster/client.ts';
import { accumulatorClient } from './cluster/internal.ts';
import { Router } from './cluster/router.ts';
import { type RoundsView, ViewReader } from './cluster/view.ts';
import {
  beat,
  coordinatorUrl,
  ignoreEngine,
  monotonicMs,
  type NodeOptions,
  pause,
  type RunningNode,
  serveNode,
} from './cluster-node.ts';
import { PublicProxy } from './cluster-proxy.ts';
import { jsonReply, sendReply } from './replies.ts';
import { handleReport, type ReportTaker } from './reports.ts';
import { stopServer } from './socket.ts';

const ROUND_HASH_AT = 56;

interface Known {
  readonly task: Task;
  readonly hash: string;
  readonly bound: number;
}

const hexOf = (body: Uint8Array, at: number, length: number): string =>
  Buffer.from(body.buffer, body.byteOffset + at, length).toString('hex');

class AcceptNode implements ReportTaker {
  readonly settings: NodeOptions['settings'];
  readonly router: Router;
  readonly slots: LooseSlots;
  readonly #log: NodeOptions['log'];
  readonly #proxy: PublicProxy;
  readonly #view: ViewReader;
  #seen: RoundsView | null = null;
  #tasks: ReadonlyMap<string, Known> = new Map();
  lengths: ReadonlySet<number> = new Set();
  stopping = false;

  constructor({ log, settings }: NodeOptions, router: Router, proxy: PublicProxy) {
    this.#log = log;
    this.settings = settings;
    const { maxInFlight: limit, maxInFlightBytes: limitBytes } = settings;
    this.slots = new LooseSlots({ limit, limitBytes });
    this.router = router;
    this.#proxy = proxy;
    this.#view = new ViewReader(log);
  }

  /** Why reports are not taken, or null. */
  get notReady(): string | null {
    if (this.stopping) return 'stopping';
    if (this.#tasks.size === 0 || this.#proxy.coordinator === null) return 'no coordinator';
    return this.router.holders.includes(null) ? 'a partition has no accumulator' : null;
  }

  countRefusal(): void {}

  /** One step: which rounds there are, who holds what, who coordinates. */
  async refresh(): Promise<void> {
    await this.#look();
    await this.router.refresh();
    this.#proxy.coordinator = await coordinatorUrl(this.#log);
  }

  async submit(body: Uint8Array, token: string | null): Promise<Acknowledgement> {
    if (this.stopping) throw new Refusal('not-ready', 'stopping');
    const known = await this.#taskOf(body);
    checkPayload(body, known.task, known.bound);
    const round = await this.#roundOf(hexOf(body, ROUND_HASH_AT, 32));
    if (round === undefined || round.task !== known.hash) return this.#ended(body, token);
    if ((await this.router.submit(body)) === null) return this.#ended(body, token);
    return { id: hexOf(body, 8, REPORT_ID_BYTES), task: known.hash, round: round.round };
  }

  /** @throws Refusal as `decodeReport` does, for a task that the coordinator does not know either */
  async #taskOf(body: Uint8Array): Promise<Known> {
    const find = (hash: Uint8Array): Known | undefined =>
      this.#tasks.get(Buffer.from(hash).toString('hex'));
    try {
      return decodeReport(body, find);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'unknown-task')) throw error;
      await this.#look().catch(ignoreEngine);
      return decodeReport(body, find);
    }
  }

  async #roundOf(hash: string): Promise<{ task: string; round: number } | undefined> {
    const known = this.#view.view.rounds.get(hash);
    if (known !== undefined) return known;
    await this.#look().catch(ignoreEngine);
    return this.#view.view.rounds.get(hash);
  }

  /** The coordinator knows every round that there was. */
  async #ended(body: Uint8Array, token: string | null): Promise<Acknowledgement> {
    const { status, body: answer } = await this.#proxy.report(body, REPORT_CONTENT_TYPE, token);
    const text = fromUtf8(answer);
    if (status === 201) return JSON.parse(text) as Acknowledgement;
    const { code, detail } = JSON.parse(text) as Partial<Problem>;
    if (code === undefined || !Object.hasOwn(REFUSALS, code)) throw new Refusal('not-ready');
    throw new Refusal(code as RefusalCode, detail);
  }

  async #look(): Promise<void> {
    const view = await this.#view.refresh();
    if (view === this.#seen) return;
    this.#seen = view;
    const known = [...view.tasks].map(
      ([hash, task]) => [hash, { task, hash, bound: coordinateBound(task) }] as const,
    );
    this.#tasks = new Map(known);
    this.lengths = new Set([...view.tasks.values()].map(reportLength));
  }
}

/** @throws StartError */
export async function startAcceptNode(options: NodeOptions): Promise<RunningNode> {
  const { log, secret, partitions, leaseMs, settings, logger } = options;
  const internal = httpSend(leaseMs);
  const client = accumulatorClient(internal.send, secret);
  const limits = { partitions, nowMs: monotonicMs, pause, patienceMs: leaseMs };
  const router = new Router({ log, client, ...limits });
  const proxy = new PublicProxy(internal.send, settings.cacheBytes);
  const node = new AcceptNode(options, router, proxy);
  const deps = { service: node, logger };
  const handle = (asks: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '' } = request;
    if (method === 'POST' && url === PATHS.reports) {
      // Without its tasks this node would refuse for good what is only early.
      const early = node.lengths.size === 0 ? new Refusal('not-ready', 'no coordinator') : null;
      handleReport(deps, request, response, asks, early);
      return;
    }
    request.resume();
    if (url === PATHS.livez) sendReply(response, jsonReply(200, { status: 'ok' }));
    else if (url === PATHS.readyz) {
      const reason = node.notReady;
      const said = reason === null ? { status: 'ready' } : { status: 'not-ready', reason };
      sendReply(response, jsonReply(reason === null ? 200 : 503, said));
    } else void proxy.serve(request, response, settings.retryAfterSeconds);
  };
  const { server, url } = await serveNode(options, handle(false), handle(true));
  const stop = beat(options, () => node.refresh().catch(ignoreEngine));
  let closing: Promise<void> | null = null;
  return {
    url: options.advertised ?? url,
    close() {
      closing ??= (async () => {
        node.stopping = true;
        await stop();
        await stopServer(server, settings.drainMs);
        internal.close();
        logger('info', 'stopped');
      })();
      return closing;
    },
  };
}
