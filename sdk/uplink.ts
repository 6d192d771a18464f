/** Sends what lies in the outbox when it is due, from the leading tab, and tells what became of it. */
import type { ReportEntry } from './api.ts';
import type { Client } from './client.ts';
import type { Database, LedgerEntry, OutboxEntry } from './database/database.ts';
import type { Undo } from './environment.ts';
import { drain, type Flight } from './post/upload.ts';
import type { Transport } from './receive/transport.ts';

/** Shortest and longest wait between two looks at the outbox. */
const SOON_MS = 250;
const LATE_MS = 60_000;

export class Uplink {
  readonly #client: Client;
  #transport: Transport | null = null;
  #timer: Undo | null = null;
  #stop: AbortController | null = null;
  readonly #flight: Flight = { bytes: 0, reportIds: new Set() };

  constructor(client: Client) {
    this.#client = client;
  }

  /** Looks for reports that are due, if this tab leads. */
  wake(leads: boolean): void {
    const { consent } = this.#client;
    if (!leads || !consent.contribute || this.#stop !== null) return;
    this.#timer?.();
    this.#timer = null;
    void this.#drain(false);
  }

  /** Ends after the request that is under way. */
  stop(): void {
    this.#timer?.();
    this.#timer = null;
    this.#stop?.abort();
    this.#stop = null;
  }

  /** Last chance of this page. */
  leave(): void {
    if (this.#client.consent.contribute) void this.#drain(true);
  }

  async #drain(leaving: boolean): Promise<void> {
    const { environment, database, endpoint } = this.#client;
    if (database === null || !this.#client.storable) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#transport ??= environment.transport(endpoint);
    const result = await drain(database, this.#transport, environment.clock, {
      gpc: () => this.#client.gpc,
      source: environment.random(),
      leaving,
      flight: this.#flight,
      paused: () => !environment.online() || !(leaving || environment.visible()),
      signal: stop.signal,
      onFinal: (reportId) => void this.#tell(database, reportId),
    });
    if (this.#stop !== stop) return;
    this.#stop = null;
    if (result.nextAtMs === null || result.stopped !== null || leaving) return;
    const wait = result.nextAtMs - environment.clock.now();
    const ms = Math.min(LATE_MS, Math.max(SOON_MS, wait));
    this.#timer = environment.after(ms, () => this.#client.contribution.wake());
  }

  async #tell(database: Database, reportId: string): Promise<void> {
    try {
      const entry = (await reportEntries(database)).find((one) => one.reportId === reportId);
      if (entry === undefined) return;
      this.#client.events.debug(`report ${reportId} ${entry.state} ${entry.detail}`);
      this.#client.events.emit('report', entry);
    } catch (error) {
      this.#client.events.report(error);
    }
  }
}

const HOUR_MS = 3_600_000;

/** Every charge of this profile with what became of its report, oldest first. */
export async function reportEntries(database: Database): Promise<ReportEntry[]> {
  const outbox = new Map((await database.readOutbox()).map((one) => [one.reportId, one]));
  return (await database.readLedger()).map((entry) => reportEntry(entry, outbox));
}

function reportEntry(entry: LedgerEntry, outbox: ReadonlyMap<string, OutboxEntry>): ReportEntry {
  const report = outbox.get(entry.reportId);
  return {
    reportId: entry.reportId,
    task: entry.taskName,
    round: entry.round,
    atMs: Math.floor(entry.atMs / HOUR_MS) * HOUR_MS,
    bytes: entry.bytes,
    epsilon: entry.epsilon,
    delta: entry.delta,
    statement: entry.statement,
    // A charge whose report was deleted before it left: consent was withdrawn.
    state: report?.state ?? 'expired',
    detail: report?.last ?? 'deleted unsent',
  };
}
