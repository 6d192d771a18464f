/** The shop's two languages. The choice lives in this tab's sessionStorage, as a shop's own state. */
import { en } from './en.ts';
import { zh } from './zh.ts';

export type Locale = 'en' | 'zh';
export type Words = { readonly [K in keyof typeof en]: string };

const TABLES: Readonly<Record<Locale, Words>> = { en, zh };
const KEY = 'shop.locale';

function stored(): Locale | null {
  const value = sessionStorage.getItem(KEY);
  return value === 'en' || value === 'zh' ? value : null;
}

/** Language of this page. */
export const locale: Locale = stored() ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');

export function setLocale(next: Locale): void {
  sessionStorage.setItem(KEY, next);
  location.reload();
}

/** Text of a key; `{name}` is replaced from `values`. */
export function t(
  key: keyof Words,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return TABLES[locale][key].replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(values[name] ?? whole),
  );
}

export function money(cents: number): string {
  return new Intl.NumberFormat(locale === 'zh' ? 'zh-CN' : 'en-IE', {
    style: 'currency',
    currency: 'EUR',
  }).format(cents / 100);
}

export function clockTime(ms: number): string {
  return new Intl.DateTimeFormat(locale === 'zh' ? 'zh-CN' : 'en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(ms);
}

/** A time that is known to the hour. */
export function clockHour(ms: number): string {
  const hour = (at: number): string =>
    new Intl.DateTimeFormat(locale === 'zh' ? 'zh-CN' : 'en-GB', {
      hour: '2-digit',
      minute: '2-digit',
    }).format(at);
  return `${hour(ms)}–${hour(ms + 3_600_000)}`;
}

export function decimal(value: number, digits = 2): string {
  return new Intl.NumberFormat(locale === 'zh' ? 'zh-CN' : 'en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}
