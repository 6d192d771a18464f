/**
 * What a segment rule may ask of a profile: a closed list, each with its kind. Times and money are
 * those of this browser's history; a field has no value before there is one.
 *
 *   events, sessions        kept in this profile
 *   views, searches         view_item, search
 *   basket-adds             add_to_cart
 *   wishlist-adds, ratings  add_to_wishlist, rate_item
 *   orders                  purchase
 *   spend                   sum of purchase values, in the shop's currency
 *   average-order           spend / orders with a value
 *   discount-share          of what was paid and saved, the share saved, 0 to 1
 *   days-since-purchase     full and part days
 *   days-since-visit        since the visit before this one ended
 *   days-since-first        since the oldest event that is kept
 *   days-between-purchases  mean gap, from the second purchase on
 *   days-between-visits     mean gap, from the second visit on
 *   visits-per-week         from the second visit on
 *   basket-value            put into the basket less taken out, in the newest session
 *   low-price-share         share of interest in price bands 0 and 1, 0 to 1
 *   high-price-share        the same for bands 3 and 4
 *   intent, churn           probability of a purchase in this visit; of none for long
 *   price-sensitivity       0 to 1
 *   top-category, top-brand name of the strongest interest
 *   value-tier              'low', 'middle' or 'high'
 *   visitor                 'new' or 'returning'
 *   device                  'phone', 'tablet' or 'desktop'
 *   language                first part of the browser's locale: 'en', 'zh'
 */
export type FieldKind = 'number' | 'text';

export const FIELDS = {
  events: 'number',
  sessions: 'number',
  views: 'number',
  searches: 'number',
  'basket-adds': 'number',
  'wishlist-adds': 'number',
  ratings: 'number',
  orders: 'number',
  spend: 'number',
  'average-order': 'number',
  'discount-share': 'number',
  'days-since-purchase': 'number',
  'days-since-visit': 'number',
  'days-since-first': 'number',
  'days-between-purchases': 'number',
  'days-between-visits': 'number',
  'visits-per-week': 'number',
  'basket-value': 'number',
  'low-price-share': 'number',
  'high-price-share': 'number',
  intent: 'number',
  churn: 'number',
  'price-sensitivity': 'number',
  'top-category': 'text',
  'top-brand': 'text',
  'value-tier': 'text',
  visitor: 'text',
  device: 'text',
  language: 'text',
} as const satisfies Readonly<Record<string, FieldKind>>;

export type FieldName = keyof typeof FIELDS;

/** Kinds of interest that `interest(kind, name)` knows. */
export const INTEREST_KINDS = ['category', 'brand', 'price-band'] as const;
export type InterestKind = (typeof INTEREST_KINDS)[number];

/**
 * Words of what no profile infers and no rule may ask: age, sex and gender, and the special
 * categories of the GDPR, Article 9(1), by the words that shops use for them. A list of words finds
 * names, not intentions: who signs a site's rules answers for them.
 */
const WORDS =
  /(^|[^a-z])(ages?|aged|birth\w*|genders?|sex\w*|males?|females?|health\w*|medic(al|ation|ine)\w*|diagnos\w*|illness\w*|diseases?|disab\w*|pregnan\w*|fertil\w*|religio\w*|faiths?|beliefs?|ethnic\w*|races?|racial|nationalit\w*|politic\w*|unions?|orientation|genetic\w*|biometric\w*)($|[^a-z])/;
const CJK =
  /年龄|年齡|年纪|年紀|岁数|歲數|周岁|生日|出生|性别|性別|性取向|性倾向|性傾向|同性恋|同性戀|男性|女性|健康|医疗|醫療|疾病|病史|病历|病歷|血型|残疾|殘疾|怀孕|懷孕|宗教|信仰|民族|种族|種族|国籍|國籍|政治|党派|黨派|工会|工會|基因/;

/**
 * Whether a name speaks of an attribute that is never inferred, kept or asked; also where accents,
 * invisible characters or signs between its letters disguise it.
 */
export function isSensitive(name: string): boolean {
  const words = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase();
  const parts = words.split(/[^\p{L}\p{N}]+/u);
  const spelled = parts.every((part) => part.length <= 3) ? parts.join('') : '';
  return [words.replace(/_/g, ' '), spelled].some((one) => WORDS.test(one) || CJK.test(one));
}
