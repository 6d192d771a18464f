/** The part of Vitrine's public surface that the elements use; `Vitrine` of sdk/api.ts has it. */
import type { Consent } from '../database/database.ts';
import type { PartStanding } from '../features/assemble.ts';
import type { RoundOutcome, SkipReason } from '../post/outcome.ts';
import type { Profile, Segment } from '../profile/result.ts';
import type { RecommendRequest, RecommendResult } from '../recommend/result.ts';

/** What is known of an item, to draw it. */
export interface Card {
  readonly id: string;
  readonly title: string;
  readonly url: string | null;
  readonly image: string | null;
  readonly price: number | null;
  /** ISO 4217. */
  readonly currency: string | null;
  readonly brand: string | null;
  readonly category: string | null;
}

export interface ReportLine {
  readonly reportId: string;
  readonly task: string;
  readonly round: number;
  readonly atMs: number;
  readonly bytes: number;
  readonly epsilon: number | 'none';
  readonly delta: number;
  readonly statement: string;
  readonly state: 'waiting' | 'sent' | 'refused' | 'expired';
  readonly detail: string;
}

export interface PrivacyAccount {
  readonly budget: { readonly epsilon: number; readonly delta: number } | null;
  readonly epsilonSpent: number | 'none';
  readonly statement: string;
  readonly reports: readonly ReportLine[];
}

export interface TaskLine {
  readonly name: string;
  readonly kind: 'train' | 'measure' | 'evaluate';
  readonly label: string;
  readonly tier: string;
  readonly epsilonPerReport: number | 'none';
  readonly participations: { readonly spent: number; readonly cap: number };
  readonly modelVersion: number;
  readonly round: { readonly round: number; readonly deadlineMs: number } | null;
  readonly reason: SkipReason | null;
  readonly words: string;
  readonly lastOutcome: RoundOutcome | null;
}

export interface ClientStatus {
  readonly state: string;
  readonly words: string;
  readonly storage: string;
  readonly backend: { readonly backend: string; readonly reason: string } | null;
  readonly tasks: readonly TaskLine[];
  readonly catalogue: { readonly hash: string; readonly items: number } | null;
  readonly parts: readonly PartStanding[];
  readonly terms?: Readonly<Record<string, string>>;
}

type Undo = () => void;

/** Names of the events that change what an element shows. */
export type ShownEvent = 'ready' | 'update' | 'round' | 'report';

export interface ShelfClient {
  recommend(request?: RecommendRequest): Promise<RecommendResult>;
  describe(ids: readonly string[]): Promise<readonly Card[]>;
  track(name: 'select_item', parameters: Readonly<Record<string, unknown>>): void;
  on(name: ShownEvent, listener: () => void): Undo;
}

export interface PrivacyClient extends ShelfClient {
  profile(): Promise<Profile>;
  segments(): Promise<readonly Segment[]>;
  privacyReport(): Promise<PrivacyAccount>;
  reportBytes(reportId: string): Promise<Uint8Array | null>;
  status(language: string): Promise<ClientStatus>;
  exportData(): Promise<Record<string, unknown>>;
  erase(): Promise<void>;
  readonly consent: {
    get(): Consent;
    set(consent: Consent): Promise<void>;
    onChange(listener: (consent: Consent) => void): Undo;
  };
}
