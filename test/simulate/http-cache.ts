/**
 * The HTTP cache of a browser or CDN, for the shoppers of one process: it keeps answers to GETs that
 * the server marks `immutable` (RFC 8246) and that the request allows to be cached, and nothing
 * else. Every shopper still asks for site, head and task itself.
 */

/** Models of a long run: the oldest answers go first. */
const MAX_ENTRIES = 64;

interface Kept {
  readonly bytes: ArrayBuffer;
  readonly headers: [string, string][];
}

export function cachedFetch(network: typeof fetch = globalThis.fetch): typeof fetch {
  const kept = new Map<string, Kept>();
  return async (input, init) => {
    const cacheable =
      typeof input === 'string' && (init?.method ?? 'GET') === 'GET' && init?.cache !== 'no-store';
    const hit = cacheable ? kept.get(input) : undefined;
    if (hit !== undefined) return new Response(hit.bytes, { headers: hit.headers });
    const response = await network(input, init);
    if (!cacheable || response.status !== 200) return response;
    if (!(response.headers.get('cache-control') ?? '').includes('immutable')) return response;
    const bytes = await response.arrayBuffer();
    const headers = [...response.headers].filter(([name]) => name === 'content-type');
    kept.set(input, { bytes, headers: headers as [string, string][] });
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_ENTRIES) break;
      kept.delete(oldest);
    }
    return new Response(bytes, { headers });
  };
}
