/** Files of a site's catalogue and cards, each by its hash. */
import { equalBytes } from '../shared/bytes/concat.ts';
import { sha256Hex } from '../shared/bytes/hash.ts';
import { decodeIndex, joinShards, type SplitCatalogue } from '../shared/model/shards.ts';

/** Encoded catalogue, and the SHA-256 in hex by which tasks name it, which is checked. */
export interface PublicCatalogue {
  readonly bytes: Uint8Array;
  /** Of the bytes; where it is published in parts, of the index. */
  readonly hash: string;
  readonly split?: SplitCatalogue | null;
}

/** A part of the cards; one without bytes lies in the folder already. */
export interface CardFile {
  readonly hash: string;
  readonly bytes: Uint8Array | null;
}

/** @throws RangeError for a file of another hash, or parts of another catalogue. */
export async function publicFiles(
  { bytes, hash, split = null }: PublicCatalogue,
  cards: readonly CardFile[] = [],
): Promise<readonly { readonly hash: string; readonly bytes: Uint8Array }[]> {
  const files = [
    { hash, bytes: split?.index ?? bytes },
    ...(split?.parts ?? []),
    ...cards.flatMap((part) =>
      part.bytes === null ? [] : [{ hash: part.hash, bytes: part.bytes }],
    ),
  ];
  for (const file of files) {
    if ((await sha256Hex(file.bytes)) !== file.hash) {
      throw new RangeError('catalogue.hash must be the SHA-256 of catalogue.bytes');
    }
  }
  if (split === null) return files;
  const index = decodeIndex(split.index);
  const parts = split.parts.map((part) => part.bytes);
  if (index === null || !equalBytes(joinShards(index, parts), bytes)) {
    throw new RangeError('catalogue.split must be the parts of catalogue.bytes');
  }
  return files;
}

/**
 * The catalogue that lies in a folder, whole or in parts.
 *
 * @param read gives a file by its hash
 * @throws RangeError for files that are no catalogue.
 */
export async function readPublic(
  hash: string,
  read: (hash: string) => Promise<Uint8Array>,
): Promise<PublicCatalogue> {
  const bytes = await read(hash);
  const index = decodeIndex(bytes);
  if (index === null) return { bytes, hash };
  const parts: { hash: string; bytes: Uint8Array }[] = [];
  for (const part of index.shards) parts.push({ hash: part.hash, bytes: await read(part.hash) });
  const whole = joinShards(
    index,
    parts.map((part) => part.bytes),
  );
  return { bytes: whole, hash, split: { index: bytes, hash, parts } };
}
