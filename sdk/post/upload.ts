/**
 * Uploads what is due (PR18): the same bytes until one answer is final. Never throws into a page.
 */
import type { RandomSource } from '../../shared/random/source.ts';
import type { Clock } from '../capture/clock.ts';
import type { Database, OutboxEntry, OutboxState } from '../database/database.ts';
import type { PostResult, Sender } from './sender.ts';

export interface DrainOptions {
  /** Global Privacy Control, read before every upload. */
  readonly gpc: () => boolean;
  /** Spreads retries, so that browsers do not come back together. */
  readonly source: Pick<RandomSource, 'nextUint32'>;
  /**
   * At the end of a page: what is due leaves at once, as much as the browser lets outlive the page;
   * the rest waits for the next one.
   */
  readonly leaving?: boolean;
  /** Shared by the drains of one page. */
  readonly flight?: Flight;
  /** While true (page hidden, offline) nothing is tried; read before every upload. */
  readonly paused?: () => boolean;
  readonly signal?: AbortSignal;
  /** A report reached a final state. */
  readonly onFinal?: (reportId: string, state: OutboxState, detail: string) => void;
}

export interface DrainResult {
  readonly sent: number;
  readonly refused: number;
  readonly expired: number;
  readonly waiting: number;
  /** When the next report is due, or expires; null when none waits. Past where `stopped` is set. */
  readonly nextAtMs: number | null;
  /** Why reports were left although they were due. */
  readonly stopped: 'no-consent' | 'gpc' | 'storage' | 'paused' | 'aborted' | null;
}

/** What one page has under way. */
export interface Flight {
  /** Of bodies with `keepalive`. */
  bytes: number;
  readonly reportIds: Set<string>;
}

/**
 * Fetch standard, "HTTP-network-or-cache fetch": the bodies with `keepalive` in flight of one page
 * are 64 KiB at most, together; less, for what else the shop sends so.
 */
const KEEPALIVE_BYTES = 60_000;

/** Bodies of this many reports that left are kept for the shopper to read; older ones go. */
export const KEPT_BODIES = 8;

const BACKOFF_MS = 2000;
const BACKOFF_MAX_MS = 300_000;

/** Refusals that another try may not meet; a foreign answer ('http-…') is not the server's word. */
const PASSING = new Set(['rate-limited', 'no-slots', 'not-ready', 'incomplete-body']);

/**
 * Sends every report that is due, oldest due first, one after the other. A report past its
 * deadline expires unsent and its body is deleted.
 *
 * Two pages may drain at once: the server takes the same id with the same bytes once.
 */
export async function drain(
  db: Database,
  sender: Sender,
  clock: Clock,
  options: DrainOptions,
): Promise<DrainResult> {
  const counts = { sent: 0, refused: 0, expired: 0 };
  const finish = async (entry: OutboxEntry, state: keyof typeof counts, last: string) => {
    const body = state === 'expired' ? { body: null } : {};
    await db.updateOutbox(entry.reportId, {
      state,
      last,
      attempts: attempts(entry, state),
      ...body,
    });
    counts[state]++;
    options.onFinal?.(entry.reportId, state, last);
  };
  const flight = options.flight ?? { bytes: 0, reportIds: new Set() };
  const send = async (entry: OutboxEntry, body: Uint8Array): Promise<void> => {
    const bytes = fits(flight, body) ? body.length : 0;
    flight.bytes += bytes;
    flight.reportIds.add(entry.reportId);
    const answer = await post(sender, body, bytes > 0);
    flight.reportIds.delete(entry.reportId);
    flight.bytes -= bytes;
    if (answer.accepted) await finish(entry, 'sent', '');
    else if (!answer.passing) await finish(entry, 'refused', answer.code);
    else await db.updateOutbox(entry.reportId, retry(entry, answer, clock, options));
  };
  const leaving: Promise<void>[] = [];
  let stopped: DrainResult['stopped'] = null;
  try {
    for (const entry of await waitingOf(db)) {
      if (clock.now() >= entry.deadlineMs) {
        await finish(entry, 'expired', entry.last);
        continue;
      }
      if (entry.sendAtMs > clock.now()) continue;
      stopped = await reasonToStop(db, options);
      if (stopped !== null) break;
      if (flight.reportIds.has(entry.reportId) || !(await stillWaits(db, entry))) continue;
      // What has been withdrawn while that was read is not sent.
      if (options.signal?.aborted) {
        stopped = 'aborted';
        break;
      }
      if (entry.body === null) await finish(entry, 'refused', 'no-body');
      else if (options.leaving !== true) await send(entry, entry.body);
      // Nothing is begun that the end of the page would cut off.
      else if (fits(flight, entry.body)) {
        const sending = send(entry, entry.body);
        sending.catch(() => undefined);
        leaving.push(sending);
      }
    }
    await Promise.all(leaving);
    await forgetBodies(db);
    const waiting = await waitingOf(db);
    const times = waiting.map(({ sendAtMs, deadlineMs }) => Math.min(sendAtMs, deadlineMs));
    const nextAtMs = times.length > 0 ? Math.min(...times) : null;
    return { ...counts, waiting: waiting.length, nextAtMs, stopped };
  } catch {
    return { ...counts, waiting: 0, nextAtMs: null, stopped: 'storage' };
  }
}

const attempts = (entry: OutboxEntry, state: OutboxState): number =>
  entry.attempts + (state === 'expired' ? 0 : 1);

async function waitingOf(db: Database): Promise<OutboxEntry[]> {
  const waiting = (await db.readOutbox()).filter(({ state }) => state === 'waiting');
  return waiting.sort((a, b) => a.sendAtMs - b.sendAtMs);
}

/** Another tab may have sent it, or a withdrawal deleted it, while this one was uploading. */
async function stillWaits(db: Database, { reportId }: OutboxEntry): Promise<boolean> {
  return (await waitingOf(db)).some((entry) => entry.reportId === reportId);
}

async function reasonToStop(db: Database, options: DrainOptions): Promise<DrainResult['stopped']> {
  if (options.signal?.aborted) return 'aborted';
  if ((await db.getMeta('consent'))?.contribute !== true) return 'no-consent';
  if (options.gpc()) return 'gpc';
  if (db.state === 'memory') return 'storage';
  return options.paused?.() ? 'paused' : null;
}

type Answer =
  | { readonly accepted: true }
  | (Extract<PostResult, { accepted: false }> & { readonly passing: boolean });

const fits = (flight: Flight, body: Uint8Array): boolean =>
  flight.bytes + body.length <= KEEPALIVE_BYTES;

async function post(sender: Sender, body: Uint8Array, keepalive: boolean): Promise<Answer> {
  try {
    const result = await sender.report(body, keepalive);
    if (result.accepted) return result;
    return { ...result, passing: PASSING.has(result.code) || result.code.startsWith('http-') };
  } catch (error) {
    const { state } = error as { state?: unknown };
    const code = typeof state === 'string' ? state : 'offline';
    return { accepted: false, code, retryAfterMs: null, passing: true };
  }
}

/** Doubles from 2 s to 5 min, spread over its upper half, and never before the server asks. */
function retry(
  entry: OutboxEntry,
  answer: { readonly code: string; readonly retryAfterMs: number | null },
  clock: Clock,
  { source }: DrainOptions,
): Partial<OutboxEntry> {
  const full = Math.min(BACKOFF_MS * 2 ** Math.min(entry.attempts, 30), BACKOFF_MAX_MS);
  const wait = (full / 2) * (1 + source.nextUint32() / 2 ** 32);
  const sendAtMs = clock.now() + Math.ceil(Math.max(wait, answer.retryAfterMs ?? 0));
  return { attempts: entry.attempts + 1, last: answer.code, sendAtMs };
}

async function forgetBodies(db: Database): Promise<void> {
  const kept = (await db.readOutbox())
    .filter(({ state, body }) => state !== 'waiting' && body !== null)
    .sort((a, b) => b.sendAtMs - a.sendAtMs);
  for (const { reportId } of kept.slice(KEPT_BODIES)) {
    await db.updateOutbox(reportId, { body: null });
  }
}
