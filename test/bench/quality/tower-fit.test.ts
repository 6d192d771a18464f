import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { syntheticFolder } from './synthetic.ts';
import { fitTowers } from './tower-fit.ts';

let folder: string;

/** Shoppers who walk on by one item in a ring of forty that share nothing. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitrine-towers-'));
  const lines = Array.from({ length: 120 }, (_, user) => {
    const items = Array.from({ length: 9 }, (_, at) => 1 + ((user + at) % 40));
    return [user + 1, ...items].join(' ');
  });
  writeFileSync(join(folder, 'sequences.txt'), lines.join('\n'));
  const attributes = Array.from({ length: 40 }, (_, i) => [String(i + 1), [i + 1]]);
  writeFileSync(
    join(folder, 'item2attributes.json'),
    JSON.stringify(Object.fromEntries(attributes)),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('learns an order that content alone cannot tell, alone and on the wide ranker', async () => {
  const lines: string[] = [];
  const fits = await fitTowers(folder, {
    quick: false,
    kinds: ['attention'],
    say: (line) => lines.push(line),
  });
  expect(fits).toMatchObject({ shoppers: 120, items: 40, testRows: 120 });
  const [wide, alone, sum, both] = fits.rows;
  expect([wide?.name, alone?.name, sum?.name, both?.name]).toEqual([
    'wide alone',
    'attention alone',
    'attention alone, added to wide',
    'attention on wide',
  ]);
  expect(wide?.validNdcg10).toBeLessThan(60);
  for (const row of [alone, sum, both]) {
    expect(row?.ndcg10).toBeGreaterThan(90);
    expect(row?.epochs).toBeGreaterThan(0);
  }
  expect(lines.some((line) => line.startsWith('attention alone 1: validation NDCG@10 '))).toBe(
    true,
  );
});

it('takes sessions of bare ids by what stood beside them', async () => {
  const made = syntheticFolder('sessions');
  try {
    const { rows } = await fitTowers(made.folder, { quick: true, kinds: ['mean'] });
    expect(rows.map(({ name }) => name)).toEqual([
      'wide alone',
      'mean alone',
      'mean alone, added to wide',
      'mean on wide',
    ]);
    for (const { hr10, ndcg10 } of rows) {
      expect(hr10).toBeGreaterThanOrEqual(ndcg10);
      expect(hr10).toBeLessThanOrEqual(100);
    }
    // 128 numbers of content, or fewer, by 64: more than a catalogue without vectors would give.
    expect(rows[1]?.weights).toBeGreaterThan(64 * (64 + 4));
  } finally {
    made.remove();
  }
});
