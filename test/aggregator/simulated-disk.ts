/**
 * A disk in memory that can crash at any numbered point: before and after every append, sync,
 * truncate, rename, remove and folder sync. What was not synced is lost, torn or garbled then.
 */
import {
  type AppendFile,
  type Disk,
  DiskError,
  folderOf,
} from '../../aggregator/accumulate/disk.ts';

export class Crash extends Error {
  constructor(point: number) {
    super(`crash at point ${point}`);
    this.name = 'Crash';
  }
}

interface Inode {
  durable: Uint8Array;
  current: Uint8Array;
}

type FolderOp =
  | { readonly set: string; readonly inode: Inode }
  | { readonly remove: string }
  | { readonly from: string; readonly to: string };

interface Folder {
  readonly durable: Map<string, Inode>;
  readonly current: Map<string, Inode>;
  readonly pending: FolderOp[];
}

/** Deterministic numbers in [0, 1) for tests (mulberry32). */
export function testRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function apply(names: Map<string, Inode>, op: FolderOp): void {
  if ('set' in op) names.set(op.set, op.inode);
  else if ('remove' in op) names.delete(op.remove);
  else {
    const inode = names.get(op.from);
    names.delete(op.from);
    if (inode !== undefined) names.set(op.to, inode);
  }
}

function torn({ durable, current }: Inode, random: () => number): Uint8Array {
  if (current.length < durable.length) return random() < 0.5 ? durable : current;
  const kept = durable.length + Math.floor(random() * (current.length - durable.length + 1));
  const bytes = current.slice(0, random() < 0.3 ? current.length : kept);
  if (random() < 0.4 && bytes.length > durable.length) {
    const from = durable.length + Math.floor(random() * (bytes.length - durable.length));
    bytes.fill(random() < 0.5 ? 0 : 0xa5, from, from + 1 + Math.floor(random() * 64));
  }
  return bytes;
}

export class SimulatedDisk implements Disk {
  /** Points passed so far. */
  points = 0;
  crashAt = Number.POSITIVE_INFINITY;
  crashed = false;
  /** Set to make operations fail: called with the operation and its path. */
  fault: (operation: string, path: string) => DiskError | null = () => null;
  readonly #folders = new Map<string, Folder>();
  readonly #block: number;

  /** @param block of its large files. */
  constructor(block = 1) {
    this.#block = block;
  }

  /** One numbered point; tests call it for their own, such as a reply that goes out. */
  point(): void {
    if (this.crashed) throw new Crash(this.points);
    this.points += 1;
    if (this.points === this.crashAt) {
      this.crashed = true;
      throw new Crash(this.points);
    }
  }

  /** The disk that the next start finds: after a lost power line, or after a killed process. */
  recovered(random: () => number, kind: 'power' | 'kill'): SimulatedDisk {
    const next = new SimulatedDisk(this.#block);
    const inodes = new Map<Inode, Inode>();
    const image = (inode: Inode): Inode => {
      const known = inodes.get(inode);
      if (known !== undefined) return known;
      const bytes = kind === 'kill' ? inode.current : torn(inode, random);
      // After a kill the page cache lives on, and a later loss of power may still take it.
      const made =
        kind === 'kill'
          ? { durable: inode.durable, current: bytes }
          : { durable: bytes, current: bytes };
      inodes.set(inode, made);
      return made;
    };
    for (const [name, folder] of this.#folders) {
      const copied = next.#folder(name);
      for (const [file, inode] of folder.durable) copied.durable.set(file, image(inode));
      if (kind === 'kill') {
        for (const [file, inode] of folder.current) copied.current.set(file, image(inode));
        for (const op of folder.pending) {
          copied.pending.push('set' in op ? { set: op.set, inode: image(op.inode) } : op);
        }
      } else {
        const kept = Math.floor(random() * (folder.pending.length + 1));
        for (const op of folder.pending.slice(0, kept)) {
          apply(copied.durable, 'set' in op ? { set: op.set, inode: image(op.inode) } : op);
        }
        for (const [file, inode] of copied.durable) copied.current.set(file, inode);
      }
    }
    return next;
  }

  /** Every file with its contents, as a reader would find it. */
  files(): Map<string, Uint8Array> {
    const all = new Map<string, Uint8Array>();
    for (const [name, { current }] of [...this.#folders].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const file of [...current.keys()].sort()) {
        all.set(name === '' ? file : `${name}/${file}`, (current.get(file) as Inode).current);
      }
    }
    return all;
  }

  async list(folder: string): Promise<readonly string[]> {
    this.#alive();
    return [...(this.#folders.get(folder)?.current.keys() ?? [])].sort();
  }

  async size(path: string): Promise<number | null> {
    this.#alive();
    return this.#inode(path)?.current.length ?? null;
  }

  async read(path: string, offset = 0, length = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#alive();
    const inode = this.#inode(path);
    if (inode === undefined) throw new DiskError('missing', path);
    return inode.current.slice(offset, Math.min(inode.current.length, offset + length));
  }

  async open(path: string, large = false): Promise<AppendFile> {
    await this.#step('open', path, () => {
      if (this.#inode(path) !== undefined) return;
      const inode = { durable: new Uint8Array(), current: new Uint8Array() };
      this.#change(path, { set: nameOf(path), inode });
    });
    const inode = this.#inode(path) as Inode;
    const step = (operation: string, work: () => void): Promise<void> =>
      this.#step(operation, path, work);
    return {
      get length() {
        return inode.current.length;
      },
      block: large ? this.#block : 1,
      append: (parts) =>
        step('append', () => {
          inode.current = Uint8Array.from(Buffer.concat([inode.current, ...parts]));
        }),
      sync: () =>
        step('sync', () => {
          inode.durable = inode.current;
        }),
      truncate: (length) =>
        step('truncate', () => {
          inode.current = inode.current.slice(0, length);
        }),
      close: async () => this.#alive(),
    };
  }

  async makeFolder(folder: string): Promise<void> {
    this.#alive();
    this.#folder(folder);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#step('rename', to, () => {
      if (folderOf(from) !== folderOf(to)) throw new DiskError('failed', 'across folders');
      this.#change(from, { from: nameOf(from), to: nameOf(to) });
    });
  }

  remove(path: string): Promise<void> {
    return this.#step('remove', path, () => this.#change(path, { remove: nameOf(path) }));
  }

  syncFolder(folder: string): Promise<void> {
    return this.#step('sync-folder', folder, () => {
      const { durable, pending } = this.#folder(folder);
      for (const op of pending.splice(0)) apply(durable, op);
    });
  }

  #alive(): void {
    if (this.crashed) throw new Crash(this.points);
  }

  async #step(operation: string, path: string, work: () => void): Promise<void> {
    await Promise.resolve();
    this.point();
    const fault = this.fault(operation, path);
    if (fault !== null) throw fault;
    work();
    this.point();
  }

  #folder(name: string): Folder {
    const known = this.#folders.get(name);
    if (known !== undefined) return known;
    const made: Folder = { durable: new Map(), current: new Map(), pending: [] };
    this.#folders.set(name, made);
    return made;
  }

  #inode(path: string): Inode | undefined {
    return this.#folders.get(folderOf(path))?.current.get(nameOf(path));
  }

  #change(path: string, op: FolderOp): void {
    const folder = this.#folder(folderOf(path));
    apply(folder.current, op);
    folder.pending.push(op);
  }
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
