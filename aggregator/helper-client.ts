/**
 * The aggregator's side of the wire between the two servers (shared/protocol/SPEC.md, S and RD
 * rules): every request signed, every answer verified, bounded in time and length. What an answer
 * says is checked by `attest.ts`.
 */
import { assertInteger } from '../shared/assert/assert.ts';
import { canonicalBytes } from '../shared/bytes/canonical.ts';
import { concatBytes } from '../shared/bytes/concat.ts';
import { fromUtf8 } from '../shared/bytes/utf8.ts';
import {
  decodeOpened,
  decodePrepareAnswer,
  HELPER_PATHS,
  type OpenedAnswer,
  type OpenRequest,
  PREPARE_CONTENT_TYPE,
  type PrepareAnswer,
} from '../shared/protocol/opening.ts';
import {
  PEER_SIGNATURE_HEADER,
  type PeerRequest,
  signRequest,
  verifyReply,
} from '../shared/protocol/peer.ts';
import { REFUSALS, type RefusalCode } from '../shared/protocol/refusals.ts';
import type { Signer } from '../shared/protocol/signature.ts';

/**
 * What is wrong with an answer that was signed, or not, by the helper: such a helper is not
 * believed. Any other failure is one of reaching it, or its own refusal by name.
 */
const DISTRUSTED = [
  'bad-peer',
  'bad-message',
  'bad-signature',
  'wrong-batch',
  'wrong-noise',
  'wrong-share',
  'wrong-sequence',
] as const;

export type HelperFault = (typeof DISTRUSTED)[number] | 'unreachable' | RefusalCode;

/** The helper did not open a batch. `code` says why; `refused`: it said so itself, signed. */
export class HelperError extends Error {
  readonly code: HelperFault;
  readonly refused: boolean;

  constructor(
    code: HelperFault,
    detail: string,
    options: ErrorOptions & { refused?: boolean } = {},
  ) {
    super(`${code}: ${detail}`, options);
    this.name = 'HelperError';
    this.code = code;
    this.refused = options.refused ?? false;
  }

  /** Nothing that this helper said may be used. */
  get distrusted(): boolean {
    return !this.refused && (DISTRUSTED as readonly string[]).includes(this.code);
  }
}

/** Whom to believe, and when to stop waiting. */
export interface HelperPeer {
  /** Ed25519 identity key that the task names, base64url. */
  readonly identityKey: string;
  readonly signal?: AbortSignal;
}

/** Every method rejects with HelperError. */
export interface HelperClient {
  /** @param message encoded `PrepareMessage` of `reports` reports. */
  prepare(peer: HelperPeer, message: Uint8Array, reports: number): Promise<PrepareAnswer>;
  /** @param d coordinates of the share that is expected. */
  open(peer: HelperPeer, request: OpenRequest, d: number): Promise<OpenedAnswer>;
  /** Sends a message about the log; what comes back is the log's to read. */
  cosign(peer: HelperPeer, body: Uint8Array): Promise<Uint8Array>;
}

export interface HelperClientOptions {
  /** Origin of the helper: scheme, host and port. */
  readonly url: string;
  /** Holds the aggregator's key, which tasks name. */
  readonly signer: Signer;
  readonly timeoutMs: number;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** Of one rejected report in JSON: 32 digits of the id, the reason, and the names around them. */
const REJECTED_BYTES = 80;
/** A problem document, or the frame of a JSON answer. */
const SMALL_BYTES = 8192;
/** A checkpoint with its signatures (C2SP signed-note) is at most 16 KiB. */
const COSIGN_BYTES = 65_536;
/** On top of the time for an answer, per seed that the helper opens: HPKE takes below 2 ms. */
const SEED_MS = 5;
/** Entries of the log wait for a cosignature, while the helper answers. */
const COSIGN_MS = 5000;
/** What a proxy answers, unsigned, for a helper that it cannot reach. */
const GATEWAY: readonly number[] = [502, 503, 504];

/** @throws RangeError when `url` is no origin of http or https. */
export function httpHelper(options: HelperClientOptions): HelperClient {
  const { origin, protocol, href } = new URL(options.url);
  if (!/^https?:$/.test(protocol) || href !== `${origin}/`) {
    throw new RangeError('helper.url must be an origin of http or https');
  }
  assertInteger('timeoutMs', options.timeoutMs, 1);
  const { signer, timeoutMs, fetch: send = globalThis.fetch } = options;

  async function exchange(
    { identityKey, signal }: HelperPeer,
    path: string,
    type: string,
    body: Uint8Array,
    maxBytes: number,
    limitMs = timeoutMs,
  ): Promise<Uint8Array> {
    const request: PeerRequest = { method: 'POST', path, body };
    const { signal: stop, release } = stopAfter(limitMs, signal);
    const headers = { 'content-type': type, ...(await signRequest(signer, 'POST', path, body)) };
    let response: Response;
    let bytes: Uint8Array;
    try {
      response = await send(origin + path, {
        method: 'POST',
        headers,
        body: body as Uint8Array<ArrayBuffer>,
        redirect: 'error',
        signal: stop,
      });
      bytes = await read(response, maxBytes);
    } catch (cause) {
      if (cause instanceof HelperError) throw cause;
      throw new HelperError('unreachable', (cause as Error).message, { cause });
    } finally {
      release();
    }
    const signature = response.headers.get(PEER_SIGNATURE_HEADER);
    if (signature === null && GATEWAY.includes(response.status)) {
      throw new HelperError('unreachable', `status ${response.status}`);
    }
    try {
      await verifyReply(identityKey, request, response.status, bytes, signature);
    } catch (cause) {
      throw new HelperError('bad-peer', (cause as Error).message, { cause });
    }
    if (response.status !== 200) throw refusalOf(response.status, bytes);
    return bytes;
  }

  return {
    prepare: async (peer, message, reports) => {
      const maxBytes = SMALL_BYTES + REJECTED_BYTES * reports;
      const { prepare } = HELPER_PATHS;
      const limitMs = timeoutMs + SEED_MS * reports;
      const type = PREPARE_CONTENT_TYPE;
      const bytes = await exchange(peer, prepare, type, message, maxBytes, limitMs);
      return decoded(() => decodePrepareAnswer(JSON.parse(fromUtf8(bytes))));
    },
    open: async (peer, request, d) => {
      const body = canonicalBytes(request);
      const maxBytes = SMALL_BYTES + 4 * d;
      const bytes = await exchange(peer, HELPER_PATHS.open, 'application/json', body, maxBytes);
      return decoded(() => decodeOpened(bytes, d));
    },
    cosign: (peer, body) => {
      const limitMs = Math.min(COSIGN_MS, timeoutMs);
      const type = 'text/plain; charset=utf-8';
      return exchange(peer, HELPER_PATHS.cosign, type, body, COSIGN_BYTES, limitMs);
    },
  };
}

/**
 * Aborts after `ms`, or with `outer`. In Node 20 a signal of `AbortSignal.any` or `timeout` may be
 * collected before it fires (nodejs/node#57736), so neither is used.
 */
function stopAfter(
  ms: number,
  outer: AbortSignal | undefined,
): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Error('stopped'));
  const timer = setTimeout(() => controller.abort(new Error(`no answer in ${ms} ms`)), ms);
  if (outer?.aborted) abort();
  outer?.addEventListener('abort', abort);
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', abort);
    },
  };
}

async function read({ body }: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) return concatBytes(...parts);
    length += next.value.length;
    if (length > maxBytes) {
      await reader?.cancel();
      throw new HelperError('bad-message', `an answer of more than ${maxBytes} bytes`);
    }
    parts.push(next.value);
  }
}

async function decoded<T>(decode: () => T | Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    throw new HelperError('bad-message', (cause as Error).message, { cause });
  }
}

/** The helper's own refusal, from a signed problem document. */
function refusalOf(status: number, bytes: Uint8Array): HelperError {
  try {
    const { code, detail } = JSON.parse(fromUtf8(bytes)) as { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && Object.hasOwn(REFUSALS, code)) {
      const why = typeof detail === 'string' ? detail.slice(0, 200) : `status ${status}`;
      return new HelperError(code as RefusalCode, why, { refused: true });
    }
  } catch {
    // Falls through to the error below: a body that is no problem document has no name.
  }
  return new HelperError('bad-message', `status ${status} without a name`);
}
