/** Why a round did or did not make a report: one closed union that status() puts into words. */

export type SkipReason =
  | 'insecure-context'
  | 'no-crypto'
  | 'no-consent'
  | 'gpc'
  | 'low-battery'
  | 'save-data'
  | 'hidden'
  | 'other-tab'
  | 'storage'
  | 'quiet-period'
  | 'coin'
  | 'cap-spent'
  | 'separation'
  | 'already-in-round'
  | 'budget-spent'
  | 'no-task'
  | 'no-round'
  | 'round-closed'
  | 'predicted-error'
  | 'too-costly'
  | 'weak-privacy'
  | 'false-claim'
  | 'bad-signature'
  | 'bad-record'
  | 'hash-mismatch'
  | 'key-expired'
  | 'key-revoked'
  | 'untrusted-helper'
  | 'not-in-log'
  | 'log-fork'
  | 'offline'
  | 'server'
  | 'before-contribute'
  | 'aborted'
  | 'no-worker'
  | 'training-failed';

export type RoundOutcome =
  | {
      readonly state: 'enqueued';
      readonly reportId: string;
      readonly sendAtMs: number;
      readonly bytes: number;
      readonly epsilon: number | 'none';
      readonly losses: readonly number[];
      /** Milliseconds per step: features, train, privatize, pack, charge. */
      readonly timings: Readonly<Record<string, number>>;
    }
  | { readonly state: 'skipped'; readonly reason: SkipReason; readonly detail: string };
