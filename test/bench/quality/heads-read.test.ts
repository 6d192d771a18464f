import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { ordersTable, readOrders, timeOf } from './heads-orders.ts';
import { parseTable, readTables } from './heads-read.ts';
import { isSessionTable, kindOf, sessionTarget } from './heads-table.ts';
import { orderSet } from './heads-targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitrine-heads-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hasXz(): boolean {
  try {
    execFileSync('xz', ['--version']);
    return true;
  } catch {
    return false;
  }
}

it('reads quotes, line ends and packed files, and leaves short records out', () => {
  const table = parseTable('a.csv', 'a,b\r\n"x, ""y""",1\r\nshort\n,2\n"",3');
  expect(table.columns).toEqual(['a', 'b']);
  expect(table.rows).toEqual([
    ['x, "y"', '1'],
    ['', '2'],
    ['', '3'],
  ]);
  writeFileSync(join(folder, 'plain.csv'), 'a\n1\n');
  writeFileSync(join(folder, 'packed.csv.gz'), gzipSync('a\n2\n'));
  const read = readTables(folder, () => true);
  expect(read.map(({ file, rows }) => [file, rows[0]?.[0]])).toEqual([
    ['packed.csv', '2'],
    ['plain.csv', '1'],
  ]);
});

it.skipIf(!hasXz())('reads .xz (skipped where xz is not installed)', () => {
  const own = mkdtempSync(join(folder, 'xz-'));
  writeFileSync(join(own, 'b.csv.xz'), execFileSync('xz', ['-c'], { input: 'a\n3\n' }));
  expect(readTables(own, () => true)[0]?.rows).toEqual([['3']]);
  writeFileSync(join(own, 'b.csv.xz'), 'no xz');
  expect(() => readTables(own, () => true)).toThrow('not a whole xz file');
});

describe('a table of sessions', () => {
  it('tells a column by its name and values', () => {
    expect(kindOf('Weekend', ['TRUE', 'FALSE'])).toBe('flag');
    expect(kindOf('Browser', ['1', '13'])).toBe('code');
    expect(kindOf('VisitorType', ['new', 'old'])).toBe('category');
    expect(kindOf('ExitRates', ['0.1', '0'])).toBe('share');
    expect(kindOf('SpecialDay', ['0.4', '1'])).toBe('part');
    expect(kindOf('Page_Duration', ['64', '0.5'])).toBe('seconds');
    expect(kindOf('PageValues', ['64', '0.5'])).toBe('money');
    expect(kindOf('Pages', ['64', '0'])).toBe('count');
    expect(kindOf('Pages', ['64', ''])).toBe('category');
  });

  it('makes bounded inputs, and crosses of whether there is any money', () => {
    const text = 'Pages,Values,Kind,Bought\n3,0,a,FALSE\n1000000,20,b,TRUE\n-5,0,a,FALSE\n';
    const table = parseTable('t.csv', text);
    expect(isSessionTable(table)).toBe(true);
    expect(isSessionTable(parseTable('u.csv', 'a,b\nTRUE,2\n'))).toBe(false);
    const { columns, rows, plain } = sessionTarget(table);
    const single = ['Pages', 'Values', 'Kind a', 'Kind b'];
    const crosses = single.map((name) => `any Values * ${name}`);
    expect(columns).toEqual([...single, 'any Values', ...crosses]);
    expect(plain).toEqual([0, 1]);
    expect(rows.labels).toEqual(Float32Array.of(0, 1, 0));
    const row = (i: number): number[] => [...rows.x.subarray(i * 9, i * 9 + 9)];
    expect(row(0)[0]).toBeCloseTo(Math.log(4) / Math.log(1001) - 0.5, 6);
    expect(row(1).slice(0, 5)).toEqual([0.5, expect.closeTo(-0.0593, 4), 0, 1, 1]);
    expect(row(1).slice(5)).toEqual(row(1).slice(0, 4));
    expect(row(2)).toEqual([-0.5, -0.5, 1, 0, 0, -0, -0, 0, 0]);
  });
});

describe('a table of orders', () => {
  const lines = [
    'InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID',
    '1,10001,2,2020-01-01 10:00,3,a',
    '1,10002A,1,2020-01-01 10:00,4,a',
    '2,10001,1,2020-03-01 10:00,3,a',
    'C3,10001,-1,2020-01-02 10:00,3,a',
    '4,10001,1,2020-01-02 10:00,0,a',
    '5,10001,1,2020-01-02 10:00,5,',
    '6,10001,1,2020-01-05 10:00,5,b',
    ...Array.from({ length: 20 }, () => `10,10001,1,2020-01-06 10:00,1,c`),
  ];
  const table = parseTable(
    'orders.csv',
    `${[...lines, '7,POST,1,2020-01-07 10:00,9,b'].join('\n')}\n`,
  );

  it('keeps sales of known shoppers: no cancellation, gift, postage or nameless order', () => {
    expect(ordersTable([parseTable('x.csv', 'a,b\n1,2\n'), table])).toBe(table);
    const { shoppers, cutMs, days, has } = readOrders(table, []);
    expect(shoppers.map(({ id, events }) => [id, events.length])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ]);
    const [first] = shoppers[0]?.events ?? [];
    expect(first).toMatchObject({ name: 'purchase', value: 10, atMs: Date.UTC(2020, 0, 1, 10) });
    expect(first?.items).toMatchObject([
      { id: '10001', quantity: 2, price: 3 },
      { id: '10002A', quantity: 1, price: 4 },
    ]);
    // 61 days: the last half, which is shorter than eight weeks.
    expect(cutMs).toBeLessThan(Date.UTC(2020, 1, 1));
    expect(days).toBe(30);
    expect(has).toEqual({
      goods: true,
      categories: false,
      brands: false,
      discounts: false,
      hours: true,
    });
  });

  it('labels what came after the cut, from inputs of before', () => {
    const { targets, joint } = orderSet(readOrders(table, []));
    expect(targets.map(({ name }) => name)).toEqual(['churn', 'value']);
    const [churn, value] = targets;
    expect([...(churn?.rows.labels ?? [])]).toEqual([0, 1, 1]);
    expect([...(value?.rows.labels ?? [])]).toEqual([1, 0, 0]);
    expect(joint?.labels).toEqual(Float32Array.of(0, 1, 1, 0, 1, 0));
    expect([...(churn?.rows.x ?? [])].every((one) => one >= -0.5 && one <= 0.5)).toBe(true);
    // The later order of a moves no input: without it they are the same.
    const without = parseTable('o.csv', lines.filter((line) => !line.startsWith('2,')).join('\n'));
    const cut = orderSet({ ...readOrders(without, []), ...pick(readOrders(table, [])) });
    expect(cut.targets[0]?.rows.x).toEqual(churn?.rows.x);
    expect(cut.targets[0]?.rows.labels[0]).toBe(1);
  });
});

const pick = ({ cutMs, days }: ReturnType<typeof readOrders>) => ({ cutMs, days });

it('reads times with and without hyphens, and nothing else', () => {
  expect(timeOf('19970102')).toBe(Date.UTC(1997, 0, 2));
  expect(timeOf('2010-12-01 08:26')).toBe(Date.UTC(2010, 11, 1, 8, 26));
  expect(timeOf('2017-01-28T19:06:53')).toBe(Date.UTC(2017, 0, 28, 19, 6, 53));
  expect(timeOf('soon')).toBeNaN();
});
