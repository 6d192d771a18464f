/** What an accept node hands on to the coordinator: everything that is read, and late reports. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PATHS } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import { TOKEN_HEADER } from './accept/tokens.ts';
import { type Answer, NodeUnreachable, type Send } from './cluster/client.ts';
import { refusalReply, sendReply } from './replies.ts';

/** What paths.ts and tiles.ts can make, and no second slash that would name another host. */
const TARGET = /^\/(?!\/)[A-Za-z0-9/.?=&-]{0,300}$/;
/** Heads change a few times a minute; so many readers cost one request. */
const FRESH_MS = 250;
/** Head and bookkeeping of a kept answer, bytes; of its key a browser chooses a part. */
const KEPT_BYTES = 1024;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'date']);

interface Kept {
  readonly answer: Answer;
  /** What it takes, bytes. */
  readonly cost: number;
  readonly immutable: boolean;
}

export class PublicProxy {
  /** Where the coordinator answers, or null. */
  coordinator: string | null = null;
  readonly #send: Send;
  readonly #limitBytes: number;
  readonly #kept = new Map<string, Kept>();
  readonly #asked = new Map<string, Promise<Answer>>();
  #bytes = 0;

  constructor(send: Send, limitBytes: number) {
    this.#send = send;
    this.#limitBytes = limitBytes;
  }

  /** Hands a report on. @throws Refusal not-ready when nobody coordinates. */
  async report(body: Uint8Array, type: string, token: string | null): Promise<Answer> {
    const headers: Record<string, string> = { 'content-type': type };
    if (token !== null) headers[TOKEN_HEADER] = token;
    try {
      return await this.#send(this.#target(), {
        method: 'POST',
        path: PATHS.reports,
        headers,
        body,
      });
    } catch (error) {
      if (!(error instanceof NodeUnreachable)) throw error;
      throw new Refusal('not-ready', 'no coordinator answers');
    }
  }

  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    retryAfterSeconds: number,
  ): Promise<void> {
    try {
      const { method = '', url = '', headers } = request;
      if (!TARGET.test(url)) throw new Refusal('not-found');
      const answer = await this.#answer(method, url, headers.origin);
      const kept = Object.entries(answer.headers).filter(([name]) => !HOP_BY_HOP.has(name));
      response.writeHead(answer.status, Object.fromEntries(kept));
      response.end(method === 'HEAD' ? undefined : answer.body);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal('not-ready');
      sendReply(response, refusalReply(refusal, retryAfterSeconds));
    }
  }

  async #answer(method: string, path: string, origin: string | undefined): Promise<Answer> {
    const key = `${method} ${path} ${origin ?? ''}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept.answer;
    const asked = this.#asked.get(key) ?? this.#ask(key, method, path, origin);
    return asked;
  }

  #ask(key: string, method: string, path: string, origin: string | undefined): Promise<Answer> {
    const headers: Record<string, string> = origin === undefined ? {} : { origin };
    const asked = this.#send(this.#target(), { method, path, headers })
      .then((answer) => {
        this.#keep(key, method, answer);
        return answer;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asked);
    return asked;
  }

  #keep(key: string, method: string, answer: Answer): void {
    if (method !== 'GET' || answer.status !== 200) return;
    const cost = answer.body.length + 2 * key.length + KEPT_BYTES;
    if (cost > this.#limitBytes) return;
    const immutable = answer.headers['cache-control']?.includes('immutable') ?? false;
    this.#kept.set(key, { answer, cost, immutable });
    this.#bytes += cost;
    if (!immutable) setTimeout(() => this.#drop(key), FRESH_MS).unref();
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#kept.get(key)?.cost ?? 0;
    this.#kept.delete(key);
  }

  #target(): string {
    if (this.coordinator === null) throw new Refusal('not-ready', 'no coordinator');
    return this.coordinator;
  }
}
