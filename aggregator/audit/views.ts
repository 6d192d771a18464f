/**
 * Whether every client is shown the same (PR52): heads asked for as several clients, each of which
 * must name records of the log, the newest of them. What is shown to other addresses than the
 * auditor's is seen by comparison from there alone.
 */
import { canonicalJson } from '../../shared/bytes/canonical.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeHead } from '../../shared/protocol/records.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { type Checks, Tally } from './check.ts';
import type { History } from './history.ts';
import type { KnownTask } from './records.ts';
import { type Headers, readJson, reasonOf, type Web } from './web.ts';

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const ANDROID =
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** As whom a head is asked for; the last asks as the first again. */
export const CLIENTS: readonly Headers[] = [
  {},
  { 'user-agent': CHROME, 'accept-language': 'en-US,en;q=0.9' },
  { 'user-agent': ANDROID, 'accept-language': 'zh-CN,zh;q=0.9' },
  { 'user-agent': SAFARI, 'accept-language': 'de-DE' },
  { 'user-agent': FIREFOX, origin: 'https://shop.example', referer: 'https://shop.example/' },
  {},
];

interface Shown {
  readonly task: KnownTask;
  readonly client: number;
  /** Null where none was served as agreed. */
  readonly head: TaskHead | null;
  readonly fault: string;
  /** Of the version that the log let be served before the head was asked for, or −1. */
  readonly newestBefore: number;
}

export interface Views {
  readonly shown: readonly Shown[];
  /** Whether the last head of a task shows an open round. */
  isOpen(taskHash: string): boolean;
}

/** @param history of the log as read just before. */
export async function readViews(
  web: Web,
  tasks: readonly KnownTask[],
  history: History,
): Promise<Views> {
  const shown: Shown[] = [];
  for (const [client, headers] of CLIENTS.entries()) {
    for (const task of tasks) {
      const known = history.tasks.has(task.hash);
      const newestBefore = known ? (history.versions.of(task.hash).served?.index ?? -1) : -1;
      try {
        const head = await readJson(web, PATHS.head(task.hash), decodeHead, headers);
        shown.push({ task, client, head, fault: '', newestBefore });
      } catch (error) {
        shown.push({ task, client, head: null, fault: reasonOf(error), newestBefore });
      }
    }
  }
  return {
    shown,
    isOpen: (taskHash) => shown.findLast(({ task }) => task.hash === taskHash)?.head?.round != null,
  };
}

/** @param history of the log as read after the views. */
export function checkViews({ shown }: Views, history: History, checks: Checks): void {
  const heads = new Tally();
  const { versions } = history;
  const rounds = new Map(history.rounds.map(({ index, signed }) => [index, signed] as const));
  const last = new Map<string, { readonly model: number; readonly round: number }>();
  for (const { task, client, head, fault, newestBefore } of shown) {
    const where = `${task.signed.record.name} as client ${client + 1}`;
    if (!heads.look(head !== null, () => `${where}: ${fault}`) || head === null) continue;
    const { model, modelIndex, round, roundIndex } = head;
    const known = history.tasks.has(task.hash);
    heads.look(known, () => `${where}: the task is not in the log`);
    const inLog = model === null ? modelIndex === null : versions.holds(modelIndex ?? -1, model);
    const version = model?.record.modelVersion ?? 0;
    heads.look(inLog, () => `${where}: version ${version} is not in the log`);
    const served = !inLog || modelIndex === null || versions.wasServed(modelIndex);
    heads.look(served, () => `${where}: version ${version} was not admitted`);
    for (const beside of ['candidate', 'origin', 'verdict', 'subject'] as const) {
      const one = head[beside];
      const there = one === null || versions.holds(one.index, one);
      heads.look(there, () => `${where}: its ${beside} is not in the log`);
    }
    const open =
      round === null
        ? roundIndex === null
        : canonicalJson(rounds.get(roundIndex ?? -1) ?? null) === canonicalJson(round);
    heads.look(open, () => `${where}: round ${round?.record.round} is not in the log`);
    if (!inLog || !open) continue;
    const at = { model: modelIndex ?? -1, round: roundIndex ?? -1 };
    const before = last.get(task.hash) ?? { model: newestBefore, round: -1 };
    heads.look(at.model >= before.model, () => `${where}: version ${version}, not the newest`);
    const later = round === null || at.round >= before.round;
    heads.look(later, () => `${where}: round ${round?.record.round} after a later one`);
    last.set(task.hash, { model: at.model, round: Math.max(before.round, at.round) });
  }
  const detail = `${shown.length} heads as ${CLIENTS.length} clients`;
  checks.tally('served-heads', '', heads, `${detail}, all in the log and the newest`);
}
