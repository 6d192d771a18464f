/**
 * A shop that loads the tag as it is told to: from a CDN, by version, with its SRI hash. It speaks
 * microdata of an old theme alone, and `track` with numbers as item ids.
 */
import {
  escapeHtml,
  find,
  type Good,
  gaItem,
  gaOrder,
  goodsOf,
  linesOf,
  picture,
  search,
} from './goods.ts';
import { type Reply, redirect, type Shop, type Visit } from './market.ts';

const goods = goodsOf(`
41001 | Claw hammer, 450 g        | hammers | Brandt | 24.90 | Forged hammer head on an ash handle, with a claw for nails.
41002 | Joiner's hammer, 300 g    | hammers | Brandt | 21.50 | A light hammer for the bench, with a narrow peen.
41003 | Rubber mallet             | hammers | Klee   | 14.00 | A mallet hammer of rubber that leaves no mark on wood.
41004 | Sledge hammer, 3 kg       | hammers | Klee   | 39.00 | A long hammer for stakes and walls.
42001 | Dovetail saw              | saws    | Brandt | 59.00 | A fine saw with a brass back, for joints.
42002 | Pull saw                  | saws    | Klee   | 34.00 | A saw that cuts on the pull, thin and clean.
42003 | Coping saw                | saws    | Klee   | 19.90 | A saw with a turning blade for curves.
43001 | Block plane               | planes  | Brandt | 74.00 | A small plane for end grain, with a low blade.
`);

function page(title: string, { surroundings }: Visit, main: string): Reply {
  const { api, cdn, site, trust, integrity } = surroundings;
  return {
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} / Bench &amp; Vice</title>
<link rel="icon" href="data:,">
<script src="${cdn}/0.1.0/vitrine.js" integrity="${integrity}" crossorigin="anonymous" referrerpolicy="no-referrer"
  data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head><body><header><a href="/">Bench &amp; Vice</a> <a href="/till">Till</a>
<form action="/s"><input type="search" name="q" aria-label="Search"></form>
<label><input type="checkbox" id="mine"> Show me what suits me</label></header>
<main>${main}</main>
<script>
const mine = document.getElementById('mine');
mine.addEventListener('change', () => vitrine.consent.set({ personalise: mine.checked, contribute: mine.checked }));
vitrine.on('ready', ({ consent }) => { mine.checked = consent.personalise; });
</script></body></html>`,
  };
}

const product = (good: Good): string => `
<div itemscope itemtype="http://schema.org/Product">
<meta itemprop="productID" content="${good.id}"><meta itemprop="sku" content="${good.id}">
${picture(good, 240)}<h1 itemprop="name">${escapeHtml(good.title)}</h1>
<span itemprop="brand" itemscope itemtype="http://schema.org/Brand"><b itemprop="name">${good.brand}</b></span>
<p itemprop="description">${escapeHtml(good.text)}</p><meta itemprop="category" content="${good.category}">
<p itemprop="offers" itemscope itemtype="http://schema.org/Offer"><span itemprop="price" content="${good.price}">${good.price.toFixed(2)}</span>
<meta itemprop="priceCurrency" content="CHF"><link itemprop="availability" href="http://schema.org/InStock"></p>
<form method="post" action="/till"><button name="id" value="${good.id}" id="add">Take it</button></form></div>`;

const list = (shown: readonly Good[]): string =>
  `<ol>${shown.map((one) => `<li><a href="/tool/${one.id}">${picture(one, 60)}${escapeHtml(one.title)}</a></li>`).join('')}</ol>`;

const say = (name: string, parameters: object): string =>
  `<script>vitrine.track('${name}', ${JSON.stringify(parameters)})</script>`;

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, basket } = visit;
  if (method === 'POST' && path === '/till') {
    const good = find(goods, form.get('id'));
    if (good === null) return { status: 422, body: 'Nothing of that number' };
    basket.set(good.id, (basket.get(good.id) ?? 0) + 1);
    return redirect(`/till?new=${good.id}`);
  }
  if (method === 'POST' && path === '/paid') {
    const bought = gaOrder(linesOf(goods, basket), 'CHF');
    basket.clear();
    return page('Paid', visit, `<h1>Paid</h1>${say('purchase', { transaction_id: 9, ...bought })}`);
  }
  if (path === '/') return page('Tools', visit, list(goods));
  if (path === '/s') {
    const term = query.get('q') ?? '';
    return page(
      'Found',
      visit,
      `${list(search(goods, term))}${say('search', { search_term: term })}`,
    );
  }
  if (path === '/till') {
    const taken = find(goods, query.get('new'));
    const item = taken && { ...gaItem(taken), item_id: Number(taken.id) };
    const said = item === null ? '' : say('add_to_cart', { currency: 'CHF', items: [item] });
    const rows = linesOf(goods, basket).map(
      ([good, n]) => `<li>${n} ${escapeHtml(good.title)}</li>`,
    );
    const pay = '<form method="post" action="/paid"><button id="buy">Pay</button></form>';
    return page('Till', visit, `<ul>${rows.join('')}</ul>${pay}${said}`);
  }
  const good = path.startsWith('/tool/') ? find(goods, path.slice('/tool/'.length)) : null;
  return good === null ? null : page(good.title, visit, product(good));
}

export const tools: Shop = {
  ...{ name: 'tools', goods, currency: 'CHF', feed: true },
  path: ({ id }) => `/tool/${id}`,
  answer,
};
