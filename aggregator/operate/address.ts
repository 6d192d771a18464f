/**
 * Where a request comes from. Addresses live as long as their request; what a bucket is found by is
 * a hash under a key of this process, so that no address is kept, written or told.
 */
import { createHmac, randomBytes } from 'node:crypto';

/** What is read of a request; headers as Node gives them. */
export interface Hops {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socketAddress: string | undefined;
}

function listOf(header: string | readonly string[] | undefined): string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text === '' ? [] : text.split(',').map((part) => part.trim());
}

/**
 * The client's address behind `trustProxy` proxies of one's own: each adds who it heard from at the
 * end of X-Forwarded-For, so what stands further left was written by the client and is not believed.
 */
export function clientAddress({ headers, socketAddress }: Hops, trustProxy: number): string {
  const direct = socketAddress ?? '';
  if (trustProxy === 0) return direct;
  const hops = [...listOf(headers['x-forwarded-for']), direct];
  return hops[Math.max(0, hops.length - 1 - trustProxy)] as string;
}

/** Whether the client came by HTTPS, as the outermost proxy of one's own says it. */
export function cameByTls({ headers }: Pick<Hops, 'headers'>, trustProxy: number): boolean {
  if (trustProxy === 0) return false;
  const said = listOf(headers['x-forwarded-proto']);
  return said[Math.max(0, said.length - trustProxy)] === 'https';
}

/** IPv4 whole; of IPv6 the first 64 bits, which one household or machine has to itself. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1] as string;
  // Some proxies add the client's port, which would give each connection a bucket of its own.
  const bare = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(address);
  if (bare !== null) return networkOf((bare[1] ?? bare[2]) as string);
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('%')[0]?.toLowerCase().split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** @returns what turns an address into a key that means nothing outside this process. */
export function addressKeys(secret: Uint8Array = randomBytes(32)): (address: string) => string {
  return (address) => createHmac('sha256', secret).update(networkOf(address)).digest('base64');
}
