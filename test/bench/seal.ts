/**
 * Bench `seal`: HPKE seals and opens per second, one after the other, on WebCrypto's X25519 and on
 * the fallback; `opensConcurrentPerSecond` has 64 of them under way on as many cores as there are.
 */
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import {
  generateSealingKeys,
  type SealedFor,
  type SealingKeys,
  sealSeed,
  seedOpener,
} from '../../shared/sharing/seal.ts';
import { fallbackSuite, nativeSuite, type SealingSuite } from '../../shared/sharing/suite.ts';
import type { BenchOptions, BenchResults } from './contract.ts';

const UNDER_WAY = 64;
const seed = new Uint8Array(32).fill(7);
const hash = new Uint8Array(32).fill(8);

export async function run({ quick }: BenchOptions): Promise<BenchResults> {
  const keys = await generateSealingKeys();
  const native = await rates(nativeSuite(), keys, quick ? 8 : 2000);
  const fallback = await rates(fallbackSuite(), keys, quick ? 2 : 200);
  return { ...native, fallback };
}

async function rates(engine: SealingSuite, keys: SealingKeys, n: number): Promise<BenchResults> {
  const key = fromBase64url(keys.publicKey);
  const opener = await seedOpener(keys, engine);
  const forReport = (i: number): SealedFor => {
    const reportId = new Uint8Array(16);
    new DataView(reportId.buffer).setUint32(0, i);
    return { taskHash: hash, roundHash: hash, reportId };
  };
  const sealed: Uint8Array[] = [];
  const open = async (i: number): Promise<void> => {
    const opened = await opener.open(forReport(i), sealed[i] as Uint8Array, hash);
    if (opened?.[0] !== seed[0]) throw new Error('a seed did not open');
  };
  const perSecond = async (body: () => Promise<void>): Promise<number> => {
    const start = performance.now();
    await body();
    return (1000 * n) / (performance.now() - start);
  };
  const sealsPerSecond = await perSecond(async () => {
    for (let i = 0; i < n; i++) sealed.push(await sealSeed(key, forReport(i), seed, hash, engine));
  });
  const opensPerSecond = await perSecond(async () => {
    for (let i = 0; i < n; i++) await open(i);
  });
  const opensConcurrentPerSecond = await perSecond(async () => {
    for (let i = 0; i < n; i += UNDER_WAY) {
      const count = Math.min(UNDER_WAY, n - i);
      await Promise.all(Array.from({ length: count }, (_, j) => open(i + j)));
    }
  });
  return { sealsPerSecond, opensPerSecond, opensConcurrentPerSecond, reports: n };
}
