/**
 * A log in memory, written down from RFC 6962 §2.1 and the formula of tlog-tiles, hash by hash and
 * without any of our own tree code; and it can lie.
 */
import { createHash } from 'node:crypto';
import {
  cosignatureLine,
  logOrigin,
  parseNote,
  signCheckpoint,
  witnessName,
} from '../../shared/protocol/checkpoint.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { Signer } from '../../shared/protocol/signature.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());

/** MTH(D[n]) of RFC 6962 §2.1. */
export function merkleTreeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only);
  let split = 1;
  while (2 * split < leaves.length) split *= 2;
  const left = merkleTreeHash(leaves.slice(0, split));
  return sha256(Uint8Array.of(1), left, merkleTreeHash(leaves.slice(split)));
}

export class OracleLog {
  readonly leaves: Uint8Array[] = [];
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  /** Size of the served checkpoint, where it is not that of the log. */
  shown: number | null = null;
  /** Cosigns every checkpoint under its own key. */
  witness: Signer | null = null;
  readonly site: string;
  readonly signer: Signer;

  constructor(site: string, signer: Signer) {
    this.site = site;
    this.signer = signer;
  }

  /** Appends and returns the leaf number. */
  add(entry: LogEntry | Uint8Array): number {
    this.leaves.push(entry instanceof Uint8Array ? entry : leafBytes(entry));
    return this.leaves.length - 1;
  }

  /** The signed note of the tree of the first `size` leaves. */
  async note(size: number = this.shown ?? this.leaves.length): Promise<string> {
    const root = merkleTreeHash(this.leaves.slice(0, size));
    const note = await signCheckpoint({ origin: logOrigin(this.site), size, root }, this.signer);
    if (this.witness === null) return note;
    return (
      note + (await cosignatureLine(parseNote(note), witnessName(this.site), this.witness, 1700))
    );
  }

  /** Body of a file of the log, or null where there is none. */
  async file(path: string): Promise<Uint8Array | null> {
    if (path === PATHS.checkpoint) return new TextEncoder().encode(await this.note());
    if (!path.startsWith(`${PATHS.tiles}/`)) return null;
    const [, level = '', index = '', width = '256'] =
      /^\/(\w+)\/([x\d/]+)(?:\.p\/(\d+))?$/.exec(path.slice(PATHS.tiles.length)) ?? [];
    const span = level === 'entries' ? 1 : 256 ** Number(level);
    const first = Number(index.replace(/\D/g, '')) * 256;
    if ((first + Number(width)) * span > this.leaves.length) return null;
    const parts = Array.from({ length: Number(width) }, (_, i) => {
      const own = this.leaves.slice((first + i) * span, (first + i + 1) * span);
      if (level !== 'entries') return merkleTreeHash(own);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(own[0]?.length ?? 0);
      return Buffer.concat([length, own[0] as Uint8Array]);
    });
    return new Uint8Array(Buffer.concat(parts));
  }

  readonly fetch: FetchFile = async (path, maxBytes) => {
    this.asked.push(path);
    const bytes = await this.file(path);
    if (bytes === null) throw new Error(`not-found: ${path}`);
    if (bytes.length > maxBytes) throw new Error(`too-large: ${path}`);
    return bytes;
  };
}
