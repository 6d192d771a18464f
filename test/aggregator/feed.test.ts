/** Product feeds of every form: what is read of them, what is told, and what never throws. */
import { describe, expect, it } from 'vitest';
import { readMoney } from '../../aggregator/catalogue/feed-price.ts';
import { FULL, items, read } from './feed-read.ts';

describe('prices', () => {
  it.each([
    ['1.299,00 €', 1299, 'EUR'],
    ['12.99 USD', 12.99, 'USD'],
    ['￥1299', 1299, null],
    ['1299元', 1299, 'CNY'],
    ['0', 0, null],
    ['$1,299', 1299, null],
    ["1'299.50 CHF", 1299.5, 'CHF'],
    ['1 299,00 kr', 1299, null],
    ['1.234.567,89', 1234567.89, null],
    ['12.500 KWD', 12.5, 'KWD'],
    ['0.500', 0.5, null],
    ['٩٩٫٥٠ ر.س', 99.5, 'SAR'],
    ['１２８０円', 1280, 'JPY'],
    ['1e3', 1000, null],
    ['10 - 20 EUR', 10, 'EUR'],
  ])('%s', (text, amount, currency) => {
    expect(readMoney(text)).toEqual({ amount, currency });
  });

  it.each(['-5', '- 3 €', 'free', '', '1e99', 'x'.repeat(100)])('none: %s', (text) => {
    expect(readMoney(text)).toBeNull();
  });
});

describe('tables', () => {
  it.each([
    ['comma', 'id,title,price\n1,"Tea, green",3.50\n'],
    ['semicolon', 'id;title;price\n1;Tea, green;"3,50"\n'],
    ['tab', 'id\ttitle\tprice\n1\tTea, green\t3.5\n'],
    ['bar, quotes and a line break', 'id|title|price\r\n1|"Tea,\ngreen"|3.50 \r\n'],
    ['the line of Excel', 'sep=;\nid;title;price\n1;Tea, green;3,50\n'],
  ])('parted by %s', async (_name, feed) => {
    expect(await items(feed)).toEqual([
      { ...FULL, title: 'Tea, green', price: 3.5, priceCents: 350 },
    ]);
  });

  it.each([
    [
      'German',
      'Artikelnummer;Bezeichnung;Preis;Marke;Kategorie\n1;Tea;1.299,00 €;Nord;Küche > Tee\n',
      1299,
      'Nord',
      'Küche > Tee',
    ],
    [
      'French',
      'référence;titre;prix;marque;catégorie\n1;Tea;12,50 €;Nord;Thé\n',
      12.5,
      'Nord',
      'Thé',
    ],
    [
      'Chinese',
      '商品编号,商品名称,价格,品牌,分类\n1,Tea,￥128,西湖,茶叶>绿茶\n',
      128,
      '西湖',
      '茶叶 > 绿茶',
    ],
    [
      'Japanese',
      '商品コード,商品名,価格,ブランド,カテゴリ\n1,Tea,1280円,山,お茶\n',
      1280,
      '山',
      'お茶',
    ],
    [
      'Arabic',
      'المعرف,العنوان,السعر,العلامة التجارية,الفئة\n1,Tea,٩٩٫٥٠,نور,شاي\n',
      99.5,
      'نور',
      'شاي',
    ],
    [
      'Russian',
      'Артикул;Название;Цена;Бренд;Категория\n1;Tea;99 руб;Север;Чай\n',
      99,
      'Север',
      'Чай',
    ],
  ])('with %s columns', async (_name, feed, price, brand, category) => {
    expect(await items(feed)).toMatchObject([{ id: '1', title: 'Tea', price, brand, category }]);
  });

  it('of Shopify: further rows of a product are its variants and pictures', async () => {
    const feed = [
      'Handle,Title,Body (HTML),Vendor,Type,Published,Variant SKU,Variant Price,Image Src,Status',
      'shirt,Shirt,<p>Nice &amp; warm</p>,Acme,Shirts,true,S1,19.90,https://c.example/1.jpg,active',
      'shirt,,,,,,S2,21.90,https://c.example/2.jpg,',
      'hat,Hat,,Acme,Hats,true,H1,9,,draft',
    ].join('\n');
    const { items: found, report } = await read(feed, { currency: 'EUR' });
    expect(found).toEqual([
      {
        ...{ ...FULL, id: 'shirt', title: 'Shirt', description: 'Nice & warm', brand: 'Acme' },
        ...{ category: 'Shirts', image: 'https://c.example/1.jpg' },
        ...{ price: 19.9, priceCents: 1990, currency: 'EUR' },
      },
    ]);
    expect([...report.counts]).toEqual([['hidden', 1]]);
  });

  it('of Shopify, by its variants: each is a good with the words of its product', async () => {
    const feed = [
      'Handle,Title,Body (HTML),Vendor,Type,Variant SKU,Variant Price,Image Src,Status',
      'shirt,Shirt,<p>Warm</p>,Acme,Shirts,S1,19.90,https://c.example/1.jpg,active',
      'shirt,,,,,S2,21.90,,',
      'shirt,,,,,,,https://c.example/2.jpg,',
      'shirt,,,,,,23.90,,',
      'hat,Hat,,Acme,Hats,H1,9,,draft',
      'hat,,,,,H2,9,,',
      'cap,,,,,C1,9,,active',
    ].join('\n');
    const { items: found, report } = await read(feed, { idName: 'Variant SKU' });
    const shirt = { title: 'Shirt', description: 'Warm', brand: 'Acme', groupId: 'shirt' };
    expect(found).toMatchObject([
      { ...shirt, id: 'S1', price: 19.9, image: 'https://c.example/1.jpg' },
      { ...shirt, id: 'S2', price: 21.9, image: 'https://c.example/1.jpg' },
    ]);
    expect(Object.fromEntries(report.counts)).toEqual({ 'no-id': 1, hidden: 2, 'no-title': 1 });
    expect([report.variants, report.groups]).toEqual([2, 1]);
  });

  it('of WooCommerce: the deepest category, the first picture, the sale price, variants', async () => {
    const feed = [
      'ID,Type,SKU,Name,Published,Description,In stock?,Sale price,Regular price,Categories,Images,Parent',
      '1,variable,A,Mug,1,A <b>big</b> mug,1,8,10,"Kitchen, Kitchen > Mugs","https://a.example/1.jpg, https://a.example/2.jpg",',
      '2,variation,A2,Mug red,1,,0,,10,,,id:1',
      '3,variation,A3,Mug blue,1,,1,,10,,,id:1',
    ].join('\n');
    const { items: found, report } = await read(feed);
    expect(found[0]).toMatchObject({
      price: 8,
      category: 'Kitchen > Mugs',
      image: 'https://a.example/1.jpg',
      description: 'A big mug',
    });
    expect(found[1]).toMatchObject({ groupId: '1', isAvailable: false });
    expect(found[1]).not.toHaveProperty('category');
    expect([report.variants, report.groups]).toEqual([2, 1]);
    const { items: grouped } = await read(feed, { variants: 'group', onlyInStock: true });
    expect(grouped.map(({ id }) => id)).toEqual(['1']);
  });

  it('takes the id from the column that is named', async () => {
    const feed = 'id,title,my code\n1,Tea,x-9\n';
    expect((await items(feed, { idName: 'My Code' }))[0]?.id).toBe('x-9');
  });
});

const rss = (item: string): string =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title><link>https://s.example</link>${item}</channel></rss>`;

describe('XML', () => {
  it('reads Google Merchant RSS: CDATA, entities, HTML, sale dates', async () => {
    const item = (dates: string): string =>
      rss(`<item><g:id>1</g:id><title><![CDATA[Tea </item> & more]]></title>
        <description>&lt;p&gt;Green &amp;amp; &lt;b&gt;fine&lt;/b&gt;&lt;/p&gt;</description>
        <g:price>12.99 USD</g:price><g:sale_price>9.99 USD</g:sale_price>
        <g:sale_price_effective_date>${dates}</g:sale_price_effective_date>
        <g:product_type>Food &gt; Tea</g:product_type><g:item_group_id>g</g:item_group_id>
        <g:google_product_category>499972</g:google_product_category><g:brand>B&#246;</g:brand>
        <link>https://s.example/1?a=1&amp;b=2#top</link><g:availability>out_of_stock</g:availability></item>`);
    const now = '2026-05-01T00:00+0100/2026-07-01T00:00+0100';
    expect(await items(item(now))).toEqual([
      {
        ...{ ...FULL, title: 'Tea & more', description: 'Green & fine', brand: 'Bö' },
        ...{ category: 'Food > Tea', groupId: 'g', url: 'https://s.example/1?a=1&b=2' },
        ...{ price: 9.99, priceCents: 999, currency: 'USD', isAvailable: false },
      },
    ]);
    expect((await items(item('2025-01-01/2025-02-01')))[0]?.price).toBe(12.99);
  });

  it('reads Atom', async () => {
    const feed = `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="x"><title>S</title><entry><g:id>1</g:id><title>Tea</title><link rel="alternate" href="https://s.example/1"/><g:price>5 EUR</g:price></entry><entry><g:id>2</g:id><title>Pot</title></entry></feed>`;
    expect(await items(feed)).toMatchObject([
      { id: '1', url: 'https://s.example/1', price: 5, currency: 'EUR' },
      { id: '2' },
    ]);
  });

  it('expands nothing that a document type declares', async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>${rss('<item><g:id>1</g:id><title>&b;&f;</title></item>').slice(21)}`;
    await expect(items(bomb)).rejects.toThrow('bad-feed: a document type with declarations');
    const plain = `<!DOCTYPE rss>${rss('<item><g:id>1</g:id><title>&b;&f; &#0;</title></item>').slice(21)}`;
    expect((await items(plain))[0]?.title).toBe('&b;&f; &#0;');
  });
});
