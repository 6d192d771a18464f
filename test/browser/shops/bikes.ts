/**
 * A shop that serves everything of Vitrine under a prefix of its own, `/v/`: tag, engine, learners
 * and wasm are files, `/v/v1/*` is passed on to the aggregator. No other origin is met.
 */
import {
  escapeHtml,
  find,
  type Good,
  gaItem,
  goodsOf,
  jsonLd,
  picture,
  productLd,
} from './goods.ts';
import type { Reply, Shop, Visit } from './market.ts';

const goods = goodsOf(`
city-3   | City bicycle, 3 gears      | bicycle  | Veld | 749  | A city bicycle that stands upright, with a basket in front and three gears in the hub.
city-8   | City bicycle, 8 gears      | bicycle  | Veld | 949  | A city bicycle for hills: eight gears in the hub, roller brakes.
gravel   | Gravel bicycle             | bicycle  | Raum | 1649 | A bicycle for roads and what comes after roads, with wide tyres.
fold     | Folding bicycle            | bicycle  | Raum | 1190 | A bicycle that folds for the train.
lock-u   | U-lock                     | security | Bolt | 79   | A lock of hardened steel with a bracket for the frame.
lock-ch  | Chain lock                 | security | Bolt | 59   | A lock like a chain, in a sleeve that spares the paint.
bell     | Brass bell                 | parts    | Veld | 19   | A bell that is heard and not resented.
light    | Dynamo light set           | parts    | Raum | 89   | Front and rear light that need no battery.
`);

function page(title: string, { surroundings }: Visit, main: string, tags = 1): Reply {
  const { site, trust } = surroundings;
  const tag = `<script async src="/v/vitrine.js" data-site="${site}" data-endpoint="/v" data-trust="${trust}" id="tag"></script>`;
  return {
    body: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)} – Veld &amp; Raum</title>
<link rel="icon" href="data:,"><script>${surroundings.stub}</script>${tag.repeat(tags)}
</head><body><a href="/">Veld &amp; Raum</a><main>${main}</main>
<button id="yes" onclick="vitrine.consent.set({ personalise: true, contribute: true })">Fine with me</button>
<button id="mine" onclick="vitrine.consent.set({ personalise: true, contribute: false })">Only for me</button>
</body></html>`,
  };
}

function product(good: Good, visit: Visit): Reply {
  const url = `${visit.surroundings.origin}/b/${good.id}`;
  const bought = JSON.stringify({ transaction_id: 'V1', currency: 'EUR', items: [gaItem(good)] });
  const added = JSON.stringify({ currency: 'EUR', items: [gaItem(good)] });
  return page(
    good.title,
    visit,
    `${jsonLd(productLd(good, url, 'EUR'))}${picture(good, 240)}<h1>${good.title}</h1><p>${good.text}</p>
<button id="add" onclick='vitrine.track("add_to_cart", ${added})'>Into the basket</button>
<button id="buy" onclick='vitrine.track("purchase", ${bought})'>Buy at once</button>`,
    visit.query.has('twice') ? 2 : 1,
  );
}

function answer(visit: Visit): Reply | null {
  const { path } = visit;
  if (path === '/') {
    const rows = goods.map(
      (one) => `<li><a href="/b/${one.id}">${picture(one, 60)}${one.title}</a></li>`,
    );
    return page('Bicycles', visit, `<ul>${rows.join('')}</ul>`);
  }
  const good = path.startsWith('/b/') ? find(goods, path.slice('/b/'.length)) : null;
  return good === null ? null : product(good, visit);
}

export const bikes: Shop = {
  ...{ name: 'bikes', goods, currency: 'EUR', feed: true },
  path: ({ id }) => `/b/${id}`,
  ...{ files: '/v/', proxy: '/v/', answer },
};

/** The same shop on another origin, for what would disturb its other shoppers. */
export const wheels: Shop = { ...bikes, name: 'wheels' };
