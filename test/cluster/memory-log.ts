/** The log of a cluster in memory: what the engines promise, without their cost, and with faults. */
import {
  assertBytes,
  assertName,
  assertPosition,
  EngineError,
  Fenced,
  type Frame,
  MAX_FRAME_BYTES,
  MAX_VALUE_BYTES,
  type UpdateLog,
  type Value,
} from '../../aggregator/cluster/update-log.ts';

type Operation = 'append' | 'read' | 'last' | 'load' | 'save' | 'drop' | 'list';

/** Before: the call does nothing and fails. After: it counts, and its answer is lost. */
export type Fault = 'before' | 'after' | null;

export class MemoryLog implements UpdateLog {
  readonly engine = 'file';
  readonly promise = 'nothing outlives the process';
  /** Set to make calls fail as an engine does that does not answer. */
  fault: (operation: Operation, name: string) => Fault = () => null;
  /** Set to hold a call back until the promise resolves, as a frozen process does. */
  hold: (operation: Operation, name: string) => Promise<void> | null = () => null;
  readonly #frames = new Map<string, Frame[]>();
  readonly #values = new Map<string, Value>();
  readonly #dropped = new Set<string>();

  append(partition: string, after: number, bytes: Uint8Array): Promise<number> {
    assertBytes(bytes, MAX_FRAME_BYTES);
    assertPosition(after, 'after');
    return this.#call('append', partition, () => {
      const frames = this.#frames.get(partition) ?? [];
      const last = frames.at(-1)?.offset ?? 0;
      if (last !== after || this.#isDropped(partition)) throw new Fenced(partition);
      frames.push({ offset: last + 1, bytes: Uint8Array.from(bytes) });
      this.#frames.set(partition, frames);
      return last + 1;
    });
  }

  async *read(partition: string, after: number): AsyncIterable<Frame> {
    const frames = await this.#call('read', partition, () => this.#frames.get(partition) ?? []);
    // Offsets of a partition are 1, 2, 3 …
    for (let i = after; i < frames.length; i++) yield frames[i] as Frame;
  }

  last(partition: string): Promise<number> {
    return this.#call('last', partition, () => this.#frames.get(partition)?.at(-1)?.offset ?? 0);
  }

  load(key: string): Promise<Value> {
    return this.#call('load', key, () => this.#values.get(key) ?? { revision: 0, bytes: null });
  }

  save(key: string, expected: number, bytes: Uint8Array): Promise<number> {
    assertBytes(bytes, MAX_VALUE_BYTES);
    assertPosition(expected, 'expected');
    return this.#call('save', key, () => {
      const revision = this.#values.get(key)?.revision ?? 0;
      if (revision !== expected || this.#isDropped(key)) throw new Fenced(key);
      this.#values.set(key, { revision: revision + 1, bytes: Uint8Array.from(bytes) });
      return revision + 1;
    });
  }

  drop(name: string): Promise<void> {
    return this.#call('drop', name, () => {
      for (const one of this.#names(name)) {
        this.#frames.delete(one);
        this.#values.delete(one);
      }
      this.#dropped.add(name);
    });
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#call('list', prefix, () => this.#names(prefix));
  }

  async close(): Promise<void> {}

  #names(prefix: string): string[] {
    const all = new Set([...this.#frames.keys(), ...this.#values.keys()]);
    return [...all].filter((name) => prefix === '' || isBelow(name, prefix)).sort();
  }

  #isDropped(name: string): boolean {
    return [...this.#dropped].some((one) => isBelow(name, one));
  }

  async #call<T>(operation: Operation, name: string, work: () => T): Promise<T> {
    if (operation !== 'list') assertName(name, 'name');
    await (this.hold(operation, name) ?? Promise.resolve());
    const fault = this.fault(operation, name);
    if (fault === 'before') throw new EngineError('unavailable', name);
    const done = work();
    if (fault === 'after') throw new EngineError('unavailable', name);
    return done;
  }
}

const isBelow = (name: string, prefix: string): boolean =>
  name === prefix || name.startsWith(`${prefix}/`);
