/** `<vitrine-privacy>`: what stayed, what left, what came back; switches, export and erasure. */
import type { Consent } from '../database/database.ts';
import { back } from './back.ts';
import type { ClientStatus, PrivacyClient } from './client.ts';
import { h, levelOf, patch, shadow } from './dom.ts';
import { type Controller, elementOf } from './element.ts';
import { left } from './left.ts';
import { frame, question, TABS, type Tab } from './privacy-frame.ts';
import { PRIVACY_STYLE } from './privacy-style.ts';
import { type Names, type Speech, speechAt } from './speech.ts';
import { idsIn, keptEvents, stayed } from './stayed.ts';
import type { Word } from './words.ts';

/** Between two readings of everything that is stored. */
const REFRESH_MS = 1000;
/** The browser reads a blob after the click; later its address is of no use. */
const ADDRESS_LIVES_MS = 30_000;
const FILE = 'vitrine-export.json';
const NOTHING: Consent = { personalise: false, contribute: false };

/** What the last act came to. */
interface Result {
  readonly word: Word;
  readonly values?: Readonly<Record<string, unknown>>;
}

class Privacy implements Controller<PrivacyClient> {
  names: Names | null = null;
  readonly #host: HTMLElement;
  readonly #main = h('section', { part: 'panel', 'aria-labelledby': 'title' });
  readonly #dialog = h<HTMLDialogElement>('dialog', { part: 'dialog', 'aria-labelledby': 'ask' });
  readonly #looked = new Map<string, Uint8Array | null>();
  readonly #titles = new Map<string, string>();
  #client: PrivacyClient | null = null;
  #isAbsent = false;
  #tab: Tab = 'stayed';
  /** Language of the terms that were asked for. */
  #tag = '';
  #status: ClientStatus | null = null;
  #body: (speech: Speech) => Node[] = () => [];
  #events = { count: -1, list: keptEvents({}) };
  #isBusy = false;
  #result: Result | null = null;
  #reading = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement) {
    this.#host = host;
    const root = shadow(host, PRIVACY_STYLE, this.#main, this.#dialog, h('slot'));
    root.addEventListener('click', (event) => this.#click(event));
    this.#main.addEventListener('keydown', (event) => this.#key(event));
    this.#main.addEventListener('toggle', (event) => void this.#look(event), true);
  }

  follow(client: PrivacyClient): () => void {
    this.#client = client;
    const refresh = (): void => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#read();
      }, REFRESH_MS);
    };
    const undo = (['ready', 'update', 'round', 'report'] as const).map((name) =>
      client.on(name, refresh),
    );
    undo.push(client.consent.onChange(refresh));
    void this.#read();
    return () => {
      for (const one of undo) one();
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#client = null;
    };
  }

  absent(): void {
    this.#isAbsent = true;
    this.draw();
  }

  draw(): void {
    const status = this.#status;
    const speech = speechAt(this.#host, status?.terms);
    // The terms that a client told were of another language.
    if (this.#tag !== '' && this.#tag !== speech.tag) void this.#read();
    const isUnnamed = getComputedStyle(this.#host).colorScheme === 'normal';
    for (const one of [this.#main, this.#dialog]) {
      one.lang = speech.tag;
      one.classList.toggle('own-scheme', isUnnamed);
    }
    const now = this.#isAbsent && this.#client === null ? 'absent' : 'starting';
    patch(
      this.#main,
      frame(speech, {
        tab: this.#tab,
        consent: this.#client?.consent.get() ?? null,
        now: status
          ? speech.said('state', status.state, status.words)
          : { words: speech.t(now), lang: null },
        isReady: status?.state === 'ready',
        heading: this.#host.getAttribute('heading'),
        level: levelOf(this.#host),
        isBusy: this.#isBusy,
        result: this.#result === null ? '' : speech.t(this.#result.word, this.#result.values),
        body: this.#body(speech),
      }),
    );
  }

  /** One reading at a time: the next begins with what is true then. */
  #read(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      const client = this.#client;
      if (client === null) return;
      try {
        await this.#readFrom(client, this.#tab);
      } catch (error) {
        console.warn('vitrine-privacy:', error);
      }
      this.draw();
    });
    return this.#reading;
  }

  async #readFrom(client: PrivacyClient, tab: Tab): Promise<void> {
    this.#tag = speechAt(this.#host).tag;
    // Waits for the engine, without which a status has no terms.
    const profile = await client.profile();
    const status = await client.status(this.#tag);
    this.#status = status;
    let body: (speech: Speech) => Node[];
    if (tab === 'back') body = (speech) => back(speech, status);
    else if (tab === 'left') {
      const account = await client.privacyReport();
      body = (speech) => left(speech, account, status.tasks, this.#looked);
    } else {
      const segments = await client.segments();
      if (profile.events !== this.#events.count) {
        const list = profile.events === 0 ? [] : keptEvents(await client.exportData());
        this.#events = { count: profile.events, list };
      }
      const { list } = this.#events;
      const unknown = [...new Set(idsIn(profile, list))].filter((id) => !this.#titles.has(id));
      const cards = unknown.length > 0 ? await client.describe(unknown) : [];
      // What nobody can describe is asked for once.
      for (const id of unknown) this.#titles.set(id, id);
      for (const { id, title } of cards) this.#titles.set(id, title);
      const name = (...[kind, id]: Parameters<Names>): string =>
        this.names?.(kind, id) || (kind === 'item' && this.#titles.get(id)) || id;
      body = (speech) => stayed(speech, profile, segments, list, name);
    }
    if (tab === this.#tab) this.#body = body;
  }

  #click(event: Event): void {
    const button = (event.target as Element).closest<HTMLElement>('[data-act]');
    if (button === null || button.ariaDisabled === 'true') return;
    const { act, of = '' } = button.dataset;
    if (act === 'tab') this.#choose(of as Tab);
    else if (act === 'switch') void this.#switch(of as keyof Consent);
    else if (act === 'export') void this.#export();
    else if (act === 'ask') this.#ask(false);
    else {
      this.#dialog.close();
      if (act !== 'keep') void this.#erase(act === 'withdraw');
    }
  }

  #key(event: KeyboardEvent): void {
    const last = TABS.length - 1;
    const at = TABS.indexOf(this.#tab);
    const moves: Record<string, number> = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const to = TABS[moves[event.key] ?? -1];
    if (to === undefined || !(event.target as Element).matches('[role=tab]')) return;
    event.preventDefault();
    this.#choose(to);
    this.#main.querySelector<HTMLElement>(`#${to}`)?.focus();
  }

  #choose(tab: Tab): void {
    if (tab === this.#tab) return;
    this.#tab = tab;
    this.#body = () => [];
    this.draw();
    void this.#read();
  }

  async #look({ target }: Event): Promise<void> {
    const id =
      target instanceof HTMLDetailsElement && target.open ? target.dataset.look : undefined;
    if (id === undefined || this.#looked.has(id) || this.#client === null) return;
    this.#looked.set(id, await this.#client.reportBytes(id));
    this.draw();
  }

  #ask(isWithdrawal: boolean): void {
    this.#dialog.replaceChildren(...question(speechAt(this.#host), isWithdrawal));
    this.#dialog.showModal();
  }

  async #switch(name: keyof Consent): Promise<void> {
    const consent = this.#client?.consent.get() ?? NOTHING;
    if (name === 'personalise' && consent.personalise) {
      this.#ask(true);
      return;
    }
    await this.#act('failed', async (client) => {
      await client.consent.set({ ...consent, [name]: !consent[name] });
      return { word: 'changed' };
    });
  }

  async #export(): Promise<void> {
    await this.#act('exportFailed', async (client) => {
      const data = JSON.stringify(await client.exportData(), null, 2);
      const blob = new Blob([data], { type: 'application/json' });
      const href = URL.createObjectURL(blob);
      h('a', { href, download: FILE }).click();
      setTimeout(() => URL.revokeObjectURL(href), ADDRESS_LIVES_MS);
      return { word: 'exported', values: { file: FILE } };
    });
  }

  async #erase(isWithdrawal: boolean): Promise<void> {
    this.#result = { word: 'erasing' };
    await this.#act('failed', async (client) => {
      if (isWithdrawal) await client.consent.set(NOTHING);
      // It looks whether everything is gone, and rejects where it is not.
      await client.erase();
      this.#looked.clear();
      this.#titles.clear();
      const options = { bubbles: true, composed: true };
      this.#host.dispatchEvent(new CustomEvent('vitrine-erased', options));
      return { word: 'erased' };
    });
  }

  /** One act at a time; says what came of it, and shows what is true afterwards. */
  async #act(otherwise: Word, run: (client: PrivacyClient) => Promise<Result>): Promise<void> {
    const client = this.#client;
    if (client === null || this.#isBusy) return;
    this.#isBusy = true;
    this.draw();
    try {
      this.#result = await run(client);
    } catch (error) {
      const isBlocked = (error as { code?: unknown } | null)?.code === 'blocked';
      this.#result = { word: isBlocked ? 'blocked' : otherwise };
    }
    this.#isBusy = false;
    await this.#read();
  }
}

export function privacyElement(): CustomElementConstructor {
  return elementOf((host) => new Privacy(host), ['heading', 'heading-level'], ['names']);
}
