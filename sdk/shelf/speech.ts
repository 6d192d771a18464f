/** Words, numbers and times of one place on the page. */
import { languageAt } from './language.ts';
import { WORDS, type Word } from './words.ts';

/** What the shop calls things that have ids; null for what it does not know. */
export type Names = (
  kind: 'category' | 'brand' | 'item' | 'segment',
  id: string,
) => string | null | undefined;

/** Terms by kind and name: sdk/terms.ts. */
export type Terms = Readonly<Record<string, string>>;

type Values = Readonly<Record<string, unknown>>;

/** Words that may be another language's than the element's: `lang` says so. */
export interface Said {
  readonly words: string;
  readonly lang: string | null;
}

export interface Speech {
  /** BCP 47, of the element's own words. */
  readonly tag: string;
  t(word: Word, values?: Values): string;
  /** Of the SDK's own terms, `event` and `purchase`; a name without one as it is. */
  term(kind: string, name: string, values?: Values): string;
  /** What the SDK says in English by itself. */
  said(kind: string, name: string, english: string, values?: Values): Said;
  number(value: number, format?: Intl.NumberFormatOptions): string;
  percent(share: number): string;
  /** Never shown smaller than it is. */
  epsilon(value: number | 'none'): string;
  time(ms: number, format?: Intl.DateTimeFormatOptions): string;
  ago(ms: number): string;
}

const CLOCK = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const;

/** @param terms that the client told, in the element's language */
export function speechAt(element: Element, terms: Terms = {}): Speech {
  const { isChinese, tag: page } = languageAt(element);
  const own = isChinese ? 'zh-CN' : 'en';
  // Numbers and dates as the page writes them, where the words are in its language.
  const tag = page.startsWith(own.slice(0, 2)) ? page : own;
  const t = (word: Word, values: Values = {}): string =>
    filled(
      (WORDS as Terms)[word]?.split('|')[isChinese ? 1 : 0] ?? terms[`panel:${word}`] ?? word,
      values,
    );
  const number = (value: number, format: Intl.NumberFormatOptions = {}): string =>
    new Intl.NumberFormat(tag, { maximumFractionDigits: 2, ...format }).format(value);
  return {
    tag,
    t,
    number,
    term: (kind, name, values = {}) => filled(terms[`${kind}:${name}`] ?? name, values),
    said(kind, name, english, values = {}) {
      const key = `${kind}:${name}`;
      const chinese = terms[key] ?? (WORDS as Record<string, string>)[key]?.slice(1);
      if (!isChinese || chinese === undefined)
        return { words: english, lang: isChinese ? 'en' : null };
      return { words: filled(chinese, values), lang: null };
    },
    percent: (share) => number(share, { style: 'percent', maximumFractionDigits: 0 }),
    epsilon: (value) =>
      value === 'none'
        ? t('noEpsilon')
        : number(Math.ceil(value * 1000) / 1000, { maximumFractionDigits: 3 }),
    time: (ms, format = CLOCK) => new Intl.DateTimeFormat(tag, format).format(ms),
    ago(ms) {
      const minutes = Math.max(0, Date.now() - ms) / 60_000;
      const [unit, per] =
        minutes < 60
          ? (['minute', 1] as const)
          : minutes < 1440
            ? (['hour', 60] as const)
            : (['day', 1440] as const);
      const format = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' });
      return format.format(-Math.round(minutes / per), unit);
    },
  };
}

/** A sentence with its `{names}` filled in. */
function filled(sentence: string, values: Values): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}
