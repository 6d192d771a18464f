/**
 * POST /v1/reports, once for web streams (Hono) and once for Node's own request, which costs less
 * per report; both go through the same admission, slots and service.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Acknowledgement } from '../shared/protocol/paths.ts';
import { Refusal, type RefusalCode } from '../shared/protocol/refusals.ts';
import type { Slot } from './accept/slots.ts';
import { TOKEN_HEADER } from './accept/tokens.ts';
import { admittedLength } from './accept/validate.ts';
import type { Logger } from './logger.ts';
import { acknowledgedReply, type Reply, replyOf, replyTo, sendReply } from './replies.ts';
import type { Settings } from './settings.ts';

/** Who takes reports: the service, or a node of a cluster that hands them on. */
export interface ReportTaker {
  readonly settings: Pick<Settings, 'retryAfterSeconds' | 'origins'>;
  /** Exact body lengths of the known tasks. */
  readonly lengths: ReadonlySet<number>;
  readonly slots: { take(length: number): Slot };
  submit(body: Uint8Array, token: string | null): Promise<Acknowledgement>;
  countRefusal(code: RefusalCode): void;
}

export interface ReportDeps {
  readonly service: ReportTaker;
  readonly logger: Logger;
}

function refused(error: unknown, { service, logger }: ReportDeps): Reply {
  const { reply, code } = replyOf(error, service.settings.retryAfterSeconds, (reason) =>
    logger('error', 'report-failed', { reason }),
  );
  if (code !== null) service.countRefusal(code);
  return reply;
}

function admit(
  service: ReportTaker,
  contentType: string | null | undefined,
  contentLength: string | null | undefined,
): Slot {
  const length = admittedLength(contentType, contentLength, service.lengths);
  return service.slots.take(length);
}

/** Reads a report from a web request. */
export async function takeReport(deps: ReportDeps, request: Request): Promise<Reply> {
  const { service } = deps;
  let slot: Slot | null = null;
  try {
    slot = admit(
      service,
      request.headers.get('content-type'),
      request.headers.get('content-length'),
    );
    const reader = request.body?.getReader();
    try {
      for (;;) {
        const next = await reader?.read();
        if (next === undefined || next.done) break;
        slot.push(next.value);
      }
    } catch (error) {
      await reader?.cancel().catch(() => undefined);
      throw error instanceof Refusal ? error : new Refusal('incomplete-body');
    }
    const token = request.headers.get(TOKEN_HEADER);
    return acknowledgedReply(await service.submit(slot.finish(), token));
  } catch (error) {
    return refused(error, deps);
  } finally {
    slot?.release();
  }
}

/** A client that was refused before its body was read gets this long to stop sending. */
const LINGER_MS = 2000;

/** Dropped of a refused body, bytes; a kernel's socket buffers hold about as much anyway. */
const LINGER_BYTES = 1 << 20;

/**
 * Answers before the body was read: the whole answer goes out, then a bounded part of the body is
 * dropped, so that the client reads the answer instead of a reset connection.
 */
function refuseEarly(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const { status, headers, text } = reply;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.write(text);
  let dropped = 0;
  const timer = setTimeout(() => request.destroy(), LINGER_MS);
  request.on('data', (chunk: Uint8Array) => {
    dropped += chunk.length;
    if (dropped > LINGER_BYTES) request.destroy();
  });
  request.on('end', () => response.end());
  request.on('error', () => undefined);
  request.on('close', () => clearTimeout(timer));
}

/**
 * Reads a report from Node's request, straight from the socket's chunks into a slot.
 * @param asks the client waits with its body for a 100 (RFC 9110, 10.1.1); refused, it sends none.
 * @param refusal why it is not taken whatever it is.
 */
export function handleReport(
  deps: ReportDeps,
  request: IncomingMessage,
  response: ServerResponse,
  asks = false,
  refusal: Refusal | null = null,
): void {
  const { service } = deps;
  let slot: Slot;
  try {
    if (refusal !== null) throw refusal;
    const { 'content-type': type, 'content-length': length } = request.headers;
    slot = admit(service, type, length);
  } catch (error) {
    const { origins } = service.settings;
    const reply = replyTo(refused(error, deps), origins, request.headers.origin);
    if (asks) sendReply(response, { ...reply, headers: { ...reply.headers, connection: 'close' } });
    else refuseEarly(request, response, reply);
    return;
  }
  if (asks) response.writeContinue();
  let ended = false;
  request.on('data', (chunk: Uint8Array) => {
    try {
      slot.push(chunk);
    } catch {
      // Node's parser ends a body at its content-length; past it nothing is taken.
      request.destroy();
    }
  });
  request.on('end', () => {
    ended = true;
    const token = request.headers[TOKEN_HEADER];
    void finish(deps, slot, typeof token === 'string' ? token : null, response);
  });
  request.on('error', () => undefined);
  request.on('close', () => {
    if (ended) return;
    slot.release();
    service.countRefusal('incomplete-body');
  });
}

async function finish(
  deps: ReportDeps,
  slot: Slot,
  token: string | null,
  response: ServerResponse,
): Promise<void> {
  let reply: Reply;
  try {
    reply = acknowledgedReply(await deps.service.submit(slot.finish(), token));
  } catch (error) {
    reply = refused(error, deps);
  } finally {
    slot.release();
  }
  sendReply(response, reply, deps.service.settings.origins);
}
