/** The limits of a server and of each of its sites, with defaults and ranges: one table. */

export interface Limit {
  readonly usual: number;
  readonly min: number;
  readonly max: number;
  /** A site may have its own; the others hold for the whole server. */
  readonly perSite: boolean;
  readonly what: string;
}

const site = (usual: number, min: number, max: number, what: string): Limit => {
  return { usual, min, max, perSite: true, what };
};
const server = (usual: number, min: number, max: number, what: string): Limit => {
  return { usual, min, max, perSite: false, what };
};

export const LIMITS = {
  maxInFlight: site(
    1024,
    1,
    65_536,
    'bodies in flight, from the first byte to the acknowledgement',
  ),
  maxInFlightBytes: site(256 << 20, 1 << 16, 2 ** 36, 'memory for them, bytes'),
  flushBytes: site(8 << 20, 1 << 16, 1 << 28, 'largest group of reports in one flush, bytes'),
  retryAfterSeconds: site(2, 1, 3600, 'what Retry-After says when the server is busy, seconds'),
  cacheBytes: site(64 << 20, 0, 2 ** 40, 'public files kept in memory, bytes'),
  helperTimeoutMs: site(60_000, 100, 600_000, 'the helper has this long for one answer'),
  ratePerMinute: site(300, 1, 1_000_000, 'requests that an address regains in a minute'),
  rateBurst: site(300, 1, 1_000_000, 'requests that an address has at once'),
  maxConnections: server(4096, 1, 65_536, 'open connections'),
  maxHeaderBytes: server(8192, 1024, 65_536, 'size of a request’s head, bytes'),
  headersTimeoutMs: server(10_000, 100, 600_000, 'a client has this long for its head'),
  requestTimeoutMs: server(30_000, 100, 600_000, 'a client has this long for its whole request'),
  keepAliveTimeoutMs: server(10_000, 100, 600_000, 'an idle connection is kept this long'),
  drainMs: server(5_000, 0, 600_000, 'requests in progress have this long when the server stops'),
} as const satisfies Readonly<Record<string, Limit>>;

export type LimitName = keyof typeof LIMITS;

export type Limits = { readonly [name in LimitName]: number };
