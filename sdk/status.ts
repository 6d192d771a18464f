/** Why nothing happens, in words: every state and every reason of the closed unions. */
import type { StatusState } from './api.ts';
import type { DatabaseState } from './database/database.ts';
import type { RoundOutcome, SkipReason } from './post/outcome.ts';
import { NOT_STORED, TAG_STATES } from './words.ts';

const STATES: Readonly<Record<StatusState, string>> = {
  ...TAG_STATES,
  ready: 'Ready.',
  'storage-blocked':
    'This browser does not let the page store anything, or its storage is full; history lasts as long as the page and nothing is sent.',
  offline: 'The network is not reachable; recommendations come from what is stored.',
  'server-error':
    'The aggregator does not answer as agreed; recommendations come from what is stored.',
  'bad-signature':
    'The aggregator offered something that the pinned key has not signed; it was refused, and recommendations come from what is stored.',
  'no-crypto':
    'This browser cannot verify signatures (no Ed25519), so nothing new is fetched; recommendations come from what is stored.',
};

const STORAGE: Readonly<Record<DatabaseState | 'none', string>> = {
  none: NOT_STORED,
  ready: 'The history is kept in this browser.',
  memory:
    'This browser lets the page store nothing, or nothing safely, as in some private windows; what is known ends with the page, and lists start from the published model.',
  blocked: 'Another tab holds the storage and does not let go; what is known ends with the page.',
  quota:
    'Storage is full and the oldest events make no more room; new ones last as long as the page.',
  closed: 'Another tab has erased the storage, or a newer release has taken it over.',
};

const REASONS: Readonly<Record<SkipReason, string>> = {
  'insecure-context': 'The page has no secure context.',
  'no-crypto': 'This browser cannot verify signatures (no Ed25519), so nothing is fetched or sent.',
  'no-consent': 'There is no consent to contribute.',
  gpc: 'The browser sends Global Privacy Control, so nothing is uploaded.',
  'low-battery': 'The battery is low and not charging; training waits until it is.',
  'save-data': 'The browser asks to save data, so nothing is fetched for training.',
  hidden: 'The page is hidden; training waits until it is seen.',
  'other-tab': 'Another tab of this site trains and sends; one does at a time.',
  storage: 'Storage is blocked or full, so no charge could be kept; nothing is sent.',
  'quiet-period': 'This profile is new: nothing is sent in its quiet period.',
  coin: "The coin of this round said no; the next round's coin is thrown anew.",
  'cap-spent': 'This browser has sent as many reports to this task as it ever may.',
  separation: 'The last report is too recent; the task asks for a distance between two.',
  'already-in-round': 'This browser has taken part in this round.',
  'budget-spent': 'The privacy budget of this browser does not allow another report.',
  'no-task': 'The task is not known.',
  'no-round': 'No round is open; the next one is awaited.',
  'round-closed': 'The round is closed.',
  'predicted-error':
    'Refused: the noise that the task asks for would drown what its cohort could learn.',
  'too-costly':
    'Refused: the task asks for more computation than this browser gives to one report.',
  'weak-privacy': 'Refused: the task is weaker than the floor of this page.',
  'false-claim': 'Refused: the task claims more privacy than its numbers give.',
  'bad-signature': 'Refused: the pinned key has not signed this.',
  'bad-record': 'Refused: the record is not well formed.',
  'hash-mismatch': 'Refused: the bytes do not have the announced hash.',
  'key-expired': 'Refused: the key of the second server to which seeds are sealed has expired.',
  'key-revoked': 'Refused: the site has revoked a key that this depends on.',
  'untrusted-helper': 'Refused: the second server is not the one that this page pins.',
  'not-in-log': 'Refused: the task, the round or its model is not in the public log.',
  'log-fork': 'Refused: the public log contradicts what this browser has seen of it before.',
  offline: 'The network is not reachable.',
  server: 'The aggregator does not answer as agreed.',
  'before-contribute':
    "The page's own beforeContribute kept this report from being made; nothing was charged or sent.",
  aborted: 'The round was stopped in this browser; nothing was charged.',
  'no-worker': 'No training Worker could be started; recommending goes on without one.',
  'training-failed': 'Training failed in this browser; nothing was charged.',
};

/** @param detail What was found, added behind the sentence when there is anything. */
export function stateWords(state: StatusState, detail = ''): string {
  return join(STATES[state], detail);
}

/** @param sinceMs when what is stored began; unknown without it */
export function storageWords(state: DatabaseState | 'none', sinceMs?: number): string {
  if (state !== 'ready' || sinceMs === undefined) return STORAGE[state];
  const since = new Date(sinceMs).toISOString().slice(0, 10);
  return `${STORAGE.ready} It begins on ${since}: this was the first visit, or the browser had deleted what it kept, as Safari does after seven days without one.`;
}

/** The reason in words; without one, what the last outcome says. */
export function taskWords(
  reason: SkipReason | null,
  detail: string,
  outcome: RoundOutcome | null,
): string {
  if (reason !== null) return join(REASONS[reason], detail);
  if (outcome === null) return 'Nothing stands against taking part; waiting for an idle moment.';
  if (outcome.state === 'skipped') return join(REASONS[outcome.reason], outcome.detail);
  const at = minuteOf(outcome.sendAtMs);
  return `Took part: a report of ${outcome.bytes} bytes is sent at a random time, about ${at}.`;
}

export function minuteOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** One line of debugging: what became of a round, and how long its steps took. */
export function outcomeWords(outcome: RoundOutcome): string {
  if (outcome.state === 'skipped') return join(REASONS[outcome.reason], outcome.detail);
  const steps = Object.entries(outcome.timings).map(([step, ms]) => `${step} ${ms.toFixed(1)} ms`);
  return `enqueued ${outcome.bytes} bytes, ε ${outcome.epsilon}; ${steps.join(', ')}`;
}

function join(sentence: string, detail: string): string {
  return detail === '' ? sentence : `${sentence} (${detail})`;
}
