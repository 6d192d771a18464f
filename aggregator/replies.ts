/** What every answer carries, and refusals as RFC 9457 problem documents. */
import type { ServerResponse } from 'node:http';
import type { Acknowledgement } from '../shared/protocol/paths.ts';
import { problemOf, REFUSALS, Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import { TOKEN_HEADER } from './accept/tokens.ts';
import { DiskError } from './accumulate/disk.ts';
import { type Origins, withOrigin } from './operate/origins.ts';
import { RateLimited } from './operate/rate.ts';

export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
};

/**
 * Any origin may read, unless the site lists those that may (`withOrigin`): every GET is a public
 * file, and no request carries credentials.
 */
export const CORS_HEADERS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after',
};

/** @param tokens whether reports carry blind tokens. */
export function preflightHeaders(tokens: boolean): Readonly<Record<string, string>> {
  return {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': tokens ? `content-type, ${TOKEN_HEADER}` : 'content-type',
    'access-control-max-age': '86400',
    'cache-control': 'no-store',
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export function refusalReply(refusal: Refusal, retryAfterSeconds: number): Reply {
  const { status } = REFUSALS[refusal.code];
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    ...CORS_HEADERS,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  if (status === 503 || status === 429) headers['retry-after'] = String(retryAfterSeconds);
  return { status, headers, text: JSON.stringify(problemOf(refusal)) };
}

function failureReply(): Reply {
  const problem = { type: 'about:blank', title: 'Internal Server Error', status: 500 };
  const headers = {
    ...SECURITY_HEADERS,
    ...CORS_HEADERS,
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  return { status: 500, headers, text: JSON.stringify(problem) };
}

/**
 * Answer to an error, and its code where it is a refusal. A disk that fails is `not-ready`; an
 * error without a name is a 500 of which the client learns nothing. Both are handed to `log`.
 */
export function replyOf(
  error: unknown,
  retryAfterSeconds: number,
  log: (reason: string) => void,
): { readonly reply: Reply; readonly code: RefusalCode | null } {
  let refusal = error;
  if (!(error instanceof Refusal)) log((error as Error).message);
  if (error instanceof DiskError) {
    refusal = new Refusal('not-ready', `the data folder is ${error.code}`);
  }
  if (!(refusal instanceof Refusal)) return { reply: failureReply(), code: null };
  const wait = refusal instanceof RateLimited ? refusal.retryAfterSeconds : retryAfterSeconds;
  return { reply: refusalReply(refusal, wait), code: refusal.code };
}

/** Headers of an acknowledgement, made once: they are sent with every report. */
const ACKNOWLEDGED: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'cache-control': 'no-store',
  'content-type': 'application/json',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
};

export function acknowledgedReply(acknowledgement: Acknowledgement): Reply {
  return { status: 201, headers: ACKNOWLEDGED, text: JSON.stringify(acknowledgement) };
}

export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: {
      ...SECURITY_HEADERS,
      ...CORS_HEADERS,
      'content-type': 'application/json',
      'cache-control': 'no-store',
    },
    text: JSON.stringify(value),
  };
}

/** An answer as pages of these origins may read it. */
export function replyTo(reply: Reply, origins: Origins, origin: string | undefined): Reply {
  return origins === '*'
    ? reply
    : { ...reply, headers: withOrigin(reply.headers, origins, origin) };
}

/** Sends an answer with Node's response, head and body in one write. */
export function sendReply(response: ServerResponse, reply: Reply, origins: Origins = '*'): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers, text } = replyTo(reply, origins, response.req.headers.origin);
  // Without a length, writeHead chooses chunks and the body goes out as a second write.
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
