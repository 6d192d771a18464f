/**
 * A shop of rendered pages, as most are: every click a document, forms that post and redirect,
 * Product as JSON-LD on its page and as microdata in lists. The tag stands behind its stub, and the
 * shop calls `track` for what its markup does not say.
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
  totalOf,
} from './goods.ts';
import { type Reply, redirect, type Shop, type Visit } from './market.ts';

const goods = goodsOf(`
desk-arc    | Arc desk lamp, brass        | desk    | Holm   | 89.00  | A brass arm over the desk, with a dimmer in the foot and a warm bulb.
desk-clip   | Clip desk lamp, black       | desk    | Holm   | 39.50  | Clips to a shelf or a desk; a black shade that turns all the way round.
desk-reader | Reader desk lamp, oak       | desk    | Stille | 74.00  | An oak desk lamp for long evenings of reading, with two steps of light.
desk-bank   | Banker desk lamp, green     | desk    | Stille | 119.00 | Green glass over a brass desk foot, with the pull chain that belongs to it.
pend-dome   | Dome pendant, white         | pendant | Holm   | 149.00 | A white pendant dome for above the table, spun from one sheet of steel.
pend-glass  | Glass pendant, smoke        | pendant | Lume   | 129.00 | Smoked glass pendant, blown by mouth, on three metres of cloth cable.
pend-reed   | Reed pendant, natural       | pendant | Lume   | 99.00  | A woven pendant that throws a pattern on the ceiling.
floor-bow   | Bow floor lamp, brass       | floor   | Holm   | 259.00 | A tall brass floor lamp that reaches over the sofa from behind.
floor-tri   | Tripod floor lamp, ash      | floor   | Stille | 189.00 | Three legs of ash, and a linen shade above the reading chair.
`);

const CATEGORIES = { desk: 'Desk lamps', pendant: 'Pendants', floor: 'Floor lamps' } as const;
const EURO = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

const track = (name: string, parameters: unknown): string =>
  `<script>vitrine.track(${JSON.stringify(name)}, ${JSON.stringify(parameters)})</script>`;

function page(title: string, { surroundings, basket }: Visit, main: string): Reply {
  const { api, site, trust, stub } = surroundings;
  const count = [...basket.values()].reduce((sum, one) => sum + one, 0);
  const links = Object.entries(CATEGORIES).map(([id, name]) => `<a href="/c/${id}">${name}</a>`);
  return {
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)} · Harbour Lamps</title>
<link rel="icon" href="data:,">
<script>${stub}</script>
<script async src="/assets/vitrine.js" data-site="${site}" data-endpoint="${api}" data-trust="${trust}"></script>
</head>
<body>
<header><a href="/">Harbour Lamps</a> <nav>${links.join(' ')}</nav>
<form action="/search" role="search"><input type="search" name="q" aria-label="Search"></form>
<a href="/basket" id="basket">Basket (${count})</a></header>
<main>${main}</main>
<footer id="consent"><p>May this shop remember, in your browser alone, what you look at?</p>
<button data-consent="10">Remember here</button>
<button data-consent="11">Remember, and help all shoppers</button>
<button data-consent="00">No</button></footer>
<script>
for (const button of document.querySelectorAll('[data-consent]')) {
  button.addEventListener('click', () => {
    const [personalise, contribute] = [...button.dataset.consent].map((one) => one === '1');
    vitrine.consent.set({ personalise, contribute });
    document.getElementById('consent').hidden = true;
  });
}
</script>
</body></html>`,
  };
}

const tile = (good: Good): string => `
<li itemscope itemtype="https://schema.org/Product">
<a itemprop="url" href="/p/${good.id}">${picture(good)}<span itemprop="name">${good.title}</span></a>
<meta itemprop="sku" content="${good.id}">
<span itemprop="offers" itemscope itemtype="https://schema.org/Offer">
<meta itemprop="priceCurrency" content="EUR"><data itemprop="price" value="${good.price}">${EURO.format(good.price)}</data></span></li>`;

const grid = (shown: readonly Good[]): string =>
  `<ul class="grid">${shown.map(tile).join('')}</ul>`;

function product(good: Good, visit: Visit): Reply {
  const url = `${visit.surroundings.origin}/p/${good.id}`;
  return page(
    good.title,
    visit,
    `${jsonLd({
      '@context': 'https://schema.org',
      '@graph': [{ '@type': 'BreadcrumbList', itemListElement: [] }, productLd(good, url, 'EUR')],
    })}
<link rel="canonical" href="${url}">
<article>${picture(good, 320)}<h1>${good.title}</h1><p>${EURO.format(good.price)}</p><p>${good.text}</p>
<form method="post" action="/basket"><input type="hidden" name="id" value="${good.id}">
<input type="number" name="quantity" value="1" min="1"><button id="add">Add to basket</button></form></article>`,
  );
}

function basketPage(visit: Visit): Reply {
  const all = linesOf(goods, visit.basket);
  const added = find(goods, visit.query.get('added'));
  const said =
    added === null
      ? ''
      : track('add_to_cart', {
          currency: 'EUR',
          items: [gaItem(added, Number(visit.query.get('quantity')))],
        });
  const rows = all.map(
    ([{ title, price }, n]) => `<tr><td>${title}<td>${n}<td>${EURO.format(price * n)}`,
  );
  return page(
    'Basket',
    visit,
    `<h1>Basket</h1><table>${rows.join('')}</table><p>${EURO.format(totalOf(all))}</p>
<form method="post" action="/order"><button id="buy">Buy</button></form>${said}`,
  );
}

function answer(visit: Visit): Reply | null {
  const { method, path, query, form, basket } = visit;
  if (method === 'POST' && path === '/basket') {
    const good = find(goods, form.get('id'));
    const quantity = Number(form.get('quantity'));
    if (good === null || !(quantity >= 1)) return { status: 422, body: 'No such good' };
    basket.set(good.id, (basket.get(good.id) ?? 0) + quantity);
    return redirect(`/basket?added=${good.id}&quantity=${quantity}`);
  }
  if (method === 'POST' && path === '/order') {
    const bought = track('purchase', {
      transaction_id: 'H-1001',
      ...gaOrder(linesOf(goods, basket), 'EUR'),
    });
    basket.clear();
    return page(
      'Thank you',
      visit,
      `<h1>Thank you</h1><p>Your lamps are on their way.</p>${bought}`,
    );
  }
  if (path === '/')
    return page('Lamps', visit, `<h1>Light for every corner</h1>${grid(goods.slice(0, 4))}`);
  if (path === '/basket') return basketPage(visit);
  if (path === '/search') {
    const term = query.get('q') ?? '';
    const found = search(goods, term);
    const said = track('search', { search_term: term });
    return page('Search', visit, `<h1>${found.length} found</h1>${grid(found)}${said}`);
  }
  const [, kind, id] = path.split('/');
  if (kind === 'c' && id !== undefined && id in CATEGORIES) {
    const name = CATEGORIES[id as keyof typeof CATEGORIES];
    return page(name, visit, `<h1>${name}</h1>${grid(goods.filter((one) => one.category === id))}`);
  }
  const good = kind === 'p' ? find(goods, id) : null;
  return good === null ? null : product(good, visit);
}

export const lamps: Shop = {
  ...{ name: 'lamps', goods, currency: 'EUR', feed: true, files: '/assets/' },
  path: ({ id }) => `/p/${id}`,
  answer,
};
