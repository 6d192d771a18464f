/** The auditor's way to the servers: fetch, bounded in bytes and time. */
import { Unreachable, UsageError, type Web } from './audit/web.ts';

/**
 * @param url of an aggregator, with its site's prefix where it has one.
 * @throws UsageError for what is no such URL.
 */
export function webOf(url: string, timeoutMs: number): Web {
  let base: URL;
  try {
    base = new URL(url);
  } catch {
    throw new UsageError(`'${url}' is no URL`);
  }
  if (base.search !== '' || base.hash !== '' || !/^https?:$/.test(base.protocol)) {
    throw new UsageError(`'${url}' must be an http(s) URL without a query`);
  }
  const place = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;

  async function ask(
    path: string,
    init: RequestInit,
    maxBytes: number,
  ): Promise<{ status: number; body: Uint8Array }> {
    const parts: Uint8Array[] = [];
    let length = 0;
    let status: number;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(place + path, { ...init, redirect: 'error', signal });
      status = response.status;
      for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        length += part.length;
        if (length > maxBytes) break;
        parts.push(part);
      }
    } catch (cause) {
      const { message, cause: deeper } = cause as Error;
      const why = deeper instanceof Error ? `${message}: ${deeper.message}` : message;
      throw new Unreachable(`${place}${path}: ${why}`, { cause });
    }
    if (length > maxBytes) throw new Error(`${path} answered over ${maxBytes} bytes`);
    return { status, body: new Uint8Array(Buffer.concat(parts)) };
  }

  return {
    get: (path, maxBytes, headers = {}) => ask(path, { headers: { ...headers } }, maxBytes),
    post: (path, body, type) => {
      const init = { method: 'POST', headers: { 'content-type': type } };
      return ask(path, { ...init, body: body as Uint8Array<ArrayBuffer> }, MAX_ANSWER_BYTES);
    },
  };
}

/** An acknowledgement or a problem document. */
const MAX_ANSWER_BYTES = 1 << 16;
