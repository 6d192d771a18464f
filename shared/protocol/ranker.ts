/** Shapes of the ranker's parts, and whether a ranker's record fits its site's tasks (K18 to K20). */
import type { Architecture } from '../model/architecture.ts';
import type { PartName, RankerParts, RankerRecord } from '../model/parts.ts';
import { type Check, integer, nullable, number, object, ShapeError, text } from './shape.ts';

const TASK = text(40);
const WEIGHT = number(0, 1e3);
const POP = { task: TASK, weight: WEIGHT, floor: number(0, 100), scale: number(1e-6, 1e9) };
const PAIR = {
  task: TASK,
  weight: WEIGHT,
  threshold: number(0, 100),
  decay: number(0, 1),
  reach: integer(1, 100),
};
const PAIR_MORE = { scale: number(1e-6, 1e9) };
const DEEP = { task: TASK };
const GATE = { gate: object({ task: TASK, sigmas: number(0, 100) }) };

const someParts: Check = (value, path) => {
  const { pop, pair, deep } = value as RankerParts;
  if (pop === null && pair === null && deep === null) throw new ShapeError(path, 'a part');
};

/** Parts that an evaluation compares: one at least. */
export const PARTS: Check = (value, path) => {
  object({
    pop: nullable(object(POP)),
    pair: nullable(object(PAIR, PAIR_MORE)),
    deep: nullable(object(DEEP)),
  })(value, path);
  someParts(value, path);
};

/** Popularity that an evaluation stands on. */
export const BASE: Check = object(POP);

export const RANKER: Check = object({
  wide: TASK,
  pop: nullable(object(POP, GATE)),
  pair: nullable(object(PAIR, { ...PAIR_MORE, ...GATE })),
  deep: nullable(object(DEEP, GATE)),
  private: nullable(
    object({ rate: number(1e-6, 100), steps: integer(1, 20), pull: number(0, 100) }),
  ),
});

/** A task of the site, as far as its ranker is concerned. */
export interface RankerTask {
  readonly architecture: Architecture;
}

const isOf: Record<PartName, (architecture: Architecture) => boolean> = {
  pop: (one) => one.name === 'counts' && one.statistic.name === 'items',
  pair: (one) =>
    one.name === 'counts' &&
    (one.statistic.name === 'graph-pairs' || one.statistic.name === 'popular-pairs'),
  deep: (one) => one.name === 'tower',
};

/** Why a part cannot be used with these tasks, or null (K18, K20). */
export function misfit(
  ranker: RankerRecord,
  name: PartName,
  taskOf: (name: string) => RankerTask | undefined,
): 'no-task' | 'wrong-task' | 'wrong-gate' | null {
  const part = ranker[name];
  const task = part === null ? undefined : taskOf(part.task);
  if (part === null || task === undefined) return 'no-task';
  if (!isOf[name](task.architecture)) return 'wrong-task';
  const { gate, ...settings } = part;
  if (gate === undefined) return null;
  const measured = taskOf(gate.task)?.architecture;
  if (measured?.name !== 'metrics' || measured.of !== 'parts' || measured.task !== ranker.wide) {
    return 'wrong-gate';
  }
  if (!sameSettings(settings, measured.parts[name])) return 'wrong-gate';
  // With a gate of its own popularity might be off, and what was measured on top of it worth nothing.
  const { base } = measured;
  return base === undefined || sameSettings(base, ranker.pop) ? null : 'wrong-gate';
}

/** @throws ShapeError naming what does not fit the tasks of the site. */
export function assertRanker(
  ranker: RankerRecord,
  taskOf: (name: string) => RankerTask | undefined,
): void {
  if (taskOf(ranker.wide)?.architecture.name !== 'wide') {
    throw new ShapeError('site.ranker.wide', 'the name of a wide task of the site');
  }
  for (const name of ['pop', 'pair', 'deep'] as const) {
    if (ranker[name] === null) continue;
    const reason = misfit(ranker, name, taskOf);
    if (reason === 'wrong-gate') {
      const expected = 'an evaluation of the wide task and of exactly this part';
      throw new ShapeError(`site.ranker.${name}.gate`, expected);
    }
    if (reason !== null) throw new ShapeError(`site.ranker.${name}.task`, 'a task for this part');
  }
}

function sameSettings(a: object, b: object | null): boolean {
  if (b === null) return false;
  const other = new Map(Object.entries(b));
  const own = Object.entries(a);
  return own.length === other.size && own.every(([key, value]) => other.get(key) === value);
}
