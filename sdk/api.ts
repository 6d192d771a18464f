/** The public surface as types: what `init` returns and what a shop may rely on. */
import type { SiteBudget, TaskKind } from '../shared/protocol/task.ts';
import type { EventName, ShopEvent } from './capture/event.ts';
import type { Consent } from './database/database.ts';
import type { PartStanding } from './features/assemble.ts';
import type { BackendReport } from './learn/learner.ts';
import type { Published } from './measure/published.ts';
import type { RoundOutcome, SkipReason } from './post/outcome.ts';
import type { Profile, Segment, Traits } from './profile/result.ts';
import type { RecommendRequest, RecommendResult } from './recommend/result.ts';

export type { PartStanding } from './features/assemble.ts';
export type { Published } from './measure/published.ts';
export type {
  Basics,
  Cause,
  Estimate,
  Interest,
  NextCategory,
  Profile,
  Reason,
  Rhythm,
  Segment,
  Traits,
  ValueTier,
} from './profile/result.ts';
export type {
  Recommendation,
  RecommendRequest,
  RecommendResult,
  RecommendState,
} from './recommend/result.ts';

export interface InitOptions {
  /** Aggregator's origin and prefix, without a trailing slash; a first-party path is preferred. */
  readonly endpoint: string;
  /**
   * Pinned by the page: the site's root key, and behind a space the identity key of the helper, the
   * second server (each Ed25519, base64url). Without the second no task of the split tier is
   * reported to.
   */
  readonly trust: string;
  /** Where worker-wasm.js, worker-webgpu.js and the wasm files lie. Absolute or page-relative. */
  readonly assetBase: string;
  /** 'required' (default): nothing is stored until `consent.set`. */
  readonly consent?: 'required' | Consent;
  /** Highest ε of one report that this page accepts, whatever a task says. Default 8. */
  readonly maxEpsilon?: number;
  /** Highest composed ε of everything that this page accepts, whatever the site says. Default 32. */
  readonly maxTotalEpsilon?: number;
  readonly backend?: 'auto' | 'webgpu' | 'wasm' | 'cpu';
  /** Tests only: accept a software WebGPU adapter. */
  readonly allowSoftwareGpu?: boolean;
  /** Tests only, loopback endpoints only: accept tasks of the `test` tier. */
  readonly allowTestTier?: boolean;
  readonly storage?: { readonly maxEvents?: number; readonly retentionDays?: number };
  /** Folder on the page's own origin with the same files: Workers start without `blob:`. */
  readonly workerUrl?: string;
  /** Signs of consent that are listened to: all but what is switched off. */
  readonly signals?: SignalOptions;
  /** Ways of hearing the shop: all but `autocapture`, and what is switched off. */
  readonly capture?: CaptureOptions;
  /** Whether a browser trains is decided by a coin, never by its history: there is no least. */
  readonly training?: { readonly minEvents?: never; readonly whenSaveData?: boolean };
  readonly debug?: boolean;
  /**
   * Sees every event before it is kept, and may change it, or drop it with `null`. What it returns
   * is checked like a call of the shop; its time stays. An event for which it throws, or returns
   * anything else, is dropped with an 'error' event `before-capture`. What pages say of their goods
   * (`describe`) is no event: `capture` switches it off.
   */
  readonly beforeCapture?: (event: ShopEvent) => ShopEvent | null;
  /**
   * Asked once for every report that a round of this page would make, before anything is fetched,
   * read or charged for it: `true` lets it be made, `false` keeps it from being made, and so does
   * whatever else it returns or throws, with an 'error' event `before-contribute`. It is not told
   * what the report would hold, and must not find out: an answer that depends on what this shopper
   * did makes it tell something that a report is there, or is not, which no noise covers.
   */
  readonly beforeContribute?: (report: ReportPreview) => boolean;
}

export interface SignalOptions {
  /** IAB TCF, `__tcfapi`. */
  readonly tcf?: boolean;
  /** Google consent mode, in the data layer. */
  readonly consentMode?: boolean;
  /** Shopify's customerPrivacy. */
  readonly shopify?: boolean;
  /** 'no-upload' (default): a browser that sends Global Privacy Control uploads nothing. */
  readonly gpc?: 'no-upload' | 'ignore';
}

export interface CaptureOptions {
  /** Or the name of another array than `dataLayer`. */
  readonly dataLayer?: boolean | string;
  readonly jsonLd?: boolean;
  readonly microdata?: boolean;
  /** `data-vitrine-*`. */
  readonly attributes?: boolean;
  /** Events of the themes. */
  readonly shopify?: boolean;
  readonly woocommerce?: boolean;
  /** Views and clicks that nobody marks; off by default. */
  readonly autocapture?: boolean;
}

/** What is known of a report before it is charged. */
export interface ReportPreview {
  readonly task: string;
  readonly round: number;
  readonly bytes: number;
  readonly epsilon: number | 'none';
}

/** What is known of an item, to draw it; what is not known is null, and the title its id. */
export interface ItemCard {
  readonly id: string;
  readonly title: string;
  readonly url: string | null;
  readonly image: string | null;
  readonly price: number | null;
  readonly currency: string | null;
  readonly brand: string | null;
  readonly category: string | null;
}

/** GA4 ecommerce parameters, unchanged. */
export interface TrackParameters {
  readonly currency?: string;
  readonly value?: number | string;
  readonly items?: readonly Readonly<Record<string, unknown>>[];
  readonly search_term?: string;
  readonly rating?: number;
  readonly text?: string;
  readonly page?: string;
  /** With `view_promotion`: the campaign, and the arm that this browser was shown. */
  readonly promotion_id?: string;
  readonly creative_name?: string;
  readonly creative_slot?: string;
}

/** One report that this browser ever made. */
export interface ReportEntry {
  readonly reportId: string;
  readonly task: string;
  readonly round: number;
  /** Rounded to the hour. */
  readonly atMs: number;
  readonly bytes: number;
  readonly epsilon: number | 'none';
  readonly delta: number;
  /** What may be claimed of it, and against whom. */
  readonly statement: string;
  readonly state: 'waiting' | 'sent' | 'refused' | 'expired';
  readonly detail: string;
}

export interface PrivacyReport {
  readonly budget: SiteBudget | null;
  /** Composed ε of all reports at the budget's δ and order; 'none' if one claims nothing. */
  readonly epsilonSpent: number | 'none';
  /** Of every report made, and of the site's tasks. */
  readonly statement: string;
  /** Every report ever made in this storage epoch, oldest first. */
  readonly reports: readonly ReportEntry[];
}

export type StatusState =
  | 'starting'
  | 'ready'
  | 'insecure-context'
  | 'consent-required'
  /** No Worker and no script of ours may start in this page; `words` names the policy. */
  | 'engine-blocked'
  | 'storage-blocked'
  | 'offline'
  | 'server-error'
  | 'bad-signature'
  | 'no-crypto'
  | 'shutdown';

export interface TaskStatus {
  readonly name: string;
  readonly kind: TaskKind;
  readonly label: string;
  readonly tier: string;
  readonly epsilonPerReport: number | 'none';
  readonly participations: { readonly spent: number; readonly cap: number };
  readonly modelVersion: number;
  readonly round: { readonly round: number; readonly deadlineMs: number } | null;
  /** Why this browser does not take part now, or null when it does or has. */
  readonly reason: SkipReason | null;
  /** The reason in words. */
  readonly words: string;
  readonly lastOutcome: RoundOutcome | null;
}

export interface Status {
  readonly state: StatusState;
  /** The state in words, English. */
  readonly words: string;
  readonly consent: Consent;
  /** 'none', 'ready', 'memory', 'blocked', 'quota' or 'closed'. */
  readonly storage: string;
  /** In words, English: what outlives the page, and since when; absent before anything is kept. */
  readonly storageWords?: string;
  readonly backend: BackendReport | null;
  readonly tasks: readonly TaskStatus[];
  readonly catalogue: { readonly hash: string; readonly items: number } | null;
  /** Parts of the ranker that the site names, and why one is off; none before the catalogue. */
  readonly parts: readonly PartStanding[];
  /** The SDK's own terms by kind and name (`event:purchase`); where a language was asked for. */
  readonly terms?: Readonly<Record<string, string>>;
}

export interface VitrineEvents {
  ready: Status;
  /** Download, training and noise steps. */
  progress: {
    readonly task: string;
    readonly stage: string;
    readonly step: number;
    readonly steps: number;
    readonly loss: number | null;
  };
  /** Something that recommend(), profile() or segments() would answer differently now. */
  update: {
    readonly cause: 'event' | 'traits' | 'model' | 'catalogue' | 'consent' | 'erased';
  };
  round: { readonly task: string; readonly outcome: RoundOutcome };
  /** A report reached the server, was refused, or expired. */
  report: ReportEntry;
  error: { readonly code: string; readonly message: string };
}

/**
 * No method throws or rejects into the shop's page, but for wrong argument kinds in `init`, and
 * `erase`, which must not be taken for done when it is not.
 */
export interface Vitrine {
  track(name: EventName, parameters?: TrackParameters): void;
  recommend(request?: RecommendRequest): Promise<RecommendResult>;
  /** What the catalogue, or the pages that this browser has seen, tell of these items. */
  describe(ids: readonly string[]): Promise<readonly ItemCard[]>;
  profile(): Promise<Profile>;
  /**
   * What the shop itself knows of its shopper, for `profile()` and for rules (`trait("plan") ==
   * "pro"`): kept in this browser, exported, erased, never sent. Takes the place of what was said
   * before; `{}` forgets it; without an argument it only asks. At most 32 names of at most 40
   * characters, with texts of at most 100 characters, finite numbers up to 10^12, or truth values.
   * What speaks of age, sex, gender, health, religion, ethnicity or politics is left out with an
   * 'error' event `sensitive-trait`, and so is all of it without consent (`no-consent`).
   *
   * @returns what is kept
   */
  traits(values?: Traits): Promise<Traits>;
  segments(): Promise<readonly Segment[]>;
  /** What came of the site's statistics and evaluations: sums over browsers, with their noise. */
  statistics(): Promise<readonly Published[]>;
  readonly consent: {
    get(): Consent;
    /** Resolves when the change is in force: unsent reports deleted, or everything erased. */
    set(consent: Consent): Promise<void>;
    onChange(listener: (consent: Consent) => void): () => void;
  };
  privacyReport(): Promise<PrivacyReport>;
  /** The bytes of a report that this browser made, while they are kept (not yet sent, or sent in this page). */
  reportBytes(reportId: string): Promise<Uint8Array | null>;
  /** Everything stored, by store, decrypted; bytes as base64url. */
  exportData(): Promise<Record<string, unknown>>;
  /**
   * Stops the site's other tabs and their Workers, deletes everything stored, and looks whether it
   * is gone; nothing is written afterwards without a new consent. Rejects with an error whose
   * `code` is 'blocked' (another tab does not let go) or 'failed' when something is left.
   */
  erase(): Promise<void>;
  on<K extends keyof VitrineEvents>(
    name: K,
    listener: (value: VitrineEvents[K]) => void,
  ): () => void;
  /** @param language of `terms`, BCP 47: 'zh', or English */
  status(language?: string): Promise<Status>;
  shutdown(): Promise<void>;
}
