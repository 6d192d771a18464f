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

/** How long ago, in the largest unit that fits. */
export function agoWords(ms: number): string {
  const seconds = Math.max(0, (Date.now() - ms) / 1000);
  const format = new Intl.RelativeTimeFormat(locale === 'zh' ? 'zh-CN' : 'en-GB');
  if (seconds < 60) return t('justNow');
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.round(seconds / 3600), 'hour');
  return format.format(-Math.round(seconds / 86_400), 'day');
}

/** Of a day of the week, Sunday first. */
export function weekdayWords(day: number): string {
  const format = new Intl.DateTimeFormat(locale === 'zh' ? 'zh-CN' : 'en-GB', {
    weekday: 'long',
    timeZone: 'UTC',
  });
  // The first of January 2023 was a Sunday.
  return format.format(Date.UTC(2023, 0, 1 + day));
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
