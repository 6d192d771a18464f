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
import { type Published, published } from './measure/published.ts';
import { profileOf } from './profile/profile.ts';
import { segmentsOf } from './profile/segments.ts';
import { Recommender } from './recommend/recommender.ts';
import { stateWords, taskWords } from './status.ts';
import { reportEntries } from './uplink.ts';

export const NO_PROFILE: Profile = {
  events: 0,
  sessions: 0,
  interests: { category: [], brand: [], priceBand: [] },
  intent: { probability: null, source: 'none', version: 0, why: [] },
};

export const NO_REPORT: PrivacyReport = {
  budget: null,
  epsilonSpent: 0,
  statement: 'Nothing has left this browser.',
  reports: [],
};

const NO_ROWS = {
  starts: new Uint32Array(1),
  columns: new Uint32Array(0),
  values: new Float32Array(0),
  width: 0,
};

/** Before the catalogue is here, events speak by the brand and category that they carry. */
const NO_CATALOGUE: Catalogue = {
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

const DEFAULT_LIMIT = 12;

/** Without a catalogue: the page's own candidates in the page's own order. */
export function nothing(request?: RecommendRequest): RecommendResult {
  const among = Array.isArray(request?.among) ? (request.among as unknown[]) : [];
  const exclude = Array.isArray(request?.exclude) ? (request.exclude as unknown[]) : [];
  const limit = Number.isInteger(request?.limit)
    ? Math.max(0, request?.limit as number)
    : undefined;
  const items = among
    .filter((id): id is string => typeof id === 'string' && !exclude.includes(id))
    .slice(0, limit ?? DEFAULT_LIMIT)
    .map((id) => ({ id, score: 0, why: [] }));
  return { items, source: 'popular', version: 0, modelHash: null };
}

export class Answers {
  readonly #client: Client;
  #recommender: { readonly of: Catalogue; readonly ranks: Recommender } | null = null;

  constructor(client: Client) {
    this.#client = client;
  }

  async recommend(request: RecommendRequest = {}): Promise<RecommendResult> {
    await this.#client.loaded();
    const { catalogue, slots } = this.#client.downlink;
    if (catalogue === null) return nothing(request);
    const wide = [...slots.values()].find(({ task }) => task.architecture.name === 'wide');
    if (this.#recommender?.of !== catalogue) {
      const { architecture } = wide?.task ?? {};
      const options = architecture?.name === 'wide' ? architecture : {};
      this.#recommender = { of: catalogue, ranks: new Recommender(catalogue, null, options) };
    }
    const { ranks } = this.#recommender;
    ranks.setModel(wide?.model ?? null);
    return ranks.recommend(this.#client.history.events(), request);
  }

  async profile(): Promise<Profile> {
    await this.#client.loaded();
    const { downlink, history, environment } = this.#client;
    const intent = downlink.slots.get('intent');
    return profileOf({
      events: history.events(),
      catalogue: downlink.catalogue ?? NO_CATALOGUE,
      intentModel: intent?.task.architecture.name === 'logistic' ? intent.model : null,
      nowMs: environment.clock.now(),
    });
  }

  async segments(): Promise<readonly Segment[]> {
    const profile = await this.profile();
    const { downlink, history, environment } = this.#client;
    const rules = downlink.site?.segments ?? [];
    const nowMs = environment.clock.now();
    return segmentsOf(rules, profile, { events: history.events(), nowMs });
  }

  async statistics(): Promise<readonly Published[]> {
    await this.#client.loaded();
    const { slots } = this.#client.downlink;
    return [...slots.values()].flatMap(({ task, model }) => published(task, model) ?? []);
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
    const { catalogue } = downlink;
    return {
      state,
      words: stateWords(state, detail),
      consent,
      storage: database?.state ?? 'none',
      backend: contribution.backend,
      tasks: [...downlink.slots.values()].map((slot) => this.#task(slot, ledger ?? [], epoch)),
      catalogue: catalogue && { hash: catalogue.hash, items: catalogue.ids.length },
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
