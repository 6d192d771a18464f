/**
 * What a page loads besides its data: the tag, the Workers and their WASM, from the folder of the
 * build. They are read once at start and served from memory, under their own names for a short time
 * and under their version for ever.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The browser's files of a build. */
export const ASSET_FILES = [
  'vitrine.js',
  'worker-wasm.js',
  'worker-webgpu.js',
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm.wasm',
] as const;

export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly gzipped: Uint8Array;
  /** Subresource integrity (W3C SRI), SHA-384. */
  readonly integrity: string;
}

export interface Assets {
  /** Of the package, such as 0.1.0: the folder under which its files never change. */
  readonly version: string;
  readonly files: ReadonlyMap<string, Asset>;
}

/** A folder of built files that is not whole. */
export class AssetError extends Error {
  readonly code = 'bad-dist';

  constructor(message: string, options?: ErrorOptions) {
    super(`bad-dist: ${message}`, options);
    this.name = 'AssetError';
  }
}

const compress = promisify(gzip);

const typeOf = (name: string): string =>
  name.endsWith('.wasm') ? 'application/wasm' : 'text/javascript; charset=utf-8';

/** @returns such as 'sha384-…'. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

/** Version in the package.json beside the folder. @throws AssetError */
async function versionOf(dist: string): Promise<string> {
  const path = join(dist, '..', 'package.json');
  let version: unknown;
  try {
    ({ version } = JSON.parse(await readFile(path, 'utf8')) as { version?: unknown });
  } catch (cause) {
    throw new AssetError(`${path} cannot be read`, { cause });
  }
  if (typeof version === 'string' && /^\d+\.\d+\.\d+$/.test(version)) return version;
  throw new AssetError(`${path} names no version`);
}

/** @param dist folder that `npm run build` made. @throws AssetError */
export async function loadAssets(dist: string): Promise<Assets> {
  const version = await versionOf(dist);
  const files = new Map<string, Asset>();
  for (const name of ASSET_FILES) {
    let bytes: Uint8Array;
    try {
      bytes = await readFile(join(dist, name));
    } catch (cause) {
      throw new AssetError(`${join(dist, name)} cannot be read; run npm run build`, { cause });
    }
    const gzipped = await compress(bytes, { level: 9 });
    files.set(name, { type: typeOf(name), bytes, gzipped, integrity: integrityOf(bytes) });
  }
  return { version, files };
}

const FOR_EVER = 'public, max-age=31536000, immutable';
const SHORTLY = 'public, max-age=300';

export interface AssetReply {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * @param version of the path, or null without one.
 * @returns null where there is no such file.
 */
export function assetReply(
  assets: Assets | null,
  version: string | null,
  name: string,
  acceptEncoding: string | undefined,
): AssetReply | null {
  const asset = assets?.files.get(name);
  if (asset === undefined || (version !== null && version !== assets?.version)) return null;
  const zipped = /(^|[\s,])gzip\s*(,|;\s*q=(1|0?\.\d*[1-9])|$)/.test(acceptEncoding ?? '');
  const headers = {
    'content-type': asset.type,
    'cache-control': version === null ? SHORTLY : FOR_EVER,
    vary: 'Accept-Encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
  };
  return { bytes: zipped ? asset.gzipped : asset.bytes, headers };
}
