/** What an address says: which page, which variant of a product, which kind of page, what was sought. */

/** Parameters of campaigns, sessions and the way here: they change nothing that is shown. */
const TRACKING =
  /^(utm_|mtm_|pk_|hsa_|mc_|_|ga_|gad|ref|aff|srsltid|sid$|session|phpsessid|from$|source$|spm$|scm$|pr_|trk|cmp|igsh|si$|.*clid$|sca_)/i;
/** Parameters that choose among the variants of a product, or the product itself. */
const VARIANT =
  /vari(ant|ation)|colou?r|size|style|material|finish|flavou?r|capacity|pattern|edition|option|farbe|gr(oe|ö)(ss|ß)e|couleur|taille|talla|taglia|maat|kleur|颜色|尺码|规格|款式|型号|サイズ|カラー|^(dwvar|attribute|attr|pa)_|^(sku|skuid|sku_id|mpn)$/i;
const IDENTITY =
  /^(id|pid|item|itemid|item_id|product|productid|product_id|goods|goodsid|goods_id)$/i;
/** GA4's own list of enhanced measurement. */
const SEARCH = ['q', 's', 'search', 'query', 'keyword'];

const KINDS: readonly (readonly [string, RegExp])[] = [
  ['checkout', /\/(checkouts?|kasse|commande|order-received|thank-?you|结算)(\/|$)/i],
  ['basket', /\/(cart|basket|bag|warenkorb|panier|carrito|carrello|购物车)(\/|$|\.)/i],
  ['account', /\/(account|my-account|login|register|konto|compte|cuenta)(\/|$)/i],
  ['search', /\/(search|suche|recherche|buscar|搜索)(\/|$)/i],
  ['product', /\/(products?|p|dp|item|goods|produkte?|produit)\/[^/]+\/?$/i],
  ['list', /\/(collections?|category|categories|product-category|c|shop|kategorien?)(\/|$)/i],
  ['info', /\/(about|contact|faq|help|pages|blogs?|impressum|privacy|terms|shipping)(\/|$)/i],
];

/** A page's address, read once; null for what is none. */
export function readUrl(text: unknown, base?: string): URL | null {
  if (typeof text !== 'string' || text === '' || text.length > 4000) return null;
  try {
    const url = new URL(text, base);
    return /^https?:$/.test(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

/** A route that lies behind the hash, as some single-page shops have it; else ''. */
function route(url: URL): string {
  return /^#!?\//.test(url.hash) ? url.hash : '';
}

function parameters(url: URL, wanted: (name: string) => boolean): string {
  const kept = [...url.searchParams].filter(([name]) => wanted(name));
  return kept
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** Two addresses with the same key show the same page. */
export function pageKey(url: URL): string {
  const query = parameters(url, (name) => !TRACKING.test(name));
  return `${pathOf(url)}?${query}${route(url)}`;
}

/** The path without a trailing slash, and the route behind the hash. */
export function pathOf(url: URL): string {
  return url.pathname.replace(/(.)\/+$/, '$1') + route(url).replace(/\?.*/, '');
}

/** `color=1&size=M`: what the address chooses of a product; '' when it chooses nothing. */
export function variantOf(url: URL): string {
  return parameters(url, (name) => VARIANT.test(name) && !TRACKING.test(name));
}

/** What a product is called that has nothing but an address. */
export function addressId(url: URL): string {
  const query = parameters(url, (name) => VARIANT.test(name) || IDENTITY.test(name));
  return (pathOf(url) + (query === '' ? '' : `?${query}`)).slice(0, 200);
}

/** The address without campaign, session and hash: fit to be kept. */
export function cleanUrl(url: URL): string {
  const clean = new URL(url);
  for (const name of [...clean.searchParams.keys()]) {
    if (TRACKING.test(name)) clean.searchParams.delete(name);
  }
  clean.hash = route(url);
  clean.username = '';
  clean.password = '';
  return clean.href;
}

/** GA4's kinds of page as `normalise` knows them, from the path alone. */
export function kindOf(url: URL): string | undefined {
  const path = safely(pathOf(url).replace('#', ''));
  if (/^\/?(index\.\w+)?$|^\/[a-z]{2}(-[a-z]{2})?$/i.test(path))
    return searchTerm(url) ? 'search' : 'home';
  return (
    KINDS.find(([, pattern]) => pattern.test(path))?.[0] ?? (searchTerm(url) ? 'search' : undefined)
  );
}

function safely(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What the visitor sought, from the address of a page of results; null on any other. */
export function searchTerm(url: URL): string | null {
  for (const name of SEARCH) {
    const term = url.searchParams.get(name)?.trim();
    if (term) return term.slice(0, 200);
  }
  return null;
}
