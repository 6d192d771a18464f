/** The helper's HTTP interface (shared/protocol/opening.ts; SPEC.md, S rules) as a Hono app. */
import { type Context, Hono } from 'hono';
import { canonicalBytes } from '../shared/bytes/canonical.ts';
import { fromUtf8, utf8 } from '../shared/bytes/utf8.ts';
import {
  decodeOpenRequest,
  HELPER_PATHS,
  type HelperStatus,
  OPENED_CONTENT_TYPE,
  type OpenRequest,
  type PrepareAnswer,
  prepareLength,
} from '../shared/protocol/opening.ts';
import {
  PEER_SIGNATURE_HEADER,
  type PeerRequest,
  signReply,
  verifyRequest,
} from '../shared/protocol/peer.ts';
import { Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import { ShapeError } from '../shared/protocol/shape.ts';
import type { Signer } from '../shared/protocol/signature.ts';
import type { Logger } from './logger.ts';
import { jsonReply, type Reply, refusalReply, replyOf, SECURITY_HEADERS } from './replies.ts';

/** What the routes need of a started helper. */
export interface HelperService {
  readonly status: HelperStatus;
  readonly signer: Signer;
  /** Why nothing is answered, or null. */
  readonly notReady: string | null;
  /** Reports of the largest batch that any of its tasks allows. */
  maxReports(): Promise<number>;
  prepare(body: Uint8Array, authenticate: (key: string) => Promise<void>): Promise<PrepareAnswer>;
  open(request: OpenRequest, authenticate: (key: string) => Promise<void>): Promise<Uint8Array>;
  cosign(note: string, authenticate: (keys: readonly string[]) => Promise<void>): Promise<string>;
}

export interface HelperAppDeps {
  readonly service: HelperService;
  readonly logger: Logger;
  /** Hears of every refusal. */
  readonly onRefused?: (code: RefusalCode) => void;
}

/** Requests with a body that are worked on at once. */
const MAX_BUSY = 8;
/** An open request is below 2 KiB, a signed note below 16 KiB. */
const MAX_SMALL_BYTES = 32_768;
const RETRY_AFTER_SECONDS = 1;

interface Answer {
  readonly type: string;
  readonly body: Uint8Array;
}

type Handler = (
  request: PeerRequest,
  authenticate: (...keys: readonly string[]) => Promise<void>,
) => Promise<Answer>;

function answer({ status, headers, text }: Reply): Response {
  return new Response(text, { status, headers });
}

/** Largest body of a route, bytes; asked where a body is not small. */
type LimitOf = () => Promise<number>;

/** The whole body. @throws Refusal too-large, incomplete-body */
async function bodyOf({ req }: Context, limitOf: LimitOf): Promise<Uint8Array> {
  const declared = Number(req.header('content-length') ?? Number.NaN);
  const limit = declared <= MAX_SMALL_BYTES ? MAX_SMALL_BYTES : await limitOf();
  if (!(declared <= limit)) throw new Refusal('too-large', `at most ${limit} bytes, and declared`);
  let body: Uint8Array;
  try {
    body = new Uint8Array(await req.arrayBuffer());
  } catch {
    throw new Refusal('incomplete-body');
  }
  if (body.length !== declared) throw new Refusal('incomplete-body');
  return body;
}

function authenticator(
  request: PeerRequest,
  signature: string | null,
): (...keys: readonly string[]) => Promise<void> {
  return async (...keys) => {
    let refusal: Refusal = new Refusal('bad-peer', 'no key of an aggregator is known');
    for (const key of new Set(keys)) {
      try {
        return await verifyRequest(key, request, signature);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refusal = error;
      }
    }
    throw refusal;
  };
}

function parse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const named = error instanceof SyntaxError || error instanceof RangeError;
    if (!named && !(error instanceof ShapeError)) throw error;
    throw new Refusal('bad-message', error.message);
  }
}

/** Every answer to a message is signed, refusals too, once its body has been read. */
export function createHelperApp({ service, logger, onRefused }: HelperAppDeps): Hono {
  const app = new Hono();
  let busy = 0;

  const small: LimitOf = async () => MAX_SMALL_BYTES;
  const refused = (error: unknown): Reply => {
    const { reply, code } = replyOf(error, RETRY_AFTER_SECONDS, (reason) =>
      logger('error', 'request-failed', { reason }),
    );
    if (code !== null) {
      logger('warn', 'refused', { code });
      onRefused?.(code);
    }
    const { status, text } = reply;
    const type = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
    const retry = reply.headers['retry-after'];
    const wait: Record<string, string> = retry === undefined ? {} : { 'retry-after': retry };
    return { status, text, headers: { ...SECURITY_HEADERS, ...type, ...wait } };
  };

  const message =
    (limitOf: LimitOf, handle: Handler) =>
    async (c: Context): Promise<Response> => {
      if (busy >= MAX_BUSY) throw new Refusal('no-slots');
      busy += 1;
      try {
        const body = await bodyOf(c, limitOf);
        const request: PeerRequest = { method: 'POST', path: c.req.path, body };
        const authenticate = authenticator(request, c.req.header(PEER_SIGNATURE_HEADER) ?? null);
        let status = 200;
        let headers: Readonly<Record<string, string>>;
        let bytes: Uint8Array;
        try {
          if (service.notReady !== null) throw new Refusal('not-ready', service.notReady);
          const { type, body: made } = await handle(request, authenticate);
          bytes = made;
          headers = { ...SECURITY_HEADERS, 'content-type': type, 'cache-control': 'no-store' };
        } catch (error) {
          const reply = refused(error);
          status = reply.status;
          headers = reply.headers;
          bytes = utf8(reply.text);
        }
        const signed = await signReply(service.signer, request, status, bytes);
        const all = { ...headers, ...signed };
        return new Response(bytes as Uint8Array<ArrayBuffer>, { status, headers: all });
      } finally {
        busy -= 1;
      }
    };

  app.onError((error) => answer(refused(error)));
  app.notFound(() => answer(refusalReply(new Refusal('not-found'), RETRY_AFTER_SECONDS)));
  app.use(async (c, next) => {
    if (c.req.raw.url.includes('?')) throw new Refusal('query-not-allowed');
    await next();
  });
  app.get(HELPER_PATHS.livez, () => answer(jsonReply(200, { status: 'ok' })));
  app.get(HELPER_PATHS.readyz, () => {
    const reason = service.notReady;
    if (reason === null) return answer(jsonReply(200, { status: 'ready' }));
    return answer(jsonReply(503, { status: 'not-ready', reason }));
  });
  app.get(HELPER_PATHS.keys, () => answer(jsonReply(200, service.status)));
  app.post(
    HELPER_PATHS.prepare,
    message(
      async () => prepareLength(await service.maxReports()),
      async ({ body }, authenticate) => ({
        type: 'application/json',
        body: canonicalBytes(await service.prepare(body, authenticate)),
      }),
    ),
  );
  app.post(
    HELPER_PATHS.open,
    message(small, async ({ body }, authenticate) => {
      const request = parse(() => decodeOpenRequest(JSON.parse(fromUtf8(body))));
      return { type: OPENED_CONTENT_TYPE, body: await service.open(request, authenticate) };
    }),
  );
  app.post(
    HELPER_PATHS.cosign,
    message(small, async ({ body }, authenticate) => {
      const note = parse(() => fromUtf8(body));
      const line = await service.cosign(note, (keys) => authenticate(...keys));
      return { type: 'text/plain; charset=utf-8', body: utf8(line) };
    }),
  );
  return app;
}
