/** What the page asks: recommendations, the profile, what was sent, and why nothing happens. */
import type { Catalogue } from '../shared/model/catalogue.ts';
import { addCurves, epsilonAtOrder, epsilonOfCurve, zeroCurve } from '../shared/privacy/curve.ts';
import { statementOf } from '../shared/privacy/statement.ts';
import type { SiteBudget } from '../shared/protocol/task.ts';
import type {
  PrivacyReport,
  Profile,
  RecommendRequest,
  RecommendResult,
  Segment,
  Status,
  TaskStatus,
} from './api.ts';
import type { Client } from './client.ts';
import type { LedgerEntry } from './database/database.ts';
import type { Slot } from './downlink.ts';
import { RankerAssembly } from './features/assemble.ts';
import { Knowledge } from './knowledge.ts';
import { type Published, published } from './measure/published.ts';
import type { Traits } from './profile/result.ts';
import { Recommender } from './recommend/recommender.ts';
import { readRequest } from './recommend/request.ts';
import { stateWords, taskWords } from './status.ts';
import { reportEntries } from './uplink.ts';

export const NO_REPORT: PrivacyReport = {
  budget: null,
  epsilonSpent: 0,
  statement: 'Nothing has left this browser.',
  reports: [],
};

/** Without a catalogue: the page's own candidates in the page's own order. */
export function nothing(request?: RecommendRequest): RecommendResult {
  const { among, exclude, limit, isBad } = readRequest(request);
  const items = (among ?? [])
    .filter((id) => !exclude.has(id))
    .slice(0, limit)
    .map((id) => ({ id, score: 0, why: [] }));
  const source = among === null ? 'popular' : 'given';
  const state = isBad ? 'bad-request' : 'no-catalogue';
  return { items, source, state, version: 0, modelHash: null };
}

export class Answers {
  readonly #client: Client;
  readonly #assembly = new RankerAssembly();
  readonly #knowledge: Knowledge;
  #recommender: { readonly of: Catalogue; readonly ranks: Recommender } | null = null;

  constructor(client: Client) {
    this.#client = client;
    this.#knowledge = new Knowledge(client);
  }

  async recommend(request: RecommendRequest = {}): Promise<RecommendResult> {
    await this.#client.loaded();
    const { catalogue, slots, site } = this.#client.downlink;
    if (catalogue === null) return nothing(request);
    if (this.#recommender?.of !== catalogue) {
      this.#recommender = { of: catalogue, ranks: new Recommender(catalogue) };
    }
    const { ranks } = this.#recommender;
    ranks.setRanker(this.#assembly.of(site?.ranker, slots, catalogue));
    return ranks.recommend(await this.#knowledge.tally(), request);
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
    const outbox = (await this.#client.database?.readOutbox()) ?? [];
    return outbox.find((entry) => entry.reportId === reportId)?.body ?? null;
  }

  async exportData(): Promise<Record<string, unknown>> {
    await this.#client.history.flush();
    return (await this.#client.database?.exportAll()) ?? {};
  }

  /** Never rejects. */
  async status(): Promise<Status> {
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
      backend: contribution.backend,
      tasks: [...downlink.slots.values()].map((slot) => this.#task(slot, ledger ?? [], epoch)),
      catalogue: catalogue && { hash: catalogue.hash, items: catalogue.ids.length },
      parts: parts ?? [],
    };
  }

  #task(slot: Slot, ledger: readonly LedgerEntry[], epoch: number | undefined): TaskStatus {
    const { task, round, model } = slot;
    const { reason, detail, outcome } = this.#client.contribution.standing(slot.name);
    const spent = ledger.filter(({ taskHash }) => taskHash === slot.hash).length;
    const until = reason === 'quiet-period' && epoch !== undefined ? epoch + task.quietMs : null;
    const more = until === null ? detail : `until ${new Date(until).toISOString()}`;
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
