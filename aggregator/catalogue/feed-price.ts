/** Prices as feeds write them: "1.299,00 €", "12.99 USD", "￥1299", "٩٩٫٥٠ ر.س", "0". */

export interface Money {
  /** In the currency's major unit; 0 or more. */
  readonly amount: number;
  /** ISO 4217, or null where the text names none, or one that several countries write alike. */
  readonly currency: string | null;
}

const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/HK\$/, 'HKD'],
  [/NT\$/, 'TWD'],
  [/R\$/, 'BRL'],
  [/A\$|AU\$/, 'AUD'],
  [/C\$|CA\$/, 'CAD'],
  [/US\$|\$US/, 'USD'],
  [/€/, 'EUR'],
  [/£/, 'GBP'],
  [/₹/, 'INR'],
  [/₽|руб/i, 'RUB'],
  [/₩|원/, 'KRW'],
  [/₺/, 'TRY'],
  [/₴|грн/i, 'UAH'],
  [/₪/, 'ILS'],
  [/₫/, 'VND'],
  [/฿/, 'THB'],
  [/₱/, 'PHP'],
  [/zł/i, 'PLN'],
  [/Kč/i, 'CZK'],
  [/Ft\b/, 'HUF'],
  [/円|JP¥/, 'JPY'],
  [/元|人民币|RMB|CN¥/i, 'CNY'],
  [/ر\.?\s?س/, 'SAR'],
  [/د\.?\s?إ/, 'AED'],
  [/ج\.?\s?م/, 'EGP'],
];

/** Three digits behind the point (ISO 4217): "1.299" is no thousand there. */
const MILLS: ReadonlySet<string> = new Set(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);
const MAX_TEXT = 60;

/** @returns null for what is no price of 0 or more. Of a range the first. */
export function readMoney(text: string): Money | null {
  if (text.length > MAX_TEXT) return null;
  const signed = text
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660))
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/٫/g, '.')
    .replace(/٬/g, ',')
    .normalize('NFKC')
    .trim();
  const code = /(?:^|[^A-Za-z])([A-Z]{3})(?![A-Za-z])/.exec(signed)?.[1] ?? null;
  const sign = SIGNS.find(([form]) => form.test(signed))?.[1] ?? null;
  const currency = (code === 'RMB' ? 'CNY' : code) ?? sign;
  const plain = signed.replace(/[A-Z]{3}/, '').trim();
  if (/^\d+(?:\.\d+)?e[+-]?\d+$/i.test(plain)) {
    const amount = finite(plain);
    return amount === null ? null : { amount, currency };
  }
  // Digits with single separators between them; a blank is one before three digits.
  const number = /\d+(?:[.,'’_]\d+|\s\d{3}(?!\d))*/.exec(signed);
  if (number === null || /[-−]\s*[^\d\s]{0,4}\s*$/.test(signed.slice(0, number.index))) return null;
  const amount = amountOf(number[0], currency !== null && MILLS.has(currency));
  return amount === null ? null : { amount, currency };
}

function amountOf(text: string, hasMills: boolean): number | null {
  const digits = text.replace(/[\s'’_]/g, '');
  const marks = [...digits.matchAll(/[.,]/g)];
  const last = marks.at(-1);
  if (last === undefined) return finite(digits);
  const behind = digits.length - last.index - 1;
  const kinds = new Set(marks.map(([mark]) => mark)).size;
  const groups = kinds === 1 && (marks.length > 1 || (behind === 3 && !hasMills));
  // "0.500" is half of one: no thousand begins with 0.
  if (groups && !/^0[.,]/.test(digits)) return finite(digits.replace(/[.,]/g, ''));
  const whole = digits.slice(0, last.index).replace(/[.,]/g, '');
  return finite(`${whole}.${digits.slice(last.index + 1)}`);
}

function finite(text: string): number | null {
  const amount = Number(text);
  return Number.isFinite(amount) && amount <= 2e7 ? amount : null;
}
