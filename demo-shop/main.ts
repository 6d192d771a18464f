/** The shop: every address is a page of its own; this file shows the one that was asked for. */
import { init, type Vitrine } from '../sdk/index.ts';
import { pieces } from './basket.ts';
import { categories } from './catalogue/categories.ts';
import { consentBar } from './consent.ts';
import { h } from './dom.ts';
import { homePage } from './pages/home.ts';
import { categoryPage, searchPage } from './pages/list.ts';
import { basketPage, checkoutPage, donePage } from './pages/order.ts';
import { productPage } from './pages/product.ts';
import { panel } from './panel/panel.ts';
import type { Page, Shop } from './shop.ts';
import { locale, setLocale, t } from './text/locale.ts';

interface Settings {
  readonly site: string;
  readonly endpoint: string;
  readonly trust: string;
  /** Where the last measured quality lies, or ''. */
  readonly quality: string;
}

function pageOf(shop: Shop): Page {
  const [first = '', second = ''] = shop.route.parts;
  const missing: Page = {
    name: 'info',
    title: t('notFound'),
    render: (main) => main.append(h('header', { class: 'page-head' }, h('h1', {}, t('notFound')))),
  };
  switch (first) {
    case '':
      return homePage(shop);
    case 'shelf':
      return categoryPage(shop, second) ?? missing;
    case 'product':
      return productPage(shop, second) ?? missing;
    case 'search':
      return searchPage(shop);
    case 'basket':
      return basketPage(shop);
    case 'checkout':
      return checkoutPage(shop);
    case 'done':
      return donePage(shop);
    default:
      return missing;
  }
}

function header(shop: Shop, openPanel: () => void): HTMLElement {
  const count = h('span', { class: 'count', 'aria-hidden': 'true' });
  const basket = h('a', { class: 'header-link', href: '/basket' }, t('basket'), ' ', count);
  const showCount = (): void => {
    count.textContent = String(pieces());
    count.hidden = pieces() === 0;
  };
  document.addEventListener('basket', showCount);
  showCount();
  const search = h(
    'form',
    { class: 'search', role: 'search', action: '/search' },
    h('input', {
      type: 'search',
      name: 'q',
      'aria-label': t('search'),
      placeholder: t('searchPlaceholder'),
      value: shop.route.term,
    }),
  );
  const other = locale === 'en' ? 'zh' : 'en';
  return h(
    'header',
    { class: 'site-header' },
    h('a', { class: 'logo', href: '/' }, t('shopName')),
    search,
    h(
      'nav',
      { class: 'header-links', 'aria-label': t('home') },
      h(
        'button',
        { class: 'header-link', lang: other, onclick: () => setLocale(other) },
        t('language'),
      ),
      h('button', { class: 'header-link', id: 'open-panel', onclick: openPanel }, t('privacy')),
      basket,
    ),
  );
}

function shelfLinks(shop: Shop): HTMLElement {
  const current = shop.route.parts[0] === 'shelf' ? shop.route.parts[1] : '';
  return h(
    'nav',
    { class: 'site-shelves', 'aria-label': t('categories') },
    ...categories.map((one) =>
      h(
        'a',
        { href: `/shelf/${one.id}`, 'aria-current': one.id === current ? 'page' : null },
        one.name[locale],
      ),
    ),
  );
}

async function start(): Promise<void> {
  const settings = (await (await fetch('/demo.json')).json()) as Settings;
  const vitrine: Vitrine = init(settings.site, {
    endpoint: settings.endpoint,
    trust: settings.trust,
    assetBase: '/vitrine/',
    debug: new URLSearchParams(location.search).has('debug'),
    ...testOptions(),
  });
  const shop: Shop = {
    vitrine,
    route: {
      parts: location.pathname.split('/').filter(Boolean).map(decodeURIComponent),
      term: new URLSearchParams(location.search).get('q')?.trim() ?? '',
    },
  };
  const page = pageOf(shop);
  document.documentElement.lang = locale === 'zh' ? 'zh-CN' : 'en';
  document.title = page.name === 'home' ? t('shopName') : `${page.title} · ${t('shopName')}`;
  const main = h('main', { id: 'main', tabindex: -1 });
  const drawer = panel(shop, settings.quality);
  document
    .getElementById('app')
    ?.replaceWith(
      h('a', { class: 'skip', href: '#main' }, t('skip')),
      header(shop, drawer.open),
      shelfLinks(shop),
      main,
      h('footer', { class: 'site-footer' }, t('footer')),
      drawer.element,
    );
  page.render(main);
  vitrine.track('page_view', { page: page.name });
  document.body.append(consentBar(vitrine, drawer.onConsentAsked));
}

/** A browser test drives software WebGPU; a shopper's page never asks for it. */
function testOptions(): { allowSoftwareGpu?: boolean } {
  return new URLSearchParams(location.search).has('software-gpu') ? { allowSoftwareGpu: true } : {};
}

void start();
