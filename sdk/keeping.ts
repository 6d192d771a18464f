/** The one database of this page: opened after consent, named when it fails, erased with it. */
import { type Consent, type Database, DatabaseError } from './database/database.ts';
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

  /** Why what is written now does not outlive the page. */
  get why(): string {
    return this.trouble || (this.database?.state ?? 'closed');
  }

  /**
   * What is stored; null without a database, and none is made: then nothing is erased either, for
   * another tab may just have been allowed to make one. A withdrawal that its page could not carry
   * out to the end is carried out now. @throws DatabaseError
   */
  async storedConsent(): Promise<Consent | null> {
    if (!(await this.#environment.databaseExists(this.#name))) return null;
    const database = await this.open({ create: false });
    const stored = await database.getMeta('consent');
    const consent = readConsent(stored);
    if (stored !== undefined && !consent.personalise) await this.erase();
    else if (!consent.personalise) this.close();
    else if (!consent.contribute) await database.dropUnsent();
    return consent;
  }

  /** @param options.create whether a database that is not there is made; default true */
  async open({ create = true } = {}): Promise<Database> {
    if (this.database !== null) return this.database;
    this.trouble = '';
    await this.#tabs.enter();
    try {
      this.database = await this.#environment.openDatabase(this.#name, { create });
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

  /**
   * Deletes what this page and earlier ones stored, after the other tabs and their Workers have
   * let go of it, and looks whether it is gone.
   * @throws DatabaseError 'blocked' when another tab does not let go, 'failed' when something is left
   */
  async erase(): Promise<void> {
    const own = this.database;
    try {
      this.#tabs.tellErase();
      // Should the deletion be held up, nothing uses what is left.
      await own?.setMeta('consent', NO_CONSENT).catch(() => undefined);
      await this.#tabs.alone(() => this.#remove(own));
    } finally {
      this.close();
    }
  }

  async #remove(own: Database | null): Promise<void> {
    const { databaseExists, openDatabase, eraseDatabase } = this.#environment;
    const lasting = own?.state === 'memory' ? null : own;
    if (lasting === null) await own?.erase();
    if (!(await databaseExists(this.#name))) return;
    const stored = lasting ?? (await openDatabase(this.#name, { create: false }).catch(() => null));
    // What cannot be opened, because a newer release has made it for one, can be deleted.
    if (stored === null || stored.state === 'memory') await eraseDatabase(this.#name);
    else await stored.erase();
    if (await databaseExists(this.#name)) {
      throw new DatabaseError('failed', `${this.#name} was not deleted`);
    }
  }

  close(): void {
    this.#tabs.exit();
    this.database?.close();
    this.database = null;
  }
}
