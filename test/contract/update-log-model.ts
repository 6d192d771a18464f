/** Any interleaving of what clients do agrees with a model of a few lines. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Fenced, type UpdateLog } from '../../aggregator/cluster/update-log.ts';
import { collect, type LogWorld } from './update-log-world.ts';

const PARTS = ['a', 'a/b', 'a-b'];

interface Step {
  readonly kind: 'append' | 'save' | 'read' | 'load' | 'drop' | 'list';
  readonly client: number;
  readonly name: number;
  /** How far behind the last offset or revision the client believes itself to be; reads begin so far
   * before the end, or at 0 for 0. */
  readonly behind: number;
  readonly bytes: Uint8Array;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'append',
    'append',
    'append',
    'save',
    'save',
    'read',
    'load',
    'drop',
    'list',
  ),
  client: fc.nat(1),
  name: fc.nat(PARTS.length - 1),
  behind: fc.constantFrom(0, 0, 0, 1, 2),
  bytes: fc.uint8Array({ maxLength: 40 }),
});

interface Entry {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** What is there, kept beside: names with their frames and every revision of their value. */
class Model {
  readonly frames = new Map<string, Entry[]>();
  readonly values = new Map<string, Entry[]>();

  drop(name: string): void {
    for (const map of [this.frames, this.values]) {
      for (const one of map.keys()) {
        if (one === name || one.startsWith(`${name}/`)) map.delete(one);
      }
    }
  }

  list(): string[] {
    return [...new Set([...this.frames.keys(), ...this.values.keys()])].sort();
  }
}

/** Writes behind what the client believes; the model tells whether that may succeed. */
async function write(
  map: Map<string, Entry[]>,
  name: string,
  { behind, bytes }: Step,
  call: (expected: number) => Promise<number>,
): Promise<void> {
  const all = map.get(name) ?? [];
  const believed = all.at(-1 - behind)?.number ?? 0;
  const last = all.at(-1)?.number ?? 0;
  if (believed !== last) {
    await expect(call(believed)).rejects.toThrow(Fenced);
    return;
  }
  const number = await call(believed);
  expect(number).toBeGreaterThan(last);
  map.set(name, [...all, { number, bytes }]);
}

async function take(log: UpdateLog, model: Model, prefix: string, one: Step): Promise<void> {
  const name = `${prefix}/${PARTS[one.name]}`;
  const frames = model.frames.get(name) ?? [];
  if (one.kind === 'append') {
    await write(model.frames, name, one, (after) => log.append(name, after, one.bytes));
  } else if (one.kind === 'save') {
    await write(model.values, name, one, (expected) => log.save(name, expected, one.bytes));
  } else if (one.kind === 'read') {
    const after = one.behind === 0 ? 0 : (frames.at(-one.behind)?.number ?? 0);
    const wanted = frames.filter(({ number }) => number > after);
    const read = await collect(log, name, after);
    expect(read).toEqual(wanted.map(({ number, bytes }) => ({ offset: number, bytes })));
    expect(await log.last(name)).toBe(frames.at(-1)?.number ?? 0);
  } else if (one.kind === 'load') {
    const value = model.values.get(name)?.at(-1);
    const wanted = { revision: value?.number ?? 0, bytes: value?.bytes ?? null };
    expect(await log.load(name)).toEqual(wanted);
  } else if (one.kind === 'drop') {
    await log.drop(name);
    model.drop(name);
  } else {
    expect(await log.list(prefix)).toEqual(model.list());
  }
}

export function modelContract(world: () => LogWorld): void {
  it('agrees with its model, whatever two clients do in turn', async () => {
    const { open, name } = world();
    const logs = [await open(), await open()];
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        const model = new Model();
        const prefix = name();
        for (const one of steps) await take(logs[one.client] as UpdateLog, model, prefix, one);
        await (logs[0] as UpdateLog).drop(prefix);
        expect(await (logs[1] as UpdateLog).list(prefix)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
}
