/** Which pages of other origins may use a site (SPEC.md, H4). */

/** '*', or origins as browsers send them: scheme and host, and a port where it is not the usual. */
export type Origins = '*' | readonly string[];

/** @throws TypeError or RangeError for what is neither '*' nor a list of origins. */
export function parseOrigins(name: string, given: unknown): Origins {
  if (given === '*') return '*';
  if (!Array.isArray(given)) throw new TypeError(`${name} must be "*" or a list of origins`);
  for (const [i, origin] of given.entries()) {
    const said = `${name}[${i}]`;
    if (typeof origin !== 'string') throw new TypeError(`${said} must be a string`);
    if (!isOrigin(origin)) {
      throw new RangeError(`${said} must be an origin such as https://shop.example (is ${origin})`);
    }
  }
  return [...given] as string[];
}

function isOrigin(text: string): boolean {
  try {
    return /^https?:/.test(text) && new URL(text).origin === text;
  } catch {
    return false;
  }
}

/**
 * What the headers of an answer become for a request of this origin: those of '*' are as they are;
 * a list names the origin when it is on it, and nobody otherwise, and caches are told.
 */
export function withOrigin(
  headers: Readonly<Record<string, string>>,
  origins: Origins,
  origin: string | null | undefined,
): Readonly<Record<string, string>> {
  if (origins === '*' || headers['access-control-allow-origin'] === undefined) return headers;
  const { 'access-control-allow-origin': _, vary, ...rest } = headers;
  const varied = { ...rest, vary: vary === undefined ? 'Origin' : `${vary}, Origin` };
  const allowed = typeof origin === 'string' && origins.includes(origin);
  return allowed ? { ...varied, 'access-control-allow-origin': origin } : varied;
}
