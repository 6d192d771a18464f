/** What the page asks: recommendations, the profile, what was sent, and why nothing happens. */
import type { Card } from '../shared/model/cards.ts';
import type { Catalogue } from '../shared/model/catalogue.ts';
import { addCurves, epsilonAtOrder, epsilonOfCurve, zeroCurve } from '../shared/privacy/curve.ts';
import { statementOf } from '../shared/privacy/statement.ts';
import type { SiteBudget } from '../shared/protocol/task.ts';
import type {
  ItemCard,
  PrivacyReport,
  Profile,
  RecommendRequest,
  RecommendResult,
  Segment,
  Status,
  TaskStatus,
} from './api.ts';
import type { CardsById } from './cards.ts';
import type { Client } from './client.ts';
import type { LedgerEntry } from './database/database.ts';
import type { Slot } from './downlink.ts';
import { RankerAssembly } from './features/assemble.ts';
import { rankerOver, visitPairs } from './features/page-visits.ts';
import { type ServedRanker, wideRanker } from './features/ranker.ts';
import { indexOf } from './features/sequence.ts';
import { Knowledge } from './knowledge.ts';
import { type Published, published } from './measure/published.ts';
import { NO_REPORT, nothing } from './none.ts';
import type { Traits } from './profile/result.ts';
import { Recommender } from './recommend/recommender.ts';
import { readRequest } from './recommend/request.ts';
import { minuteOf, stateWords, storageWords, taskWords } from './status.ts';
import { termsIn } from './terms.ts';
import { reportEntries } from './uplink.ts';

/** Items that one call may ask about. */
const MAX_CARDS = 1000;

/** Without what no shelf shows. */
const shown = (card: Card | null): ItemCard | null => {
  if (card === null) return null;
  const { id, title, url, image, price, currency, brand, category } = card;
  return { id, title, url, image, price, currency, brand, category };
};

/** What the catalogue itself knows; without it, the id. */
function bare(id: string, catalogue: Catalogue | null): ItemCard {
  const item = catalogue === null ? undefined : indexOf(catalogue).get(id);
  const none = { id, title: id, url: null, image: null, price: null, currency: null };
  if (catalogue === null || item === undefined) return { ...none, brand: null, category: null };
  const cents = catalogue.priceCents[item] as number;
  return {
    ...none,
    price: cents < 0 ? null : cents / 100,
    brand: catalogue.brands[catalogue.brand[item] as number] ?? null,
    category: catalogue.categories[catalogue.category[item] as number] ?? null,
  };
}

/** What was ranked of goods that pages told of; ids that were given and are none of them follow. */
function seen(result: RecommendResult, request: RecommendRequest): RecommendResult {
  const given = nothing({ ...request, limit: MAX_CARDS });
  if (result.items.length === 0) return nothing(request);
  if (result.source === 'given') return result;
  const ranked = new Set(result.items.map(({ id }) => id));
  const items = [...result.items, ...given.items.filter(({ id }) => !ranked.has(id))];
  return { ...result, items: items.slice(0, readRequest(request).limit), source: 'seen' };
}

export class Answers {
  readonly #client: Client;
  readonly #assembly = new RankerAssembly();
  readonly #knowledge: Knowledge;
  #recommender: {
    readonly of: Catalogue;
    readonly cards: CardsById | null;
    readonly ranks: Recommender;
  } | null = null;
  #grown: {
    readonly of: Catalogue;
    readonly served: ServedRanker;
    readonly made: ServedRanker;
  } | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.#knowledge = new Knowledge(client);
    client.events.on('consent', ({ personalise }) => {
      if (personalise) return;
      this.#recommender = null;
      this.#grown = null;
    });
  }

  async recommend(request: RecommendRequest = {}): Promise<RecommendResult> {
    await this.#client.loaded();
    const { goods, downlink } = this.#client;
    await goods.settled();
    const cards = await downlink.cards.of(downlink.site?.cards ?? [], true);
    const { catalogue: base } = downlink;
    const grown = goods.catalogue(base);
    if (grown === null) return nothing(request);
    const tally = await (grown === base ? this.#knowledge.tally() : goods.tally());
    // Goods may have come while the history was counted, or all may have been withdrawn.
    const { catalogue } = tally;
    if (!this.#client.running || catalogue.ids.length === 0) return nothing(request);
    const published = grown === base ? catalogue : base;
    const { slots, site } = downlink;
    if (this.#recommender?.of !== catalogue || this.#recommender.cards !== cards) {
      const gone =
        cards === null ? null : (id: string) => !cards.has(id) && goods.card(id) === null;
      const hideSeen = published === null ? ('last' as const) : true;
      const ranks = new Recommender(catalogue, null, { hideSeen, ...(gone && { gone }) });
      this.#recommender = { of: catalogue, cards, ranks };
    }
    const { ranks } = this.#recommender;
    if (published === null) {
      const pair = visitPairs(tally.together, catalogue.ids.length);
      ranks.setRanker({ ranker: { ...wideRanker(), pair }, model: null, private: null });
      return seen(ranks.recommend(tally, request), request);
    }
    const served = this.#assembly.of(site?.ranker, slots, published);
    ranks.setRanker(catalogue === published ? served : this.#over(served, catalogue));
    return ranks.recommend(tally, request);
  }

  /** @param ids of any kind: what is no id is left out */
  async describe(ids: unknown): Promise<readonly ItemCard[]> {
    await this.#client.loaded();
    const { goods, downlink } = this.#client;
    await goods.settled();
    const { catalogue, site } = downlink;
    const cards = await downlink.cards.of(site?.cards ?? []);
    const asked = (Array.isArray(ids) ? ids.slice(0, MAX_CARDS) : []) as readonly unknown[];
    return asked
      .filter((id): id is string => typeof id === 'string' && id !== '')
      .map((id) => cards?.get(id) ?? shown(goods.card(id)) ?? bare(id, catalogue));
  }

  /** The same as long as neither ranker nor catalogue is another. */
  #over(served: ServedRanker, catalogue: Catalogue): ServedRanker {
    if (this.#grown?.of !== catalogue || this.#grown.served !== served) {
      const ranker = rankerOver(served.ranker, catalogue.ids.length);
      this.#grown = { of: catalogue, served, made: { ...served, ranker } };
    }
    return this.#grown.made;
  }

  async profile(): Promise<Profile> {
    await this.#client.loaded();
    return this.#knowledge.profile();
  }

  async segments(): Promise<readonly Segment[]> {
    await this.#client.loaded();
    return this.#knowledge.segments();
  }

  async traits(values: unknown): Promise<Traits> {
    await this.#client.loaded();
    return values === undefined ? this.#knowledge.traits() : this.#knowledge.setTraits(values);
  }

  async statistics(): Promise<readonly Published[]> {
    await this.#client.loaded();
    const { slots, catalogue } = this.#client.downlink;
    return [...slots.values()].flatMap(
      ({ task, model }) => published(task, model, catalogue) ?? [],
    );
  }

  async privacyReport(): Promise<PrivacyReport> {
    await this.#client.loaded();
    const { database, downlink } = this.#client;
    if (database === null) return NO_REPORT;
    const budget = (await database.getMeta('budget')) ?? downlink.site?.budget ?? null;
    const ledger = await database.readLedger();
    const made = ledger.map(({ statement }) => statement);
    const offered = [...downlink.slots.values()].map(({ task }) => statementOf(task).text);
    return {
      budget,
      epsilonSpent: composed(ledger, budget),
      statement: [...new Set([...made, ...offered])].join('\n') || NO_REPORT.statement,
      reports: await reportEntries(database),
    };
  }

  async reportBytes(reportId: string): Promise<Uint8Array | null> {
    await this.#client.loaded(true);
    const outbox = (await this.#client.database?.readOutbox()) ?? [];
    return outbox.find((entry) => entry.reportId === reportId)?.body ?? null;
  }

  async exportData(): Promise<Record<string, unknown>> {
    await this.#client.loaded(true);
    await this.#client.history.flush();
    return (await this.#client.database?.exportAll()) ?? {};
  }

  /** Never rejects. */
  async status(language?: string): Promise<Status> {
    const { downlink, database, consent, contribution } = this.#client;
    const { state, detail } = this.#client.state();
    const ledger = await Promise.resolve(database?.readLedger()).catch(() => undefined);
    const epoch = await Promise.resolve(database?.getMeta('epochStartMs')).catch(() => undefined);
    const { catalogue, site, slots } = downlink;
    const parts = catalogue && this.#assembly.of(site?.ranker, slots, catalogue).parts;
    return {
      state,
      words: stateWords(state, detail),
      consent,
      storage: database?.state ?? 'none',
      storageWords: storageWords(database?.state ?? 'none', epoch),
      backend: contribution.backend,
      tasks: [...downlink.slots.values()].map((slot) => this.#task(slot, ledger ?? [], epoch)),
      catalogue: catalogue && { hash: catalogue.hash, items: catalogue.ids.length },
      parts: parts ?? [],
      ...(typeof language === 'string' && { terms: termsIn(language) }),
    };
  }

  #task(slot: Slot, ledger: readonly LedgerEntry[], epoch: number | undefined): TaskStatus {
    const { task, round, model } = slot;
    const { reason, detail, outcome } = this.#client.contribution.standing(slot.name);
    const spent = ledger.filter(({ taskHash }) => taskHash === slot.hash).length;
    const until = reason === 'quiet-period' && epoch !== undefined ? epoch + task.quietMs : null;
    const more = until === null ? detail : `until ${minuteOf(until)}`;
    return {
      name: slot.name,
      kind: task.kind,
      label: task.label,
      tier: task.tier,
      epsilonPerReport: task.epsilon,
      participations: { spent, cap: task.participations },
      modelVersion: model?.modelVersion ?? 0,
      round: round && { round: round.round, deadlineMs: round.deadlineMs },
      reason,
      words: taskWords(reason, more, outcome),
      lastOutcome: outcome,
    };
  }
}

/** ε of all reports together as the ledger counts them (PR13); without a budget, at the best order. */
function composed(ledger: readonly LedgerEntry[], budget: SiteBudget | null): number | 'none' {
  if (ledger.length === 0) return 0;
  if (ledger.some(({ epsilon }) => epsilon === 'none')) return 'none';
  const curve = ledger.reduce((sum, entry) => addCurves(sum, entry.curve), zeroCurve());
  if (budget?.order !== undefined) return epsilonAtOrder(curve, budget.order, budget.delta);
  return epsilonOfCurve(curve, budget?.delta ?? Math.max(...ledger.map((entry) => entry.delta)));
}
