/** Numbers as shops write them: 12.5, "12.50", "12,50", "€1.234,50", "1 234,50 kr", "¥1,280". */

/**
 * The one number in a text, or null when there is none, more than one, or an unreadable one.
 * A comma before exactly three last digits groups thousands; a single dot is a decimal point.
 */
export function readNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.length > 60) return null;
  const text = value.normalize('NFKC').trim();
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  const runs = text.match(/\d[\d.,'’\s]*/g);
  if (runs?.length !== 1) return null;
  const run = (runs[0] as string).replace(/[.,'’\s]+$/, '');
  const magnitude = readGrouped(run);
  if (magnitude === null) return null;
  const before = text.slice(0, text.indexOf(run));
  return /[-−]\s*$|^[-−]/.test(before) ? -magnitude : magnitude;
}

function readGrouped(run: string): number | null {
  const plain = run.replace(/(\d)['’\s](?=\d{3}(\D|$))/g, '$1');
  if (!/^[\d.,]+$/.test(plain)) return null;
  const decimal = decimalSeparator(plain);
  const [whole = '', fraction = '', ...rest] = decimal === '' ? [plain] : plain.split(decimal);
  if (rest.length > 0 || !/^\d*$/.test(fraction)) return null;
  if (!/^\d+$/.test(whole) && !/^\d{1,3}([.,])\d{3}(\1\d{3})*$/.test(whole)) return null;
  return Number(`${whole.replace(/[.,]/g, '')}.${fraction || '0'}`);
}

/** The later of both kinds; a lone comma unless it groups thousands; a lone dot. */
function decimalSeparator(run: string): '' | '.' | ',' {
  const dots = run.split('.').length - 1;
  const commas = run.split(',').length - 1;
  if (dots > 0 && commas > 0) return run.lastIndexOf('.') > run.lastIndexOf(',') ? '.' : ',';
  if (commas === 1) return /,\d{3}$/.test(run) ? '' : ',';
  return dots === 1 ? '.' : '';
}
