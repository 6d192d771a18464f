/** The one database of this page: opened after consent, named when it fails, erased with it. */
import type { Consent, Database } from './database/database.ts';
import { memoryDatabase } from './database/memory.ts';
import type { Environment } from './environment.ts';
import type { Tabs } from './leader.ts';
import { NO_CONSENT, readConsent } from './settings.ts';

export class Keeping {
  database: Database | null = null;
  /** What the last failed write said, '' when writes succeed. */
  trouble = '';

  readonly #environment: Environment;
  readonly #name: string;
  readonly #tabs: Tabs;
  readonly #onFailure: (error: unknown) => void;

  constructor(
    environment: Environment,
    name: string,
    tabs: Tabs,
    onFailure: (error: unknown) => void,
  ) {
    this.#environment = environment;
    this.#name = name;
    this.#tabs = tabs;
    this.#onFailure = onFailure;
  }

  /** Whether what is written now outlives the page. */
  get durable(): boolean {
    return this.database?.state === 'ready' && this.trouble === '';
  }

  /**
   * What is stored; without a database none is opened. A withdrawal that its page could not carry
   * out to the end is carried out now. @throws DatabaseError
   */
  async storedConsent(): Promise<Consent> {
    if (!(await this.#environment.databaseExists(this.#name))) return NO_CONSENT;
    const database = await this.open();
    const stored = await database.getMeta('consent');
    const consent = readConsent(stored);
    if (stored !== undefined && !consent.personalise) await this.erase();
    else if (!consent.personalise) this.close();
    else if (!consent.contribute) await database.dropUnsent();
    return consent;
  }

  async open(): Promise<Database> {
    if (this.database !== null) return this.database;
    this.trouble = '';
    try {
      this.database = await this.#environment.openDatabase(this.#name);
    } catch (error) {
      // Another tab holds the ledger: this page remembers by itself and sends nothing.
      this.#onFailure(error);
      this.database = memoryDatabase();
    }
    return this.database;
  }

  /** @throws DatabaseError */
  async save(consent: Consent): Promise<void> {
    const { database } = this;
    if (database === null) return;
    await database.setMeta('consent', consent);
    await database.setMeta('epochStartMs', this.#environment.clock.now());
    if (!consent.contribute) await database.dropUnsent();
  }

  /** Stores a withdrawal before anything else is done about it: the page may go any moment. */
  note(consent: Consent): void {
    if (!this.durable) return;
    void this.database
      ?.setMeta('consent', consent)
      .catch((error: unknown) => this.#onFailure(error));
  }

  /** Whether writing had failed until now. */
  recovered(): boolean {
    const failed = this.trouble !== '';
    this.trouble = '';
    return failed;
  }

  /** Deletes what this page and earlier ones stored, after the other tabs have let go of it. */
  async erase(): Promise<void> {
    this.#tabs.exit();
    const exists = await this.#environment.databaseExists(this.#name);
    const own = this.database?.state === 'memory' && exists ? null : this.database;
    const database = own ?? (exists ? await this.#environment.openDatabase(this.#name) : null);
    try {
      if (database === null) return;
      // Should the deletion be held up, nothing uses what is left.
      await database.setMeta('consent', NO_CONSENT).catch(() => undefined);
      await this.#tabs.silence();
      await database.erase();
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#tabs.exit();
    this.database?.close();
    this.database = null;
  }
}
