/** Plain copies of what a page's scripts hand out. */

const MAX_PARTS = 8000;
const MAX_DEPTH = 9;
const MAX_KEYS = 1000;
const MAX_TEXT = 5000;

/**
 * A copy that `postMessage` and JSON can carry: own enumerable values of bounded depth, number and
 * length. Functions, DOM nodes, cycles, NaN and what throws when it is read become null.
 */
export function plain(value: unknown): unknown {
  let left = MAX_PARTS;
  const copy = (read: () => unknown, above: readonly unknown[]): unknown => {
    try {
      const one = read();
      if (typeof one === 'string' || typeof one === 'bigint') {
        const text = `${one}`.slice(0, MAX_TEXT);
        left -= text.length >> 6;
        return text;
      }
      if (typeof one === 'boolean' || Number.isFinite(one)) return one;
      if (typeof one !== 'object' || one === null || above.length > MAX_DEPTH) return null;
      if (above.includes(one) || (one as Node).nodeType || ArrayBuffer.isView(one)) return null;
      if (one instanceof Date) return one.toJSON();
      const list = Array.isArray(one) || {}.toString.call(one) === '[object Arguments]';
      const parts = Object.keys(list ? Array.prototype.slice.call(one, 0, MAX_KEYS) : one)
        .slice(0, MAX_KEYS)
        .filter(() => left-- > 0)
        .map((key) => [key, copy(() => one[key as never], [...above, one])] as const);
      return list ? parts.map(([, part]) => part) : Object.fromEntries(parts);
    } catch {
      return null;
    }
  };
  return copy(() => value, []);
}
