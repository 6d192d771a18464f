/** A site's ranker when the site is written: only one that its tasks bear out gets signed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TaskDraft } from '../../aggregator/site.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { type Architecture, WIDE_FEATURES } from '../../shared/model/architecture.ts';
import { encodeCatalogue } from '../../shared/model/codec.ts';
import type { RankerRecord } from '../../shared/model/parts.ts';
import { smallCatalogue } from '../sdk/features-goods.ts';
import { draft, site } from './fixture.ts';

const goods = await smallCatalogue();
const bytes = encodeCatalogue(goods);
const catalogue = { bytes, hash: await sha256Hex(bytes) };
const N = goods.ids.length;
const RANKER: RankerRecord = {
  wide: 'wide',
  pop: { task: 'goods', weight: 0.15, floor: 1.5, scale: 3 },
  ...{ pair: null, deep: null, private: null },
};

const wide = draft('wide', WIDE_FEATURES.length, {
  architecture: { name: 'wide', historyLength: 10 },
  initialWeights: WIDE_FEATURES.map(({ start }) => start),
});
function counting(name: string, d: number, statistic: object): TaskDraft {
  const architecture = { name: 'counts', statistic } as Architecture;
  return draft(name, d, {
    ...{ kind: 'measure', architecture, initialWeights: new Float32Array(d), clipL2: 1 },
    recipe: { server: { name: 'release' } },
  });
}
const popular = counting('goods', N, { name: 'items', items: N });

let dataDir = '';
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

describe('writeSite', () => {
  it('K18 signs a ranker whose tasks are there, and none where none is drafted', async () => {
    const { siteRecord } = await site(dataDir, [wide, popular], { catalogue, ranker: RANKER });
    expect(siteRecord.record.ranker).toEqual(RANKER);
    const plain = await site(dataDir, [wide, popular], { catalogue });
    expect(plain.siteRecord.record).not.toHaveProperty('ranker');
  });

  it('K18 refuses a ranker without its tasks, before anything is written', async () => {
    const refused = (tasks: readonly TaskDraft[], ranker = RANKER) =>
      expect(site(dataDir, tasks, { catalogue, ranker })).rejects;
    await refused([wide]).toThrow(/ranker\.pop\.task/);
    await refused([popular]).toThrow(/ranker\.wide/);
    await refused([wide, popular], { ...RANKER, deep: { task: 'goods' } }).toThrow(/deep\.task/);
    const gate = { task: 'parts', sigmas: 2 };
    const gated = { ...RANKER, pop: { ...RANKER.pop, gate } } as RankerRecord;
    await refused([wide, popular], gated).toThrow(/ranker\.pop\.gate/);
  });

  it.each([
    ['items', N + 1, { name: 'items', items: N + 1 }],
    ['graph-pairs', 7, { name: 'graph-pairs', edges: 7, gaps: 3 }],
    ['popular-pairs', 1, { name: 'popular-pairs', among: [0, N], gaps: 3 }],
  ])('K17 refuses %s of another catalogue', async (_, d, statistic) => {
    const wrong = counting('counted', d, statistic);
    await expect(site(dataDir, [wrong], { catalogue })).rejects.toThrow(/tasks counted: .*goods/);
  });

  it('K17 refuses a list that does not rise', async () => {
    for (const among of [[3, 1], [2, 2], [4]]) {
      const wrong = counting('counted', 1, { name: 'popular-pairs', among, gaps: 3 });
      await expect(site(dataDir, [wrong], { catalogue })).rejects.toThrow(/rising|among/);
    }
  });
});
