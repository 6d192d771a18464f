/** Public, content-addressed files: read once, kept in memory up to a bound, oldest use first out. */
import { type Disk, DiskError } from './accumulate/disk.ts';

export class PublicFiles {
  readonly #disk: Disk;
  readonly #limit: number;
  readonly #kept = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(disk: Disk, limitBytes: number) {
    this.#disk = disk;
    this.#limit = limitBytes;
  }

  /** Bytes of an immutable file, or null where there is none. `path` holds no user's text. */
  async get(path: string): Promise<Uint8Array | null> {
    const kept = this.#kept.get(path);
    if (kept !== undefined) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
      return kept;
    }
    try {
      const bytes = await this.#disk.read(path);
      this.#keep(path, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof DiskError && error.code === 'missing') return null;
      throw error;
    }
  }

  #keep(path: string, bytes: Uint8Array): void {
    if (bytes.length > this.#limit || this.#kept.has(path)) return;
    this.#kept.set(path, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.#limit) break;
      this.#kept.delete(oldest);
      this.#bytes -= old.length;
    }
  }
}
