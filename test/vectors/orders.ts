/** Lists of Rényi orders, and of divergences, as vectors files describe them. */
import { DEFAULT_ORDERS, INTEGER_ORDERS } from '../../shared/privacy/conversion.ts';
import type { Params } from './row.ts';

/**
 * Returns the orders that the row names: an array, "dp_accounting default", "2..128,256",
 * "2..32 integers", "0.001*i for i in 1000..99999"; `fallback` where it names none.
 */
export function ordersOf(params: Params, fallback: readonly number[]): readonly number[] {
  const value = params.raw('orders');
  if (value === undefined) return fallback;
  if (Array.isArray(value)) return params.numbers('orders');
  const text = params.text('orders');
  if (text === 'dp_accounting default') return DEFAULT_ORDERS;
  if (text === '2..128,256') return INTEGER_ORDERS;
  const scaled = /^([0-9.e+-]+)\*i for i in (\d+)\.\.(\d+)$/.exec(text);
  if (scaled !== null) {
    const [low, high] = [Number(scaled[2]), Number(scaled[3])];
    return range(low, high).map((i) => i * Number(scaled[1]));
  }
  const list = text.replace(/\s*(integers|integer orders)$/, '').split(',');
  return list.flatMap((part) => {
    const bounds = /^\s*(\d+(?:\.\d+)?)(?:\.\.(\d+))?\s*$/.exec(part);
    if (bounds === null) throw new RangeError(`orders '${text}' are of an unknown form`);
    const low = Number(bounds[1]);
    return bounds[2] === undefined ? [low] : range(low, Number(bounds[2]));
  });
}

/** Returns the divergences at the orders: an array, or "1.1 at every order". */
export function rdpListOf(params: Params, orders: readonly number[]): readonly number[] {
  if (Array.isArray(params.raw('rdp'))) return params.numbers('rdp');
  const match = /^([0-9.e+-]+) at every order$/.exec(params.text('rdp'));
  if (match === null) throw new RangeError("parameter 'rdp' is of an unknown form");
  return orders.map(() => Number(match[1]));
}

function range(low: number, high: number): number[] {
  if (high < low || high - low > 1e6) throw new RangeError('orders are too many');
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}
