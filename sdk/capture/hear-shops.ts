/** Events of Shopify themes and WooCommerce, as their own scripts give them out: nothing is patched. */
import { plain } from './hear-plain.ts';
import type { HearOptions, ThemeHeard } from './heard.ts';

/** DOM events of themes (Horizon, Archetype, Maestrooo, Invisible and their kin) with a basket. */
const SHOPIFY =
  'cart:updated cart:update cart:change cart:added cart:refresh ajaxProduct:added variant:add product:added theme:cart:change';
/** Of WooCommerce's blocks. */
const BLOCKS = 'wc-blocks_added_to_cart wc-blocks_removed_from_cart';
/** Of WooCommerce's classic scripts, through jQuery. */
const CLASSIC = ['added_to_cart', 'removed_from_cart', 'wc_cart_emptied'];

/** A script of somebody else: any part may be missing or something else. */
interface Loose {
  (...all: unknown[]): Loose | undefined;
  readonly [name: string]: Loose | undefined;
}

type On = (target: EventTarget, names: string, run: (event: Event) => void) => void;

/**
 * @param undo is given what ends the listening to other scripts
 * @returns what is to be called until it has found every script: they may come later than we do
 */
export function hearShops(
  page: Window,
  { shopify, woocommerce }: HearOptions,
  on: On,
  tell: (heard: ThemeHeard) => void,
  undo: (() => void)[],
): () => void {
  const shop = page as unknown as Record<string, Loose | undefined>;
  const say =
    (from: ThemeHeard['from'], name: string) =>
    (detail: unknown): void =>
      tell({ kind: 'theme', from, name, detail: plain(detail) });
  const sayWoo = (name: string): ReturnType<typeof say> => say('woocommerce', name);
  const sayShopify = (name: string): ReturnType<typeof say> => say('shopify', name);

  on(page, SHOPIFY, (event) => {
    if (shopify !== false) sayShopify(event.type)((event as CustomEvent).detail);
  });
  const store = (): unknown => {
    if (woocommerce === false) return null;
    const cart = shop.wp?.data?.select?.('wc/store/cart');
    return cart?.hasFinishedResolution?.('getCartData') && cart.getCartData?.();
  };
  on(page, BLOCKS, ({ type }) => {
    if (woocommerce !== false && !store()) sayWoo(type)(null);
  });
  on(page, 'submit', (event) => {
    const form = event.target as HTMLFormElement;
    const ofShopify = form.matches('[action*="/cart/add"]');
    const wanted = ofShopify ? shopify : woocommerce !== false && form.matches('.cart');
    if (wanted === false) return;
    const { name, value } = ((event as SubmitEvent).submitter ?? {}) as HTMLButtonElement;
    const given = [...new FormData(form), [name, value]].filter(([field]) =>
      /^(id|add-to-cart|(product|variation)_id|quantity(\[\d+])?)$/.test(`${field}`),
    );
    (ofShopify ? sayShopify : sayWoo)('form')(Object.fromEntries(given));
  });

  const waiting = [
    () => {
      const { publish, subscribe } = shop;
      if (shopify === false || !publish || !subscribe) return false;
      const end = subscribe('cart-update', sayShopify('cart-update'));
      return undo.push(() => end?.());
    },
    () => {
      const body = woocommerce !== false && shop.jQuery?.(page.document.body);
      if (!body) return false;
      for (const name of CLASSIC) {
        body.on?.(`${name}.vitrine`, (...all: (Loose | undefined)[]) =>
          sayWoo(name)({ ...all[3]?.[0]?.dataset }),
        );
      }
      return undo.push(() => body.off?.('.vitrine'));
    },
  ];
  const told: unknown[] = [];
  return () => {
    const now = [shopify !== false && shop.ShopifyAnalytics?.meta, store()];
    now.forEach((one, at) => {
      if (one && one !== told[at]) (at === 0 ? sayShopify('meta') : sayWoo('store'))(one);
      told[at] = one;
    });
    for (const attach of [...waiting]) {
      try {
        if (attach()) waiting.splice(waiting.indexOf(attach), 1);
      } catch {
        // Not what it seemed.
      }
    }
  };
}
