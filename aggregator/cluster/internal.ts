/** What an accumulator answers to the other nodes, and how they ask for it. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import type { Accumulator } from './accumulator.ts';
import { NodeUnreachable, type Send } from './client.ts';
import {
  type Addressed,
  type CloseRequest,
  decodeGroup,
  decodeResult,
  encodeGroup,
  encodeResult,
  INTERNAL,
  type PartitionCount,
  type PartitionRef,
  type PartitionResult,
  SECRET_HEADER,
  type Verdict,
} from './wire.ts';

/** Bytes of one group of reports at most. */
export const MAX_GROUP_BYTES = 64 << 20;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

async function read(request: IncomingMessage): Promise<Uint8Array> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!(length <= MAX_GROUP_BYTES)) throw new RangeError('the message is too long');
  // Not from Node's pool: bodies are 8-byte aligned in it.
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    if (at + part.length > length) throw new RangeError('the message is too long');
    bytes.set(part, at);
    at += part.length;
  }
  if (at < length) throw new RangeError('the message ends early');
  return bytes;
}

/** Without the cluster's secret nothing is answered but 401. */
export function internalHandler(
  accumulator: Accumulator,
  secret: string,
  failed: (reason: string) => void,
): RequestListener {
  const expected = digest(secret);
  const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));

  async function answer(url: string, body: Uint8Array): Promise<Uint8Array | null> {
    switch (url) {
      case INTERNAL.reports:
        return json(await accumulator.take(decodeGroup(body)));
      case INTERNAL.counts:
        return json(accumulator.counts());
      case INTERNAL.close:
        return json(await accumulator.close(JSON.parse(fromUtf8(body)) as CloseRequest));
      case INTERNAL.result: {
        const result = await accumulator.result(JSON.parse(fromUtf8(body)) as PartitionRef);
        return result === null ? null : encodeResult(result);
      }
      default:
        return null;
    }
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = request.headers[SECRET_HEADER];
    if (typeof given !== 'string' || !timingSafeEqual(digest(given), expected)) {
      request.resume();
      response.writeHead(401, { connection: 'close' }).end();
      return;
    }
    const bytes = await answer(request.url ?? '', await read(request));
    const head = { 'content-length': bytes?.length ?? 0 };
    response.writeHead(bytes === null ? 404 : 200, head).end(bytes ?? undefined);
  }

  return (request, response) => {
    serve(request, response).catch((error: Error) => {
      failed(error.message);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  };
}

/** An accumulator at a distance. */
export interface AccumulatorClient {
  take(url: string, reports: readonly Addressed[]): Promise<Verdict[]>;
  counts(url: string): Promise<PartitionCount[]>;
  close(url: string, of: CloseRequest): Promise<boolean>;
  result(url: string, of: PartitionRef): Promise<PartitionResult | null>;
}

/** Every call throws NodeUnreachable when there is no answer, or none of this cluster. */
export function accumulatorClient(send: Send, secret: string): AccumulatorClient {
  async function ask(url: string, path: string, body: Uint8Array): Promise<Uint8Array | null> {
    const headers = { [SECRET_HEADER]: secret };
    const answer = await send(url, { method: 'POST', path, headers, body });
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw new NodeUnreachable(`${url}: status ${answer.status}`);
    return answer.body;
  }
  async function parsed<T>(asked: Promise<Uint8Array | null>): Promise<T> {
    const bytes = (await asked) ?? utf8('null');
    try {
      return JSON.parse(fromUtf8(bytes)) as T;
    } catch (cause) {
      throw new NodeUnreachable('an answer that is none of this cluster', { cause });
    }
  }
  const json = (value: unknown): Uint8Array => utf8(JSON.stringify(value));
  return {
    take: (url, reports) => parsed(ask(url, INTERNAL.reports, encodeGroup(reports))),
    counts: (url) => parsed(ask(url, INTERNAL.counts, new Uint8Array())),
    close: (url, of) => parsed(ask(url, INTERNAL.close, json(of))),
    result: async (url, of) => {
      const bytes = await ask(url, INTERNAL.result, json(of));
      return bytes === null ? null : decodeResult(bytes);
    },
  };
}
