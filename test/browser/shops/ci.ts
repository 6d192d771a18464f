/**
 * 一家中文瓷器店:A Chinese shop of porcelain and tea things. Titles, categories and searches are
 * Chinese, prices ￥, and the shelf and the privacy panel are the elements of the SDK.
 */
import {
  escapeHtml,
  find,
  type Good,
  gaItem,
  gaOrder,
  goodsOf,
  jsonLd,
  linesOf,
  picture,
  productLd,
  search,
} from './goods.ts';
import { type Reply, redirect, type Shop, type Visit } from './market.ts';

const goods = goodsOf(`
cup-01 | 青花手绘茶杯     | 茶杯 | 景德窑 | 128  | 青花手绘山水茶杯,薄胎白瓷,握在手里温润。
cup-02 | 汝窑开片茶杯     | 茶杯 | 汝瓷坊 | 168  | 天青色开片茶杯,越用纹路越好看。
cup-03 | 建盏兔毫茶杯     | 茶杯 | 建窑   | 239  | 铁胎黑釉茶杯,釉面有兔毫纹,适合喝岩茶。
cup-04 | 玻璃主人杯       | 茶杯 | 清器   | 59   | 耐热玻璃茶杯,看得见茶汤颜色。
pot-01 | 紫砂西施壶       | 茶壶 | 宜陶   | 680  | 紫砂茶壶,壶身圆润,出水干净,适合泡乌龙。
pot-02 | 青瓷提梁茶壶     | 茶壶 | 汝瓷坊 | 420  | 青瓷茶壶,提梁稳当,可泡一家人的茶。
pot-03 | 玻璃煮茶壶       | 茶壶 | 清器   | 199  | 耐热玻璃茶壶,可在炉上煮老白茶。
tea-01 | 武夷岩茶大红袍   | 茶叶 | 山场   | 288  | 足火岩茶,花果香,耐泡。
tea-02 | 云南古树普洱     | 茶叶 | 山场   | 318  | 古树熟普洱茶饼,醇厚顺滑。
`);

const yuan = (price: number): string => `￥${price.toFixed(2)}`;

function page(title: string, { surroundings }: Visit, main: string): Reply {
  const { api, site, trust, stub } = surroundings;
  return {
    body: `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>${escapeHtml(title)} - 一盏</title>
<link rel="icon" href="data:,"><script>${stub}</script>
<script async src="/static/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
<script async src="/static/vitrine-elements.js"></script>
</head><body><header><a href="/">一盏</a> <a href="/cart">购物车</a>
<form action="/search"><input type="search" name="q" aria-label="搜索"></form></header>
<main>${main}</main>
<vitrine-shelf limit="4"></vitrine-shelf><vitrine-privacy></vitrine-privacy>
<button id="agree">同意个性化推荐</button>
<script>agree.onclick = () => vitrine.consent.set({ personalise: true, contribute: true });</script>
</body></html>`,
  };
}

const say = (name: string, parameters: object): string =>
  `<script>vitrine.track('${name}', ${JSON.stringify(parameters)})</script>`;

const list = (shown: readonly Good[]): string =>
  `<ul>${shown.map((one) => `<li><a href="/item/${one.id}">${picture(one, 80)}${one.title} ${yuan(one.price)}</a></li>`).join('')}</ul>`;

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, basket, surroundings } = visit;
  if (method === 'POST' && path === '/cart') {
    const good = find(goods, form.get('id'));
    if (good === null) return { status: 422, body: '没有这件商品' };
    basket.set(good.id, (basket.get(good.id) ?? 0) + 1);
    return redirect(`/cart?added=${good.id}`);
  }
  if (method === 'POST' && path === '/order') {
    const order = gaOrder(linesOf(goods, basket), 'CNY');
    basket.clear();
    return page(
      '下单成功',
      visit,
      `<h1>谢谢惠顾</h1>${say('purchase', { transaction_id: '一', ...order })}`,
    );
  }
  if (path === '/') return page('茶器', visit, list(goods));
  if (path === '/search') {
    const term = query.get('q') ?? '';
    return page(
      '搜索',
      visit,
      `${list(search(goods, term))}${say('search', { search_term: term })}`,
    );
  }
  if (path === '/cart') {
    const added = find(goods, query.get('added'));
    const rows = linesOf(goods, basket).map(([good, n]) => `<li>${good.title} × ${n}</li>`);
    const said =
      added === null ? '' : say('add_to_cart', { currency: 'CNY', items: [gaItem(added)] });
    const buy = '<form method="post" action="/order"><button id="buy">提交订单</button></form>';
    return page('购物车', visit, `<ul>${rows.join('')}</ul>${buy}${said}`);
  }
  const good = path.startsWith('/item/') ? find(goods, path.slice('/item/'.length)) : null;
  if (good === null) return null;
  const ld = productLd(good, `${surroundings.origin}${path}`, 'CNY') as Record<string, unknown>;
  return page(
    good.title,
    visit,
    `${jsonLd({ ...ld, offers: { '@type': 'Offer', price: yuan(good.price), priceCurrency: 'CNY' } })}
${picture(good, 240)}<h1>${good.title}</h1><p>${yuan(good.price)}</p><p>${good.text}</p>
<form method="post" action="/cart"><button name="id" value="${good.id}" id="add">加入购物车</button></form>`,
  );
}

export const ci: Shop = {
  ...{ name: 'ci', goods, currency: 'CNY', feed: true, files: '/static/' },
  path: ({ id }) => `/item/${id}`,
  answer,
};
