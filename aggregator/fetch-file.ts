/** GET of the aggregator's public files, bounded in bytes and in time. */
import type { FetchFile } from '../shared/protocol/tiles.ts';

const TIMEOUT_MS = 20_000;

/**
 * @param url of the aggregator, with its site's prefix where it has one.
 * @throws TypeError for what is no such URL.
 */
export function fetchFrom(url: string): FetchFile {
  const base = new URL(url);
  if (base.search !== '' || base.hash !== '' || !/^https?:$/.test(base.protocol)) {
    throw new TypeError('aggregatorUrl must be an http(s) URL without a query');
  }
  const place = `${base.origin}${base.pathname.replace(/\/+$/, '')}`;
  return async (path, maxBytes) => {
    const response = await fetch(place + path, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new Error(`GET ${path} answered ${response.status}`);
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body as AsyncIterable<Uint8Array>) {
      length += part.length;
      if (length > maxBytes) throw new Error(`GET ${path} answered over ${maxBytes} bytes`);
      parts.push(part);
    }
    return new Uint8Array(Buffer.concat(parts));
  };
}
