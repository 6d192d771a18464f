/**
 * A listener for a server's operator, apart from the public one and behind one token (SPEC.md, H12).
 * What is refused is a problem document with a code, as elsewhere.
 */
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import {
  OPERATOR_REFUSALS,
  type OperatorRefusalCode,
  Refusal,
} from '../shared/protocol/refusals.ts';
import type { Logger } from './logger.ts';
import { tokenCheck } from './operate/token.ts';
import { type Reply, replyOf, SECURITY_HEADERS } from './replies.ts';
import { listen, stopServer } from './socket.ts';

export interface AdminOptions {
  readonly token: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface RunningAdmin {
  readonly url: string;
  close(): Promise<void>;
}

/** Of the metrics, on every such listener. */
export const METRICS_PATH = '/metrics';

const DRAIN_MS = 2000;
const CLOSED = { 'cache-control': 'no-store' };

export class OperatorRefusal extends Error {
  readonly code: OperatorRefusalCode;

  constructor(code: OperatorRefusalCode, detail = '') {
    super(detail);
    this.code = code;
  }
}

function problem({ code, message }: { code: OperatorRefusalCode; message: string }): Reply {
  const { status, title } = OPERATOR_REFUSALS[code];
  const base = { type: `urn:vitrine:refusal:${code}`, title, status, code };
  const headers: Record<string, string> = {
    ...SECURITY_HEADERS,
    ...CLOSED,
    'content-type': 'application/problem+json',
  };
  if (code === 'unauthorised') headers['www-authenticate'] = 'Bearer';
  const text = JSON.stringify(message === '' ? base : { ...base, detail: message });
  return { status, headers, text };
}

/** What another part threw under a code of this list. */
function namedBy(error: unknown): OperatorRefusalCode | null {
  const { code } = error as { code?: unknown };
  const known = typeof code === 'string' && Object.hasOwn(OPERATOR_REFUSALS, code);
  return known ? (code as OperatorRefusalCode) : null;
}

/** Nobody but the operator's own tools reads here: no page of any origin. */
export function closedReply({ status, headers, text }: Reply): Response {
  const {
    'access-control-allow-origin': _,
    'access-control-expose-headers': __,
    ...rest
  } = headers;
  return new Response(text, { status, headers: rest });
}

/** What an error says behind its code. */
function detailOf(error: Error, code: string): string {
  return error.message.startsWith(`${code}: `)
    ? error.message.slice(code.length + 2)
    : error.message;
}

/** Text of a scrape and its content type; null without prom-client. */
export type Scrape = () => Promise<{ readonly text: string; readonly type: string } | null>;

/** An app that answers nobody without the token, and serves the metrics. */
export function operatorApp(token: string, logger: Logger, scrape: Scrape): Hono {
  const isOperator = tokenCheck(token);
  const app = new Hono();
  app.onError((error) => {
    const code = namedBy(error);
    if (code !== null) return closedReply(problem({ code, message: detailOf(error, code) }));
    const { reply } = replyOf(error, 1, (reason) => logger('error', 'request-failed', { reason }));
    return closedReply(reply);
  });
  app.use(async (c, next) => {
    if (!isOperator(c.req.header('authorization'))) throw new OperatorRefusal('unauthorised');
    if (c.req.raw.url.includes('?')) throw new Refusal('query-not-allowed');
    await next();
  });
  app.notFound(() => {
    throw new Refusal('not-found');
  });
  app.get(METRICS_PATH, async () => {
    const scraped = await scrape();
    if (scraped === null) throw new OperatorRefusal('no-metrics');
    const headers = { ...SECURITY_HEADERS, ...CLOSED, 'content-type': scraped.type };
    return new Response(scraped.text, { headers });
  });
  allowOnly(app, METRICS_PATH, 'GET, HEAD');
  return app;
}

/** Refuses a path's other methods by name; after its routes. */
export function allowOnly(app: Hono, path: string, allow: string): void {
  app.all(path, () => {
    const { reply } = replyOf(new Refusal('method-not-allowed'), 1, () => undefined);
    return closedReply({ ...reply, headers: { ...reply.headers, allow } });
  });
}

/** Listens for the operator. @throws StartError port-in-use, port-forbidden */
export async function listenFor(
  app: Hono,
  { host, port }: AdminOptions,
  logger: Logger,
): Promise<RunningAdmin> {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000 });
  server.maxConnections = 64;
  const serve = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    hostname: 'localhost',
  });
  server.on('request', (request, response) => void serve(request, response));
  const url = await listen(server, host, port, { flag: '--admin-port' });
  server.on('error', (error) => logger('error', 'accept-failed', { reason: error.message }));
  return { url, close: () => stopServer(server, DRAIN_MS) };
}
