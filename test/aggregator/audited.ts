/** The log of an aggregator on a disk in memory, read as the auditor reads it. */
import { History } from '../../aggregator/audit/history.ts';
import { type LogEntry, leafBytes } from '../../shared/protocol/log.ts';
import { ROOT_KEY } from './fixture.ts';
import type { SimulatedDisk } from './simulated-disk.ts';

export function entriesOf(disk: SimulatedDisk): LogEntry[] {
  const text = new TextDecoder().decode(disk.files().get('log.jsonl'));
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { entry: LogEntry }).entry);
}

/** The entries of one type. */
export function entriesOfType<T extends LogEntry['type']>(
  disk: SimulatedDisk,
  type: T,
): Extract<LogEntry, { type: T }>[] {
  return entriesOf(disk).filter(
    (entry): entry is Extract<LogEntry, { type: T }> => entry.type === type,
  );
}

/** Takes every leaf of a log. */
export async function historyOf(entries: readonly LogEntry[]): Promise<History> {
  const history = new History(ROOT_KEY.publicKey);
  for (const entry of entries) await history.take(leafBytes(entry));
  return history;
}

/** What an auditor finds wrong with the entries of a log. */
export async function faultsOf(entries: readonly LogEntry[]): Promise<readonly string[]> {
  const { records, chain, openings } = await historyOf(entries);
  return [...records.faults, ...chain.faults, ...openings.faults];
}
