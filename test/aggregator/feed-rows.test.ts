/** Product feeds in JSON, their encodings, what is told of bad rows, and what never throws. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedError } from '../../aggregator/catalogue/feed.ts';
import { readProducts } from '../../aggregator/catalogue/products.ts';
import { FULL, items, read } from './feed-read.ts';

const rss = (item: string): string =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title><link>https://s.example</link>${item}</channel></rss>`;

describe('JSON', () => {
  it.each([
    ['a list', '[{"id":1,"title":"Tea","price":3.5}]'],
    ['items', '{"shop":"x","items":[{"id":1,"title":"Tea","price":"3,50"}]}'],
    ['lines', '{"id":"1","title":"Tea","price":3.5}\n'],
    [
      'a node of schema.org',
      '{"@context":"https://schema.org","@type":"Product","sku":"1","name":"Tea","offers":{"@type":"Offer","price":"3.50"}}',
    ],
    [
      '@graph',
      '{"@graph":[{"@type":"WebPage","name":"no"},{"@type":["Product"],"productID":1,"name":"Tea","offers":[{"lowPrice":3.5}]}]}',
    ],
    [
      'ItemList',
      '{"@type":"ItemList","itemListElement":[{"@type":"ListItem","item":{"@type":"Product","sku":"1","name":"Tea","offers":{"priceSpecification":{"price":3.5}}}}]}',
    ],
  ])('reads %s', async (_name, feed) => {
    expect(await items(feed)).toEqual([{ ...FULL, price: 3.5, priceCents: 350 }]);
  });

  it('a line that was cut off takes none of those after it with it', async () => {
    const line = (id: string): string => JSON.stringify({ id, title: `T {${id}` });
    for (const broken of ['{"id":"b","title":"T', '{"id":"b","title":{"x":[', '{bad']) {
      const { items: found, report } = await read(
        [line('a'), broken, line('c'), line('d'), ''].join('\n'),
      );
      expect(found.map(({ id }) => id)).toEqual(['a', 'c', 'd']);
      expect([report.rows, ...report.told.map(({ row }) => row)]).toEqual([4, 2]);
    }
    const pretty =
      '{"id":"a","title":"A"}\n{"items":[\n{"id":"b",\n"title":"B"},\n{"id":"c","title":"C"}]}';
    expect((await items(pretty)).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it("reads Shopify's products.json, and variants of a ProductGroup", async () => {
    const shopify =
      '{"products":[{"id":7,"title":"Tea","body_html":"<b>x</b>","vendor":"V","product_type":"Y","variants":[{"id":1,"price":"9.00","sku":"s","available":false}],"images":[{"src":"https://c.example/1.png"}]}]}';
    expect(await items(shopify)).toMatchObject([
      {
        id: '7',
        description: 'x',
        brand: 'V',
        category: 'Y',
        price: 9,
        image: 'https://c.example/1.png',
        isAvailable: false,
      },
    ]);
    const group =
      '{"@type":"ProductGroup","productGroupID":"g","name":"Shoe","brand":{"@type":"Brand","name":"B"},"hasVariant":[{"@type":"Product","sku":"v1","offers":{"price":3}},{"@type":"Product","sku":"v2","name":"Shoe 2"}]}';
    expect(await items(group)).toMatchObject([
      { id: 'v1', title: 'Shoe', groupId: 'g', brand: 'B', price: 3 },
      { id: 'v2', title: 'Shoe 2', groupId: 'g' },
    ]);
  });

  it('reads JSON-LD of a saved page', async () => {
    const page = `<!doctype html><title>x</title><script type="application/ld+json">{broken</script><script type='application/ld+json'>{"@type":"Product","sku":"1","name":"Tea"}</script>`;
    const { items: found, report } = await read(page);
    expect(found).toEqual([FULL]);
    expect([...report.counts]).toEqual([['bad-row', 1]]);
  });

  it('reads objects that are cut anywhere by the pieces in which they come', async () => {
    const text = JSON.stringify({
      items: [
        { id: 'a"]}', title: 'T\\{' },
        { id: 'b', title: '茶' },
      ],
    });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at <= bytes.length; at++) {
      const chunks = async function* () {
        yield bytes.subarray(0, at);
        yield bytes.subarray(at);
      };
      const found = (await readProducts(chunks)).items;
      expect(found.map(({ id, title }) => [id, title])).toEqual([
        ['a"]}', 'T\\{'],
        ['b', '茶'],
      ]);
    }
  });
});

describe('encodings', () => {
  const feed = 'id,title\n1,Café über Straße\n';
  it.each([
    ['UTF-8', Buffer.from(feed)],
    ['UTF-8 with its mark', Buffer.from(`\ufeff${feed}`)],
    ['UTF-16LE with its mark', Buffer.from(`\ufeff${feed}`, 'utf16le')],
    ['UTF-16LE', Buffer.from(feed, 'utf16le')],
    ['UTF-16BE', Buffer.from(`\ufeff${feed}`, 'utf16le').swap16()],
    ['Windows-1252', Buffer.from(feed, 'latin1')],
    ['gzip', gzipSync(feed)],
  ])('%s', async (_name, bytes) => {
    expect((await items(new Uint8Array(bytes)))[0]?.title).toBe('Café über Straße');
  });

  it('GB18030 by its bytes, and what is declared or given', async () => {
    const text = Uint8Array.of(0xc1, 0xfa, 0xbe, 0xae, 0xb2, 0xe8);
    const table = Uint8Array.from([...Buffer.from('id,title\n1,'), ...text]);
    expect((await items(table))[0]?.title).toBe('龙井茶');
    const xml = Buffer.concat([
      Buffer.from('<?xml version="1.0" encoding="GBK"?><rss><item><id>1</id><title>'),
      text,
      Buffer.from('</title></item></rss>'),
    ]);
    expect((await items(new Uint8Array(xml)))[0]?.title).toBe('龙井茶');
    const cyrillic = Uint8Array.from([...Buffer.from('id,title\n1,'), 0xd7, 0xe0, 0xe9]);
    expect((await items(cyrillic, { encoding: 'windows-1251' }))[0]?.title).toBe('Чай');
    await expect(items(table, { encoding: 'klingon' })).rejects.toThrow(RangeError);
  });
});

describe('what cannot be used', () => {
  it('is named, counted and shown with its row, up to a limit', async () => {
    const feed = [
      'id,title,price,link',
      '1,Tea,3,https://s.example/1',
      ',Pot,1,',
      '2,,1,',
      '1,Tee,4,',
      '3,Cup,-1,',
      '4,Can,1,javascript:alert(1)',
      ',Jug,2,',
      `${'x'.repeat(201)},Mug,1,`,
    ].join('\n');
    const { items: found, report } = await read(feed, { told: 1 });
    expect(found.map(({ id, title }) => [id, title])).toEqual([
      ['1', 'Tea'],
      ['3', 'Cup'],
      ['4', 'Can'],
    ]);
    expect(Object.fromEntries(report.counts)).toEqual({
      ...{
        'no-id': 2,
        'no-title': 1,
        'duplicate-id': 1,
        'bad-price': 1,
        'bad-address': 1,
        'bad-id': 1,
      },
    });
    expect(report.told.map(({ problem, row }) => [problem, row])).toEqual([
      ...[
        ['no-id', 3],
        ['no-title', 4],
        ['duplicate-id', 5],
        ['bad-price', 6],
        ['bad-address', 7],
      ],
      ['bad-id', 9],
    ]);
    expect(found[2]?.url).toBeNull();
  });

  it.each([
    ['', 'the file is empty'],
    ['a,b\n1,2\n', 'the first row names no id and title: a, b'],
    ['id,title\n,x\n', 'no good in 1 rows: no-id 1'],
    ['{"id":', 'not JSON'],
    ['{]', 'not JSON'],
    ['<rss></rss>', 'no good in 0 rows'],
    ['\0\0\0\0\0', 'not text'],
  ])('a feed of nothing is refused: %j', async (feed, words) => {
    await expect(items(feed)).rejects.toThrow(FeedError);
    await expect(items(feed)).rejects.toThrow(words);
  });

  it('a quote that nobody closes is refused, not the end of the goods', async () => {
    const rows = (count: number): string =>
      Array.from({ length: count }, (_, i) => `${i + 10},Tea number ${i} of many,3\n`).join('');
    const open = 'id,title\n1,Pot\n2,"Cup\n';
    for (const count of [300, 60_000]) {
      await expect(items(open + rows(count))).rejects.toThrow('not closed, behind line 2');
    }
    // The last row of a file that was cut off.
    const { items: found, report } = await read(`id,title\n1,Pot\n${rows(300)}2,"Cup\n`);
    expect([found.length, ...report.counts]).toEqual([301, ['bad-row', 1]]);
  });

  it('no bytes make a reader throw anything but FeedError', async () => {
    const seeds = [
      'id,title,price\n1,"Te""a",3\n2,Pot,4\n',
      rss('<item><g:id>1</g:id><title><![CDATA[T]]></title></item><!-- x -->'),
      '{"items":[{"id":"1","title":"T\\u0041"},{"id":"2","title":"B","offers":{"price":1}}]}',
    ].map((text) => new TextEncoder().encode(text));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }),
        async (seed, changes) => {
          const bytes = seed.slice();
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            for (const { id, title, priceCents = 0 } of (await read(bytes)).items) {
              expect([id !== '', typeof title, Number.isFinite(priceCents)]).toEqual([
                true,
                'string',
                true,
              ]);
            }
          } catch (error) {
            if (!(error instanceof FeedError)) throw error;
          }
        },
      ),
      { numRuns: 400, seed: 6 },
    );
  });
});
