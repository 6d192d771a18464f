/**
 * What this page knows of its shopper: the sums of the history, followed as it grows, and what the
 * published heads and the site's rules say of them. Every answer is made when it is asked for.
 */
import type { Catalogue } from '../shared/model/catalogue.ts';
import type { Profile, Segment } from './api.ts';
import type { Client } from './client.ts';
import { Follower } from './profile/follower.ts';
import type { HeadModel, HeadView } from './profile/heads.ts';
import { NO_PROFILE } from './profile/none.ts';
import { profileOf } from './profile/profile.ts';
import type { Traits } from './profile/result.ts';
import { segmentsOf } from './profile/segments.ts';
import type { Tally } from './profile/tally.ts';
import { readTraits, TRAIT_PROBLEMS } from './profile/traits.ts';

/** A profile that was made within this, of the same events and models, is given again. */
const FRESH_MS = 1000;

const NO_ROWS = {
  starts: new Uint32Array(1),
  columns: new Uint32Array(0),
  values: new Float32Array(0),
  width: 0,
};

/** Before the catalogue is here, events speak by the brand and category that they carry. */
export const NO_CATALOGUE: Catalogue = {
  hash: '',
  ids: [],
  vectors: new Float32Array(0),
  k: 0,
  title: NO_ROWS,
  text: NO_ROWS,
  brand: new Int32Array(0),
  brands: [],
  category: new Int32Array(0),
  categories: [],
  priceCents: new Int32Array(0),
  priceBand: new Int8Array(0),
  graph: new Uint32Array(0),
  degree: 0,
};

export class Knowledge {
  readonly #client: Client;
  readonly #follower: Follower;
  #traits: Promise<Traits> | null = null;
  #made: { readonly key: readonly unknown[]; readonly atMs: number; readonly of: Profile } | null =
    null;

  constructor(client: Client) {
    this.#client = client;
    const { environment, history, downlink } = client;
    this.#follower = new Follower({
      events: () => history.events(),
      catalogue: () => downlink.catalogue ?? NO_CATALOGUE,
      now: () => environment.clock.now(),
      pause: () => new Promise((resolve) => void environment.after(0, resolve)),
    });
    history.watch({
      added: (event) => this.#follower.added(event),
      replaced: (before, event) => this.#follower.replaced(before, event),
      reset: () => {
        this.#traits = null;
        this.#made = null;
        this.#follower.reset();
      },
      again: () => {
        this.#traits = null;
      },
    });
  }

  /** The sums of all that has happened so far. */
  tally(): Promise<Tally> {
    return this.#follower.settled();
  }

  async profile(): Promise<Profile> {
    if (!this.#client.running) return NO_PROFILE;
    const traits = await this.traits();
    const tally = await this.tally();
    return this.#client.running ? this.#profile(tally, traits) : NO_PROFILE;
  }

  async segments(): Promise<readonly Segment[]> {
    if (!this.#client.running) return [];
    const traits = await this.traits();
    const tally = await this.tally();
    if (!this.#client.running) return [];
    const rules = this.#client.downlink.site?.segments ?? [];
    const nowMs = this.#client.environment.clock.now();
    return segmentsOf(rules, this.#profile(tally, traits), tally, nowMs);
  }

  /** Read once for a history: a question does not wait behind what is being written. */
  traits(): Promise<Traits> {
    this.#traits ??= Promise.resolve(this.#client.database?.getMeta('traits')).then(
      (traits) => traits ?? {},
      () => ({}),
    );
    return this.#traits;
  }

  /** Puts these in the place of what was there. @returns what is kept afterwards */
  async setTraits(value: unknown): Promise<Traits> {
    const { events, database, running } = this.#client;
    const kept = readTraits(value, (problem, name) =>
      events.problem(problem, `traits ${name}: ${TRAIT_PROBLEMS[problem]}`),
    );
    if (!running || database === null) {
      events.problem('no-consent', 'traits: nothing is kept without consent to personalise');
      return {};
    }
    if (kept === null) return this.traits();
    await database.setMeta('traits', kept);
    // Withdrawn meanwhile: what was written is gone, or will be.
    if (this.#client.database !== database || !this.#client.running) return {};
    this.#traits = Promise.resolve(kept);
    events.emit('update', { cause: 'traits' });
    return kept;
  }

  #profile(tally: Tally, traits: Traits): Profile {
    const { environment, downlink } = this.#client;
    const nowMs = environment.clock.now();
    const key = [this.#follower.revision, downlink.slots, tally];
    const before = this.#made;
    const isFresh = before !== null && Math.abs(nowMs - before.atMs) < FRESH_MS;
    if (isFresh && before.key.every((one, i) => one === key[i])) {
      return { ...before.of, basics: { ...before.of.basics, traits } };
    }
    const follower = this.#follower;
    const view: HeadView = {
      heads: [...downlink.slots.values()].flatMap(({ task, model }) => headOf(task, model)),
      events: () => follower.recent(),
      catalogue: tally.catalogue,
      nowMs,
    };
    const basics = { ...environment.about(), traits };
    const profile = profileOf({ tally, view, basics, automated: this.#follower.automated });
    this.#made = { key, atMs: nowMs, of: profile };
    return profile;
  }
}

function headOf(
  { architecture }: { readonly architecture: { readonly name: string } },
  model: HeadModel['model'] | null,
): HeadModel[] {
  const isHead = architecture.name === 'head' || architecture.name === 'trunk';
  return isHead && model !== null
    ? [{ architecture: architecture as HeadModel['architecture'], model }]
    : [];
}
