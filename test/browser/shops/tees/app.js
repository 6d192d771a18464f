/**
 * The shop of T-shirts in the browser: routes by pushState, colours by `?color=`, and Product as
 * JSON-LD only after the page has been drawn, as head managers of frameworks do.
 */
const { styles, currency } = JSON.parse(document.getElementById('data').textContent);
const main = document.querySelector('main');
const basket = new Map();
let structured = null;

const money = (amount) =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency }).format(amount);
const variants = styles.flatMap((style) => style.variants.map((one) => ({ ...one, style })));
const item = ({ sku, color, style }, quantity) => ({
  item_id: sku,
  item_name: style.name,
  item_brand: style.brand,
  item_category: style.category,
  item_variant: color,
  price: style.price,
  quantity,
});

function draw(title, html, product) {
  document.title = `${title} · Cotton Row`;
  main.innerHTML = html;
  clearTimeout(structured);
  document.querySelector('script[type="application/ld+json"]')?.remove();
  document.querySelector('link[rel=canonical]').href = location.href;
  if (product === undefined) return;
  structured = setTimeout(() => {
    const script = document.createElement('script');
    script.type = 'application/ld+json';
    script.textContent = JSON.stringify(product);
    document.head.append(script);
  }, 120);
}

function list(title, shown) {
  const rows = shown.map(
    ({ id, name, price, variants: [first] }) =>
      `<li><a href="/t/${id}?color=${first.color}">${first.picture}${name} ${money(price)}</a></li>`,
  );
  draw(title, `<h1>${title}</h1><ul>${rows.join('')}</ul>`);
}

function style(id) {
  const found = styles.find((one) => one.id === id);
  if (found === undefined) return draw('Not here', '<h1>Not here</h1>');
  const color = new URLSearchParams(location.search).get('color');
  const shown = found.variants.find((one) => one.color === color) ?? found.variants[0];
  const colors = found.variants.map(
    (one) =>
      `<a href="/t/${id}?color=${one.color}" ${one === shown ? 'aria-current="true"' : ''}>${one.color}</a>`,
  );
  const html = `<article>${shown.picture}<h1>${found.name}</h1><p>${money(found.price)}</p>
<p>${found.text}</p><nav aria-label="Colours">${colors.join(' ')}</nav>
<button id="add" data-sku="${shown.sku}">Add to basket</button></article>`;
  draw(`${found.name}, ${shown.color}`, html, {
    '@context': 'https://schema.org/',
    '@type': 'Product',
    sku: shown.sku,
    inProductGroupWithID: found.id,
    name: `${found.name}, ${shown.color}`,
    description: found.text,
    color: shown.color,
    category: found.category,
    brand: { '@type': 'Brand', name: found.brand },
    url: location.href,
    offers: { '@type': 'Offer', price: found.price, priceCurrency: currency },
  });
}

function showBasket() {
  const rows = [...basket].map(([sku, n]) => `<li>${n} × ${sku}</li>`);
  draw('Basket', `<h1>Basket</h1><ul>${rows.join('')}</ul><button id="buy">Buy</button>`);
}

function route() {
  const [, kind, id] = location.pathname.split('/');
  if (kind === 't') style(id);
  else if (kind === 'basket') showBasket();
  else if (kind === 'search') {
    const term = new URLSearchParams(location.search).get('q') ?? '';
    const word = term.toLowerCase();
    vitrine.track('search', { search_term: term });
    list(
      'Found',
      styles.filter(({ name, text }) => `${name} ${text}`.toLowerCase().includes(word)),
    );
  } else list('All cotton', styles);
}

function go(href) {
  history.pushState(null, '', href);
  route();
}

addEventListener('popstate', route);
document.addEventListener('submit', (event) => {
  event.preventDefault();
  go(`/search?q=${encodeURIComponent(new FormData(event.target).get('q'))}`);
});
document.addEventListener('click', (event) => {
  const link = event.target.closest('a');
  if (link !== null) {
    event.preventDefault();
    go(link.getAttribute('href'));
    return;
  }
  const button = event.target.closest('button');
  if (button?.id === 'add') {
    const chosen = variants.find(({ sku }) => sku === button.dataset.sku);
    basket.set(chosen.sku, (basket.get(chosen.sku) ?? 0) + 1);
    vitrine.track('add_to_cart', { currency, items: [item(chosen, 1)] });
  } else if (button?.id === 'buy') {
    const bought = [...basket].map(([sku, n]) =>
      item(
        variants.find((one) => one.sku === sku),
        n,
      ),
    );
    vitrine.track('purchase', { transaction_id: 'C-7', currency, items: bought });
    basket.clear();
    draw('Thank you', '<h1>Thank you</h1>');
  } else if (button?.id === 'agree') {
    vitrine.consent.set({ personalise: true, contribute: true });
    button.remove();
  }
});
route();
