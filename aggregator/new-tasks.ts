/** The tasks of `vitrine new`: which stay as they were, and which the second server has signed. */
import { sha256Hex } from '../shared/bytes/hash.ts';
import { utf8 } from '../shared/bytes/utf8.ts';
import type { PlannedDraft } from './plan-drafts.ts';
import { DAY_MS } from './plan-site.ts';
import type { TaskDraft } from './site.ts';

/** What a site's folder says cannot be gone on with. */
export class NewSiteError extends Error {
  readonly code: 'other-site' | 'no-catalogue' | 'unsigned';

  constructor(code: NewSiteError['code'], message: string) {
    super(`${code}: ${message}`);
    this.name = 'NewSiteError';
    this.code = code;
  }
}

export interface KeptTask {
  /** Hash of its draft. */
  readonly fingerprint: string;
  readonly expiresAtMs: number;
  /** The second server's, in the split tier. */
  readonly signature: string | null;
}

/** A task lives for a year, and is made anew a month before its end. */
const LIFE_MS = 365 * DAY_MS;
const RENEW_MS = 30 * DAY_MS;

export interface Dated {
  readonly draft: TaskDraft;
  readonly kept: KeptTask;
}

/** A draft that is as it was keeps its expiry, so that its task stays the same task. */
export async function dated(
  draft: PlannedDraft,
  parts: readonly string[],
  before: KeptTask | undefined,
  nowMs: number,
): Promise<Dated> {
  const fingerprint = await sha256Hex(utf8(JSON.stringify([draft, ...parts])));
  const same = before?.fingerprint === fingerprint && before.expiresAtMs - nowMs > RENEW_MS;
  const kept = same ? before : { fingerprint, expiresAtMs: nowMs + LIFE_MS, signature: null };
  return { draft: { ...draft, expiresAtMs: kept.expiresAtMs }, kept };
}

/** Each task with the second server's signature, as far as it has given one. @throws NewSiteError */
export function withSignatures(
  tasks: readonly Dated[],
  given: Readonly<Record<string, string>>,
): Dated[] {
  const split = tasks.filter(({ draft }) => draft.tier === 'split');
  const waiting = split.filter(({ kept }) => kept.signature === null).map((one) => one.draft.name);
  const { '': only, ...byName } = given;
  const stranger = Object.keys(byName).find(
    (name) => !split.some((one) => one.draft.name === name),
  );
  if (stranger !== undefined) throw new NewSiteError('unsigned', `no task ${stranger} to sign`);
  if (only !== undefined && waiting.length > 1) {
    throw new NewSiteError('unsigned', `${waiting.join(', ')} wait for signatures: NAME=TEXT`);
  }
  return tasks.map(({ draft, kept }) => {
    if (draft.tier !== 'split') return { draft, kept };
    const signature = byName[draft.name] ?? kept.signature ?? only ?? null;
    return { draft, kept: { ...kept, signature } };
  });
}
