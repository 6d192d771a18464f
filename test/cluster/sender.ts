/** Simulated browsers that report to a cluster: the same bytes again until something final comes. */
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { report } from '../aggregator/fixture.ts';

export interface Sent {
  /** Hex, as acknowledgements and id lists have it. */
  readonly id: string;
  readonly round: number;
  readonly coordinates: readonly number[];
  acknowledged: boolean;
}

export interface SenderOptions {
  /** Addresses of accept nodes now; they may change. */
  readonly urls: () => readonly string[];
  readonly taskHash: string;
  readonly d: number;
  /** Told of every acknowledgement, with how many there are. */
  readonly acknowledged?: (count: number) => void;
}

const PAUSE_MS = 50;
const TIMEOUT_MS = 5000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Sender {
  readonly sent: Sent[] = [];
  /** Answers by status, 0 for none. */
  readonly answers = new Map<number, number>();
  readonly #options: SenderOptions;
  #next = 0;
  #count = 0;
  #turn = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** Reports, `parallel` at a time, until `enough`. Every fifth goes through two nodes at once. */
  async run(parallel: number, enough: () => boolean): Promise<void> {
    const worker = async (): Promise<void> => {
      while (!enough()) {
        const head = await this.head();
        if (head === null || head.round === null) {
          await pause(PAUSE_MS);
          continue;
        }
        await this.#report(await recordHash(head.round.record), head.round.record.round);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  }

  /** Of the task, from any node; null when none answers with it. */
  async head(): Promise<TaskHead | null> {
    const answer = await this.#ask(PATHS.head(this.#options.taskHash));
    return answer?.status === 200 ? (JSON.parse(answer.text) as TaskHead) : null;
  }

  async #report(roundHash: string, round: number): Promise<void> {
    const { taskHash, d } = this.#options;
    const number = this.#next++;
    const coordinates = Array.from(
      { length: d },
      (_, i) => ((number * 7919 + i * 104_729) % 2001) - 1000,
    );
    const body = report({ taskHash, roundHash, id: number, coordinates });
    const id = Buffer.from(body.subarray(8, 24)).toString('hex');
    const sent: Sent = { id, round, coordinates, acknowledged: false };
    this.sent.push(sent);
    const twice = number % 5 === 0;
    const answers = await Promise.all([
      this.#deliver(body),
      ...(twice ? [this.#deliver(body)] : []),
    ]);
    if (!answers.includes(201)) return;
    sent.acknowledged = true;
    this.#count += 1;
    this.#options.acknowledged?.(this.#count);
  }

  /** Status of the answer that ends it: an acknowledgement, or a refusal that no retry changes. */
  async #deliver(body: Uint8Array): Promise<number> {
    for (;;) {
      const answer = await this.#ask(PATHS.reports, body);
      const status = answer?.status ?? 0;
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      if (status !== 0 && status !== 503) {
        if (status >= 500) throw new Error(`a node answered ${status}: ${answer?.text}`);
        return status;
      }
      await pause(PAUSE_MS);
    }
  }

  async #ask(
    path: string,
    body?: Uint8Array,
  ): Promise<{ readonly status: number; readonly text: string } | null> {
    const urls = this.#options.urls();
    const url = urls[this.#turn++ % urls.length];
    const init: RequestInit =
      body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': REPORT_CONTENT_TYPE },
            body: body as Uint8Array<ArrayBuffer>,
          };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${url}${path}`, { ...init, signal });
      return { status: response.status, text: await response.text() };
    } catch {
      return null;
    }
  }
}
