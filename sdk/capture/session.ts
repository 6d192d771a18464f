/** Sessions: a new one begins after 30 minutes without an event (GA4's own default). */

export const SESSION_GAP_MS = 30 * 60_000;

export interface Session {
  readonly number: number;
  readonly lastEventMs: number;
}

/** The session of an event at `atMs`; a clock set back stays in the session. */
export function nextSession(last: Session | undefined, atMs: number): Session {
  if (last === undefined) return { number: 1, lastEventMs: atMs };
  const number = atMs - last.lastEventMs > SESSION_GAP_MS ? last.number + 1 : last.number;
  return { number, lastEventMs: Math.max(atMs, last.lastEventMs) };
}
