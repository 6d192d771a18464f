/**
 * The transport over `fetch`: no cookies, no referrer, no redirects, no query (DESIGN.md §2, "The
 * envelope leaks nothing either").
 */
import { assertString } from '../../shared/assert/assert.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REFUSALS } from '../../shared/protocol/refusals.ts';
import { decodeReportHeader, REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { PostResult } from '../post/sender.ts';
import { NetworkError, type Transport } from './transport.ts';
import { isLoopback } from './verify.ts';

/** Site and head records are a few kilobytes. */
const JSON_BYTES = 1 << 18;

/** Acknowledgements and problem documents. */
const ANSWER_BYTES = 1 << 14;

/** Fetch standard, §2.2.6: a request with keepalive may hold 64 KiB in flight; less for headers. */
const KEEPALIVE_BYTES = 60_000;

const TIMEOUT_MS = 30_000;

export interface FetchOptions {
  /** For a whole request, body included, ms. */
  readonly timeoutMs?: number;
}

/**
 * Requests under `endpoint` (an origin and prefix, without a trailing slash).
 *
 * @throws TypeError or RangeError when `endpoint` is no string, or carries a query or fragment.
 */
export function fetchTransport(
  endpoint: string,
  fetchFunction: typeof fetch = (...call) => globalThis.fetch(...call),
  options: FetchOptions = {},
): Transport {
  assertString('endpoint', endpoint);
  if (/[?#]/.test(endpoint)) throw new RangeError('endpoint must have no query and no fragment');
  return new FetchTransport(endpoint.replace(/\/+$/, ''), fetchFunction, options);
}

class FetchTransport implements Transport {
  readonly #endpoint: string;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;

  constructor(endpoint: string, fetchFunction: typeof fetch, options: FetchOptions) {
    this.#endpoint = endpoint;
    this.#fetch = fetchFunction;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  async json(path: string, maxBytes: number = JSON_BYTES): Promise<unknown> {
    const { status, body } = await this.#request(path, { cache: 'no-store' }, maxBytes);
    expectOk(path, status);
    return parse(path, body);
  }

  async bytes(path: string, maxBytes: number): Promise<Uint8Array> {
    // The one file here that changes under its name.
    const init: RequestInit = path === PATHS.checkpoint ? { cache: 'no-store' } : {};
    const { status, body } = await this.#request(path, init, maxBytes);
    expectOk(path, status);
    return body;
  }

  async report(body: Uint8Array, keepalive: boolean): Promise<PostResult> {
    const header = decodeReportHeader(body);
    const id = toHex(header.id);
    // It has no noise, and the outbox may be older than this page's endpoint.
    if (header.tier === 'test' && !isLoopback(absolute(this.#endpoint))) {
      return { accepted: false, code: 'wrong-tier', retryAfterMs: null };
    }
    const {
      status,
      headers,
      body: answer,
    } = await this.#request(
      PATHS.reports,
      {
        method: 'POST',
        body: body as Uint8Array<ArrayBuffer>,
        headers: { 'content-type': REPORT_CONTENT_TYPE },
        cache: 'no-store',
        keepalive: keepalive && body.length <= KEEPALIVE_BYTES,
      },
      ANSWER_BYTES,
    );
    if (status >= 200 && status < 300) {
      // A portal or proxy may answer 200 to anything: only an acknowledgement of this id counts.
      const acknowledged = parse(PATHS.reports, answer) as { id?: unknown } | null;
      if (acknowledged?.id === id) return { accepted: true };
      throw new NetworkError('bad-body', `${PATHS.reports} did not acknowledge this report`);
    }
    return {
      accepted: false,
      code: refusalCode(answer) ?? `http-${status}`,
      retryAfterMs: retryAfterMs(headers.get('retry-after')),
    };
  }

  async #request(path: string, init: RequestInit, maxBytes: number): Promise<Answer> {
    if (!/^\/[^?#]*$/.test(path)) throw new NetworkError('bad-body', 'a path has no query');
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await this.#fetch(this.#endpoint + path, {
        method: 'GET',
        ...init,
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
        signal,
      });
      const { status, headers } = response;
      return { status, headers, body: await readBody(response, maxBytes, path) };
    } catch (error) {
      if (error instanceof NetworkError) throw error;
      const why = signal.aborted ? `no answer in ${this.#timeoutMs} ms` : 'no connection';
      throw new NetworkError('offline', `${path}: ${why}`);
    }
  }
}

/** A page may give an address of its own origin without naming it. */
function absolute(endpoint: string): string {
  const { location } = globalThis as { location?: { href: string } };
  try {
    return new URL(endpoint, location?.href).href;
  } catch {
    return endpoint;
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

function expectOk(path: string, status: number): void {
  if (status === 200) return;
  if (status === 404 || status === 410) throw new NetworkError('not-found', path);
  throw new NetworkError('server', `${path} answered ${status}`);
}

/** Counts while reading: a length header may be absent or wrong. */
async function readBody(response: Response, maxBytes: number, path: string): Promise<Uint8Array> {
  const tooLarge = new NetworkError('too-large', `${path} has more than ${maxBytes} bytes`);
  const declared = Number(response.headers.get('content-length') ?? 0);
  if (declared > maxBytes) {
    await response.body?.cancel();
    throw tooLarge;
  }
  if (response.body === null) return new Uint8Array(0);
  const reader = response.body.getReader();
  let body = new Uint8Array(Math.min(maxBytes, Math.max(declared, 4096)));
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    // A view would keep, and store, the whole buffer behind it.
    if (done) return length === body.length ? body : body.slice(0, length);
    if (length + value.length > maxBytes) {
      await reader.cancel();
      throw tooLarge;
    }
    if (length + value.length > body.length) {
      const larger = new Uint8Array(Math.min(maxBytes, 2 * (length + value.length)));
      larger.set(body.subarray(0, length));
      body = larger;
    }
    body.set(value, length);
    length += value.length;
  }
}

function parse(path: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(body)) as unknown;
  } catch {
    throw new NetworkError('bad-body', `${path} is not JSON`);
  }
}

function refusalCode(body: Uint8Array): string | null {
  try {
    const { code } = JSON.parse(fromUtf8(body)) as { code?: unknown };
    return typeof code === 'string' && Object.hasOwn(REFUSALS, code) ? code : null;
  } catch {
    return null;
  }
}

/** Delay-seconds alone (RFC 9110 §10.2.3): a date would be measured on two clocks. At most a day. */
function retryAfterMs(header: string | null): number | null {
  if (header === null || !/^\d{1,9}$/.test(header)) return null;
  return Math.min(Number(header) * 1000, 86_400_000);
}
