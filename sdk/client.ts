/**
 * The client of one page: what may happen when. Capture, storage, the network and the Worker are
 * switched on by consent and off by its withdrawal, here and in the site's other tabs.
 */
import type { StatusState } from './api.ts';
import type { Heard } from './capture/heard.ts';
import { Capturing } from './capturing.ts';
import { Contribution } from './contribution.ts';
import type { Consent, Database } from './database/database.ts';
import { Downlink } from './downlink.ts';
import { type Environment, type Undo, within } from './environment.ts';
import { Goods } from './goods.ts';
import { History } from './history.ts';
import { Keeping } from './keeping.ts';
import { Tabs } from './leader.ts';
import { followPage, type Living } from './life.ts';
import { absoluteEndpoint, NO_CONSENT, readConsent, type Settings } from './settings.ts';
import { Signals } from './signals.ts';
import type { Strain } from './strain.ts';
import { Turns } from './turns.ts';

/** How long an answer waits for what is being loaded. */
const LOAD_MS = 2500;
type Phase = 'starting' | 'insecure-context' | 'consent-required' | 'running' | 'shutdown';

export class Client {
  readonly settings: Settings;
  readonly environment: Environment;
  readonly events: Signals;
  readonly history: History;
  readonly goods: Goods;
  readonly downlink: Downlink;
  readonly contribution: Contribution;
  consent: Consent = NO_CONSENT;

  readonly #capturing: Capturing;
  readonly #tabs: Tabs;
  readonly #keeping: Keeping;
  readonly #turns: Turns;
  #phase: Phase = 'starting';
  #undo: Undo = () => undefined;
  /** Rises whenever what was begun before may no longer write. */
  #generation = 0;
  /** The latest decision; a grant that it has overtaken is not carried out. */
  #wanted: Consent | null = null;

  constructor(settings: Settings, environment: Environment) {
    this.settings = settings;
    this.environment = environment;
    this.events = new Signals(settings.debug ? (line) => environment.log(line) : null);
    this.#turns = new Turns((error) => this.events.report(error));
    const failed = (error: unknown): void => this.storageFailed(error);
    const again = async (): Promise<unknown> => this.running && this.#keeping.save(this.consent);
    this.history = new History({
      retention: settings.retention,
      after: environment.after,
      onFailure: failed,
      onWritten: () => this.#keeping.recovered() && void this.#turns.take(again),
      onDamaged: (records) => this.events.damaged(records),
    });
    this.goods = new Goods({
      ...{ environment, history: this.history, retention: settings.retention },
      onChange: () => this.events.emit('update', { cause: 'catalogue' }),
      onFailure: failed,
    });
    this.#capturing = new Capturing(this, settings.hooks.beforeCapture);
    this.#tabs = new Tabs(environment, settings.site);
    this.#keeping = new Keeping(environment, settings.databaseName, this.#tabs, failed);
    this.downlink = new Downlink(this);
    this.contribution = new Contribution(this);
  }

  /** Worst first. */
  state(): { readonly state: StatusState; readonly detail: string } {
    if (this.#phase !== 'running') return { state: this.#phase, detail: '' };
    if (!this.storable) return { state: 'storage-blocked', detail: this.#keeping.why };
    if (!this.environment.online()) return { state: 'offline', detail: '' };
    return this.downlink;
  }

  get database(): Database | null {
    return this.#keeping.database;
  }

  /** Absolute, since a Worker has another address than the page. */
  get endpoint(): string {
    return absoluteEndpoint(this.settings, this.environment);
  }

  get running(): boolean {
    return this.#phase === 'running';
  }

  /** Whether a charge could be kept. */
  get storable(): boolean {
    return this.#keeping.durable;
  }

  /** Whether Global Privacy Control forbids uploads here. */
  get gpc(): boolean {
    return this.settings.signals.gpc === 'no-upload' && this.environment.gpc();
  }

  /** Why this device is spared a training now. */
  get strain(): Strain | null {
    const strain = this.environment.strain();
    return strain === 'save-data' && this.settings.trainWhenSaveData ? null : strain;
  }

  /** @param onStarted called once, when it is known what this page may do and answer */
  start(onStarted: () => void): void {
    if (!this.environment.secure()) {
      this.#phase = 'insecure-context';
      onStarted();
      return;
    }
    this.events.debug(`starting for ${this.settings.site} at ${this.endpoint}`);
    this.#listenToTabs();
    this.#undo = followPage(this.#living());
    const generation = this.#generation;
    const asked = this.settings.consent;
    void this.#turns
      .take(async () => {
        const consent = asked === 'required' ? await this.#keeping.storedConsent() : asked;
        if (this.#wanted === null && this.#generation === generation) await this.#apply(consent);
        this.events.announce(this.consent);
      })
      .then(async () => {
        if (this.#phase === 'starting') this.#phase = 'consent-required';
        if (this.running) await this.loaded();
        onStarted();
      });
  }

  async loaded(storedOnly = false): Promise<void> {
    const settled = this.#turns.ended.then(() => (storedOnly ? undefined : this.downlink.settled));
    await within(this.environment, LOAD_MS, settled);
  }

  /** What the shop tracks, and what the page tells by itself. */
  hear(heard: Heard, atMs = this.environment.clock.now()): void {
    if (this.#phase === 'running') this.#capturing.hear(heard, atMs);
    else if (this.#phase === 'starting') this.#capturing.hold(heard, atMs);
  }

  setConsent(consent: unknown): Promise<void> {
    const next = readConsent(consent);
    this.#decide(next);
    return this.#turns.take(async () => {
      if (this.#phase === 'insecure-context' || this.#phase === 'shutdown') return;
      if (next.personalise && this.#wanted !== next) return;
      await this.#apply(next);
      this.events.announce(this.consent);
    });
  }

  /** @throws DatabaseError when something is left of what was stored, or may be. */
  erase(): Promise<void> {
    this.#decide(NO_CONSENT);
    return this.#turns.attempt(() =>
      this.#withdraw().finally(() => this.events.announce(this.consent)),
    );
  }

  /** At once, before any step that is still running: what is withdrawn must not go on. */
  #decide(next: Consent): void {
    this.#wanted = next;
    if (next.contribute) return;
    this.consent = { ...this.consent, contribute: false };
    this.contribution.abort();
    if (this.running) this.#keeping.note(next);
    if (!next.personalise) this.#silence();
  }

  async shutdown(): Promise<void> {
    if (this.#phase === 'shutdown') return;
    if (this.running) this.#capturing.hide();
    await this.history.flush();
    await this.goods.flush();
    this.#silence();
    await this.#turns.take(async () => {
      this.#phase = 'shutdown';
      this.#undo();
      this.#tabs.leave();
      this.#keeping.close();
    });
  }

  async #apply(next: Consent | null, tell = true): Promise<void> {
    if (!next?.personalise) return next === null ? this.#silence() : this.#withdraw();
    const generation = this.#generation;
    const wanted = (): boolean => this.#generation === generation;
    await this.#tabs.enter();
    if (!wanted()) return this.#keeping.close();
    const database = await this.#keeping.open();
    const isFirst = !this.running;
    for (const step of [
      () => this.#keeping.save(next),
      async () => isFirst && (await this.history.attach(database)),
      async () => isFirst && this.goods.attach(database),
      async () => isFirst && this.#listenIn(),
      () => this.downlink.load(database),
    ]) {
      if (!wanted()) return this.#keeping.close();
      await step().catch((error: unknown) => this.storageFailed(error));
    }
    if (!wanted()) return this.#keeping.close();
    this.consent = next;
    const purposes = next.contribute ? 'personalise and contribute' : 'personalise';
    this.events.debug(`consent: ${purposes}; storage ${database.state}`);
    void this.#tabs.enter();
    if (tell) this.#tabs.tell(next);
    if (!isFirst) return this.contribution.wake();
    this.downlink.start();
    this.contribution.start();
  }

  /** At once: what waits in memory is lost with its page. */
  #listenIn(): void {
    this.#phase = 'running';
    this.#capturing.releaseHeld();
  }

  /** Stops everything of this page that reads, writes or sends. */
  #silence(): void {
    this.#generation++;
    this.contribution.stop();
    this.downlink.stop();
    this.history.detach();
    this.goods.detach();
    this.#capturing.reset();
    if (this.#phase === 'running') this.#phase = 'consent-required';
    this.consent = NO_CONSENT;
  }

  async #withdraw(): Promise<void> {
    this.#silence();
    if (this.#phase === 'insecure-context') return;
    if (this.#phase !== 'shutdown') this.#phase = 'consent-required';
    await this.#keeping.erase();
    this.events.debug('consent: none; nothing is stored here');
  }

  /** Storage refused a write; or it is gone, because another tab has erased it. */
  storageFailed(error: unknown): void {
    if (this.database?.state === 'closed') this.#leave();
    else {
      this.#keeping.trouble = error instanceof Error ? error.message : String(error);
      this.events.report(error);
    }
  }

  #living(): Living {
    const client = this;
    return {
      environment: this.environment,
      get running() {
        return client.running;
      },
      get strained() {
        return client.strain !== null;
      },
      capturing: this.#capturing,
      contribution: this.contribution,
      downlink: this.downlink,
      history: this.history,
      tabs: this.#tabs,
      turns: this.#turns,
      listenToTabs: () => this.#listenToTabs(),
      lookAround: () => this.#adopt(this.consent),
      storageFailed: (error) => this.storageFailed(error),
    };
  }

  #listenToTabs(): void {
    const adopt = (consent: Consent): void => void this.#turns.take(() => this.#adopt(consent));
    this.#tabs.listen(() => this.#leave(), adopt);
  }

  /** Another tab erases: let go at once, write nothing more. */
  #leave(): void {
    if (this.#phase === 'shutdown') return;
    this.#silence();
    this.#keeping.close();
    this.events.announce(this.consent);
  }

  /** Another tab's decision; what is stored is newer than what a late message says. */
  async #adopt(told: Consent): Promise<void> {
    if (!told.personalise || this.#phase === 'shutdown') return;
    const generation = this.#generation;
    const consent = this.database?.state === 'memory' ? told : await this.#keeping.storedConsent();
    if (this.#generation !== generation) return;
    if (!consent?.personalise) return this.running ? this.#leave() : undefined;
    if (this.running && consent.contribute === this.consent.contribute) return;
    if (!consent.contribute) this.contribution.abort();
    await this.#apply(consent, false);
    this.events.announce(this.consent);
  }
}
