/** The folder that `vitrine new` fills: what was made, what was there, and what must never be lost. */
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type KeyPair, loadOrCreateKey, signerOf, writeNew } from './keys.ts';

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** A file of the folder is not what was written there. What it holds is in no message. */
export class DamagedFile extends Error {
  readonly code = 'damaged';

  constructor(path: string) {
    super(`damaged: ${path} is not as it was written; put a copy of it back`);
    this.name = 'DamagedFile';
  }
}

export class SiteFolder {
  readonly made: string[] = [];
  readonly kept: string[] = [];
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  path(name: string): string {
    return join(this.#dir, name);
  }

  async read(name: string): Promise<string | null> {
    try {
      return await readFile(this.path(name), 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  /** What the JSON of a file says, or null without one. @throws DamagedFile */
  async json(name: string): Promise<unknown> {
    const text = await this.read(name);
    if (text === null) return null;
    try {
      return JSON.parse(text);
    } catch {
      throw new DamagedFile(this.path(name));
    }
  }

  /** Writes a file that changes with the site: the old one or the new one is there at any time. */
  async write(name: string, text: string): Promise<void> {
    if ((await this.read(name)) === text) {
      if (!this.made.includes(name)) this.kept.push(name);
      return;
    }
    await this.#replace(name, text);
    if (!this.made.includes(name)) this.made.push(name);
  }

  /** The same for a file of a folder that is told of as one. */
  async copy(folder: string, name: string, bytes: Uint8Array): Promise<void> {
    const path = join(folder, name);
    const before = await readFile(this.path(path)).catch(() => null);
    const same = before !== null && Buffer.compare(before, bytes) === 0;
    if (!same) await this.#replace(path, bytes);
    if (this.made.includes(folder)) return;
    const at = this.kept.indexOf(folder);
    if (same && at < 0) this.kept.push(folder);
    if (same) return;
    if (at >= 0) this.kept.splice(at, 1);
    this.made.push(folder);
  }

  async #replace(name: string, content: string | Uint8Array): Promise<void> {
    const next = this.path(`${name}.next`);
    await mkdir(dirname(next), { recursive: true });
    await rm(next, { force: true });
    await writeNew(next, content, 0o644);
    await rename(next, this.path(name));
  }

  /** Writes a file unless there is one, which then stays as it is. */
  async writeOnce(name: string, text: string, mode: number): Promise<void> {
    if ((await this.read(name)) !== null) {
      this.kept.push(name);
      return;
    }
    try {
      await writeNew(this.path(name), text, mode);
      this.made.push(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      this.kept.push(name);
    }
  }

  /** @throws DamagedFile when what is there is no key pair. */
  async key(name: string): Promise<KeyPair> {
    const before = await this.read(name);
    try {
      const key = await loadOrCreateKey(this.path(name));
      signerOf(key);
      (before === null ? this.made : this.kept).push(name);
      return key;
    } catch (error) {
      // The system's own errors name the file; those of a parser would tell what it holds.
      if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
      throw new DamagedFile(this.path(name));
    }
  }
}
