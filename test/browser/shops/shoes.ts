/**
 * A shop that has grown around a tag manager: nothing but its data layer says what happens. Its
 * older pages speak Universal Analytics' enhanced ecommerce, its newer ones GA4, the receipt both;
 * prices are texts, `ecommerce: null` clears, gtag pushes `arguments`, and consent mode decides.
 */
import { escapeHtml, find, type Good, gaItem, goodsOf, linesOf, picture, search } from './goods.ts';
import { type Reply, redirect, type Shop, type Visit } from './market.ts';

const goods = goodsOf(`
B-100 | Trail boot, leather    | boots    | Fjell | 159.90 | Full leather boot with a deep sole for wet paths.
B-200 | Chelsea boot, suede    | boots    | Corso | 139.00 | Suede Chelsea boot with elastic sides.
B-300 | Winter boot, lined     | boots    | Fjell | 179.00 | Lined with wool, and tight up to the ankle in snow.
B-400 | Desert boot, sand      | boots    | Corso | 119.00 | Two pairs of eyelets, crepe sole, suede the colour of sand.
R-100 | Road runner            | running  | Pace  | 129.95 | Light running shoe for hard roads and long weeks.
R-200 | Trail runner           | running  | Pace  | 139.95 | Running shoe with grip for mud, roots and rock.
R-300 | Track spike            | running  | Pace  | 99.00  | A spike for the shorter distances on the track.
S-100 | Slip-on, canvas        | slippers | Corso | 49.00  | Canvas slip-on for the garden and the hall.
S-200 | Felt slipper           | slippers | Fjell | 39.00  | Felt of boiled wool with a quiet sole.
`);

/** Of the older half of the shop. */
const uaProduct = (good: Good, quantity = 1): object => ({
  ...{ id: good.id, name: good.title, brand: good.brand, category: `shoes/${good.category}` },
  ...{ price: good.price.toFixed(2), quantity },
});

const ga4 = (event: string, items: readonly object[], more: object = {}): string =>
  [{ ecommerce: null }, { event, ecommerce: { currency: 'EUR', ...more, items } }]
    .map((entry) => `dataLayer.push(${JSON.stringify(entry)});`)
    .join('\n');

const ua = (event: string, ecommerce: object): string =>
  `dataLayer.push(${JSON.stringify({ event, ecommerce: { currencyCode: 'EUR', ...ecommerce } })});`;

/** As a tag manager does: what is there is read, and `push` is wrapped, whoever else has. */
const MANAGER = `
(function (layer) {
  var heard = [].slice.call(layer), push = layer.push;
  layer.push = function () { heard.push.apply(heard, arguments); return push.apply(layer, arguments); };
  layer.push({ event: 'gtm.js', 'gtm.start': Date.now() });
  window.managed = heard;
})(window.dataLayer);`;

function page(title: string, { surroundings, query }: Visit, first: string, main: string): Reply {
  const { api, cdn, site, trust } = surroundings;
  return {
    body: `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapeHtml(title)} | Corso &amp; Fjell</title>
<link rel="icon" href="data:,">
<script>
window.dataLayer = window.dataLayer || [];
function gtag() { dataLayer.push(arguments); }
gtag('consent', 'default', { ad_storage: 'denied', analytics_storage: 'denied', personalization_storage: 'denied', wait_for_update: 500 });
var choice = /(?:^|; )choice=(\\w+)/.exec(document.cookie);
function tell(given) {
  gtag('consent', 'update', {
    analytics_storage: given === 'all' ? 'granted' : 'denied',
    personalization_storage: given === 'none' ? 'denied' : 'granted',
  });
}
if (choice) tell(choice[1]);
${first}
</script>
<script>${MANAGER}</script>
<script async src="${cdn}/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head>
<body><header><a href="/">Corso &amp; Fjell</a>
<form action="/find"><input type="search" name="s" value="${escapeHtml(query.get('s') ?? '')}" aria-label="Search"></form>
<a href="/cart">Cart</a></header><main>${main}</main>
<aside id="banner"><button data-choice="all">All cookies</button>
<button data-choice="some">Only what personalises</button><button data-choice="none">Reject</button></aside>
<script>
if (choice) banner.hidden = true;
banner.addEventListener('click', function (event) {
  var given = event.target.dataset.choice;
  if (!given) return;
  document.cookie = 'choice=' + given + '; path=/';
  tell(given);
  banner.hidden = true;
});
</script></body></html>`,
  };
}

const list = (shown: readonly Good[]): string =>
  `<ul>${shown.map((one) => `<li><a href="/shoe/${one.id}">${picture(one, 90)}${one.title}</a></li>`).join('')}</ul>`;

/** Boots are on the older template. */
function product(good: Good, visit: Visit): Reply {
  const older = good.category === 'boots';
  const viewed = older
    ? ua('productDetail', { detail: { products: [uaProduct(good)] } })
    : ga4('view_item', [gaItem(good)], { value: good.price });
  const added = older
    ? ua('addToCart', { add: { products: [uaProduct(good)] } })
    : ga4('add_to_cart', [{ ...gaItem(good), price: good.price.toFixed(2) }]);
  return page(
    good.title,
    visit,
    viewed,
    `${picture(good, 300)}<h1>${good.title}</h1><p>€ ${good.price.toFixed(2)}</p><p>${good.text}</p>
<button id="add">Add to cart</button><output></output>
<script>
document.getElementById('add').addEventListener('click', function () {
  fetch('/cart/add', { method: 'POST', body: new URLSearchParams({ id: '${good.id}' }) }).then(function () {
    ${added}
    document.querySelector('output').textContent = 'In your cart';
  });
});
</script>`,
  );
}

function receipt(visit: Visit): Reply {
  const lines = linesOf(goods, visit.basket);
  visit.basket.clear();
  const actionField = { id: 'N-500', revenue: '0' };
  const told = [
    ga4(
      'purchase',
      lines.map(([good, n]) => gaItem(good, n)),
      { transaction_id: 'N-500' },
    ),
    ua('transaction', {
      purchase: { actionField, products: lines.map(([good, n]) => uaProduct(good, n)) },
    }),
  ];
  return page('Thank you', visit, told.join('\n'), '<h1>Thank you for your order</h1>');
}

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, basket } = visit;
  if (path === '/cart/add' && method === 'POST') {
    const good = find(goods, form.get('id'));
    if (good === null) return { status: 422, body: '' };
    basket.set(good.id, (basket.get(good.id) ?? 0) + 1);
    return { body: '{}', headers: { 'content-type': 'application/json' } };
  }
  if (path === '/order') return method === 'POST' ? receipt(visit) : redirect('/cart');
  if (path === '/') return page('Shoes', visit, '', `<h1>Shoes</h1>${list(goods)}`);
  if (path === '/find') {
    const term = query.get('s') ?? '';
    const said = `gtag('event', 'search', ${JSON.stringify({ search_term: term })});`;
    return page('Search', visit, said, list(search(goods, term)));
  }
  if (path === '/cart') {
    const rows = linesOf(goods, basket).map(([good, n]) => `<li>${n} × ${good.title}</li>`);
    const buy = '<form method="post" action="/order"><button id="buy">Order</button></form>';
    return page('Cart', visit, '', `<h1>Cart</h1><ul>${rows.join('')}</ul>${buy}`);
  }
  const good = path.startsWith('/shoe/') ? find(goods, path.slice('/shoe/'.length)) : null;
  return good === null ? null : product(good, visit);
}

export const shoes: Shop = {
  ...{ name: 'shoes', goods, currency: 'EUR', feed: true },
  path: ({ id }) => `/shoe/${id}`,
  answer,
};
