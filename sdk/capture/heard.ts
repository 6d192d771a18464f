/** What the tag hears of a page, as plain data: the engine makes events and products of it. */

/** One element with `itemscope`. */
export interface MicroItem {
  /** `itemtype`, '' without one. */
  readonly type: string;
  /** Names and values in the order of the page. */
  readonly properties: readonly (readonly [string, string | MicroItem])[];
}

/** The `data-vitrine-*` of one element, without that prefix: `{ item: '12', price: '9,90 €' }`. */
export type Marked = Readonly<Record<string, string>>;

/** One element with `data-vitrine-event`. */
export interface Mark {
  readonly own: Marked;
  /** Elements with `data-vitrine-item`: itself, else those inside it, else the one around it. */
  readonly items: readonly Marked[];
}

export interface PageHeard {
  readonly kind: 'page';
  readonly url: string;
  readonly canonical: string | null;
  readonly title: string;
  readonly lang: string | null;
  /** Texts of the `application/ld+json` scripts. */
  readonly jsonLd: readonly string[];
  readonly microdata: readonly MicroItem[];
  readonly marks: readonly Mark[];
  /** `<meta property>` of OpenGraph, `og:` and `product:`. */
  readonly meta: Readonly<Record<string, string>>;
}

export interface ThemeHeard {
  readonly kind: 'theme';
  readonly from: 'shopify' | 'woocommerce';
  /** The theme's own name of the event; 'meta', 'form' and 'store' are ours. */
  readonly name: string;
  readonly detail: unknown;
}

export type Heard =
  /** A call of `track`. */
  | { readonly kind: 'call'; readonly name: unknown; readonly parameters: unknown }
  /** A copy of one argument of `dataLayer.push`; `arguments` of gtag as an array. */
  | { readonly kind: 'layer'; readonly entry: unknown }
  /** What a page tells of itself, at first and whenever it has changed. */
  | PageHeard
  /** A click on an element that is marked. */
  | { readonly kind: 'mark'; readonly mark: Mark }
  /** A click that nobody marked, with autocapture. */
  | {
      readonly kind: 'click';
      readonly text: string;
      /** Address of the link that was clicked, or of the first one in the card around it. */
      readonly url: string | null;
    }
  | ThemeHeard;

/** Ways of hearing; all are on but `autocapture`, unless they are switched off. */
export interface HearOptions {
  /** Or the name of another array than `dataLayer`. */
  readonly dataLayer?: boolean | string | undefined;
  readonly jsonLd?: boolean | undefined;
  readonly microdata?: boolean | undefined;
  /** `data-vitrine-*`. */
  readonly attributes?: boolean | undefined;
  readonly shopify?: boolean | undefined;
  readonly woocommerce?: boolean | undefined;
  readonly autocapture?: boolean | undefined;
}
