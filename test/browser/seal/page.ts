/** The page side of the sealing test; bundled as the Workers are, driven by Playwright. */
import { fromBase64url } from '../../../shared/bytes/base64url.ts';
import { sha256 } from '../../../shared/bytes/hash.ts';
import { fromHex, toHex } from '../../../shared/bytes/hex.ts';
import {
  generateSealingKeys,
  type SealingKeys,
  sealSeed,
  seedOpener,
} from '../../../shared/sharing/seal.ts';
import { encodeUint32LE, leaderShare } from '../../../shared/sharing/share.ts';
import { fallbackSuite, nativeSuite } from '../../../shared/sharing/suite.ts';

export const ENGINES = { native: nativeSuite, fallback: fallbackSuite } as const;
export type EngineName = keyof typeof ENGINES;

/** What `SealedFor` is here, as hex. */
export interface Names {
  readonly taskHash: string;
  readonly roundHash: string;
  readonly reportId: string;
}

const namesOf = (of: Names) => ({
  taskHash: fromHex(of.taskHash),
  roundHash: fromHex(of.roundHash),
  reportId: fromHex(of.reportId),
});

const sealing = {
  keys: (engine: EngineName): Promise<SealingKeys> => generateSealingKeys(ENGINES[engine]()),

  /** The share of z and the sealed seed, hex. */
  async seal(engine: EngineName, publicKey: string, of: Names, seed: string, z: number[]) {
    const share = encodeUint32LE(await leaderShare(Int32Array.from(z), fromHex(seed)));
    const key = fromBase64url(publicKey);
    const hash = await sha256(share);
    const sealed = await sealSeed(key, namesOf(of), fromHex(seed), hash, ENGINES[engine]());
    return { share: toHex(share), sealed: toHex(sealed) };
  },

  async open(engine: EngineName, keys: SealingKeys, of: Names, sealed: string, hash: string) {
    const opener = await seedOpener(keys, ENGINES[engine]());
    const seed = await opener.open(namesOf(of), fromHex(sealed), fromHex(hash));
    return seed === null ? null : toHex(seed);
  },
};

export type SealingPage = typeof sealing;

Object.assign(window, { sealing });
