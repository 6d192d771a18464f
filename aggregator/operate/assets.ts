/**
 * What a page loads besides its data: the tag, its engine, the learners and their WASM, read once at
 * start and served from memory: under their version for ever, under `latest` and their own names for
 * a short time.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The browser's files of a build. */
export const ASSET_FILES = [
  'vitrine.js',
  'vitrine-engine.js',
  'vitrine-elements.js',
  'stub.js',
  'worker-wasm.js',
  'worker-webgpu.js',
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm.wasm',
] as const;

/** What a Worker is made of: what a shop copies to its own origin where `blob:` is forbidden. */
export const WORKER_FILES = ASSET_FILES.filter((name) => /engine|worker|wasm/.test(name));

/** Beside the files of a version, their integrity: `{ version, integrity: { NAME: 'sha384-…' } }`. */
export const INTEGRITY_FILE = 'integrity.json';

export interface Asset {
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly gzipped: Uint8Array;
  /** Subresource integrity (W3C SRI), SHA-384. */
  readonly integrity: string;
}

type Files = ReadonlyMap<string, Asset>;

export interface Assets {
  /** Of the newest, such as 0.1.0: the folder under which its files never change. */
  readonly version: string;
  /** Those of the newest. */
  readonly files: Files;
  /** By version, the newest among them. */
  readonly releases: ReadonlyMap<string, Files>;
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
const VERSION = /^\d+\.\d+\.\d+$/;

const TYPES = {
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
};

/** @returns such as 'sha384-…'. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

async function assetOf(name: string, bytes: Uint8Array): Promise<Asset> {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES];
  return {
    type,
    bytes,
    gzipped: await compress(bytes, { level: 9 }),
    integrity: integrityOf(bytes),
  };
}

async function jsonOf(path: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AssetError(`${path} cannot be read`, { cause });
  }
}

/** Version in the package.json beside the folder. @throws AssetError */
async function versionOf(dist: string): Promise<string> {
  const path = join(dist, '..', 'package.json');
  const { version } = await jsonOf(path);
  if (typeof version === 'string' && VERSION.test(version)) return version;
  throw new AssetError(`${path} names no version`);
}

/** What `integrity.json` of a version says of its files. */
function integrityText(version: string, files: ReadonlyMap<string, Asset>): string {
  const integrity = Object.fromEntries([...files].map(([name, one]) => [name, one.integrity]));
  return `${JSON.stringify({ version, integrity }, null, 2)}\n`;
}

/** @param promised integrity by name; what does not have it is not served. */
async function readFiles(
  folder: string,
  names: readonly string[],
  promised: Readonly<Record<string, unknown>> | null,
): Promise<Map<string, Asset>> {
  const files = new Map<string, Asset>();
  for (const name of names) {
    const path = join(folder, name);
    let asset: Asset;
    try {
      asset = await assetOf(name, await readFile(path));
    } catch (cause) {
      throw new AssetError(`${path} cannot be read; run npm run build`, { cause });
    }
    if (promised !== null && promised[name] !== asset.integrity) {
      throw new AssetError(`${path} is not what ${INTEGRITY_FILE} says`);
    }
    files.set(name, asset);
  }
  return files;
}

/** The newest last. */
function rising(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number));
  return [0, 1, 2].map((i) => (a?.[i] ?? 0) - (b?.[i] ?? 0)).find((by) => by !== 0) ?? 0;
}

async function releasesOf(dist: string, versions: readonly string[]): Promise<Map<string, Files>> {
  if (versions.length === 0) {
    return new Map([[await versionOf(dist), await readFiles(dist, ASSET_FILES, null)]]);
  }
  const releases = new Map<string, Files>();
  for (const version of [...versions].sort(rising)) {
    const folder = join(dist, version);
    const { integrity } = await jsonOf(join(folder, INTEGRITY_FILE));
    const promised = Object(integrity) as Record<string, unknown>;
    const names = Object.keys(promised);
    const strange = names.find((name) => !/^[a-z-]+\.(js|wasm)$/.test(name));
    if (strange !== undefined || names.length === 0) {
      throw new AssetError(`${join(folder, INTEGRITY_FILE)} names no files of a build`);
    }
    releases.set(version, await readFiles(folder, names, promised));
  }
  return releases;
}

/**
 * @param dist folder that `npm run build` made, of one version; or one with a folder for each
 *   version, in each of which `integrity.json` names the files: those of older pages.
 * @throws AssetError
 */
export async function loadAssets(dist: string): Promise<Assets> {
  const entries = await readdir(dist).catch((): string[] => []);
  const read = await releasesOf(
    dist,
    entries.filter((name) => VERSION.test(name)),
  );
  const releases = new Map<string, Files>();
  for (const [version, files] of read) {
    const text = new TextEncoder().encode(integrityText(version, files));
    releases.set(
      version,
      new Map([...files, [INTEGRITY_FILE, await assetOf(INTEGRITY_FILE, text)]]),
    );
  }
  const [version = '', files = new Map()] = [...releases].at(-1) ?? [];
  return { version, files, releases };
}

const FOR_EVER = 'public, max-age=31536000, immutable';
const SHORTLY = 'public, max-age=300';

export interface AssetReply {
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * @param version of the path; 'latest', or null without one, is the newest.
 * @returns null where there is no such file.
 */
export function assetReply(
  assets: Assets | null,
  version: string | null,
  name: string,
  acceptEncoding: string | undefined,
): AssetReply | null {
  const isNewest = version === null || version === 'latest';
  const asset = (isNewest ? assets?.files : assets?.releases.get(version))?.get(name);
  if (asset === undefined) return null;
  const zipped = /(^|[\s,])gzip\s*(,|;\s*q=(1|0?\.\d*[1-9])|$)/.test(acceptEncoding ?? '');
  const headers = {
    'content-type': asset.type,
    'cache-control': isNewest ? SHORTLY : FOR_EVER,
    // Or a page with COOP and COEP may not start it as a Worker of its own origin.
    'cross-origin-embedder-policy': 'require-corp',
    vary: 'Accept-Encoding',
    ...(zipped && { 'content-encoding': 'gzip' }),
  };
  return { bytes: zipped ? asset.gzipped : asset.bytes, headers };
}
