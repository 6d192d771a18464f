/**
 * The log as static files (C2SP tlog-tiles v1.0.0): paths of tiles and of entry bundles, and the
 * form of a bundle.
 */
import { assertInteger } from '../assert/assert.ts';
import { concatBytes } from '../bytes/concat.ts';
import { LogError } from './checkpoint.ts';

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256;
export const HASH_BYTES = 32;
/** An entry's length is a uint16. */
export const MAX_ENTRY_BYTES = 65_535;
export interface TileName {
  /** 0 for leaf hashes; 'entries' for an entry bundle. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** Path under PATHS.tiles, with its slash. */
export function tilePath({ level, index, width }: TileName): string {
  assertInteger('index', index, 0);
  assertInteger('width', width, 1, TILE_WIDTH);
  let path = String(index % 1000).padStart(3, '0');
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    path = `x${String(rest % 1000).padStart(3, '0')}/${path}`;
  }
  return `/${level}/${path}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** The inverse of `tilePath`; null for any other spelling. */
export function parseTilePath(path: string): TileName | null {
  const match = /^\/(\d|entries)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/.exec(path);
  const [, level, groups, partial] = match ?? [];
  if (level === undefined || groups === undefined) return null;
  const name = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: Number(partial ?? TILE_WIDTH),
  } as const;
  return name.width <= TILE_WIDTH && tilePath(name) === path ? name : null;
}

/** Entries as a bundle: each with its length as a big-endian uint16. */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    assertInteger('entry.length', entry.length, 0, MAX_ENTRY_BYTES);
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return concatBytes(...parts);
}

/** @throws LogError bad-tile unless it holds exactly `count` entries. */
export function decodeBundle(bytes: Uint8Array, count: number): Uint8Array[] {
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at + 2 <= bytes.length && entries.length < count) {
    const length = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
    entries.push(bytes.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (entries.length !== count || at !== bytes.length) {
    throw new LogError('bad-tile', `a bundle does not hold ${count} entries`);
  }
  return entries;
}

/** GET of a public file, at most `maxBytes` of it. */
export type FetchFile = (path: string, maxBytes: number) => Promise<Uint8Array>;

/** What is kept of a checkpoint to compare the next one with; plain JSON. */
export interface KeptCheckpoint {
  readonly size: number;
  /** Hex. */
  readonly root: string;
}
