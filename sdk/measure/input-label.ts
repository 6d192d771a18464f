/** Binned inputs and the label of this browser's newest example: rule K24. */
import type { HeadArchitecture } from '../../shared/model/architecture.ts';
import { binOf } from '../../shared/model/baselines/tables.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import { entryCount, type InputLabelStatistic, tablesOf } from '../../shared/model/statistic.ts';
import type { ShopEvent } from '../capture/event.ts';
import { headExamples } from '../features/heads.ts';

/** 1/√t in one cell of each of the t tables; zeros without an example. */
export function inputLabelCounts(
  statistic: InputLabelStatistic,
  events: readonly ShopEvent[],
  catalogue: Catalogue,
  nowMs: number,
): Float32Array<ArrayBuffer> {
  const inputs = statistic.inputs.map(({ input }) => input);
  const { label } = statistic;
  const head: HeadArchitecture = { name: 'head', head: 'counts', label, inputs, hidden: 0 };
  const { features, labels, examples } = headExamples(head, events, catalogue, 1, nowMs);
  const counts = new Float32Array(entryCount(statistic));
  if (examples === 0) return counts;
  const tables = tablesOf(statistic);
  let begin = 0;
  for (const table of tables) {
    let cell = 0;
    let cells = 1;
    for (const one of table) {
      const value = features[statistic.inputs.indexOf(one)] as number;
      cell = cell * (one.edges.length + 1) + binOf(one.edges, value);
      cells *= one.edges.length + 1;
    }
    counts[begin + 2 * cell + (labels[0] as number)] = 1 / Math.sqrt(tables.length);
    begin += 2 * cells;
  }
  return counts;
}
