/** What this browser knows of its shopper; each statement with its why. */
import type { Test } from '../../shared/model/expression/evaluate.ts';
import type { EventName } from '../capture/event.ts';

/** One event that a statement rests on. */
export interface Cause {
  readonly event: EventName;
  readonly atMs: number;
  /** The shop's item id, or null for an event without one. */
  readonly item: string | null;
}

export interface Interest {
  readonly id: string;
  /** Share of the decayed interest of its kind, 0 to 1. */
  readonly weight: number;
  /** Latest event behind it. */
  readonly lastMs: number;
  readonly why: readonly { readonly event: EventName; readonly count: number }[];
  /** The newest events behind it, at most three, newest first. */
  readonly latest: readonly Cause[];
}

/** What the shop said of its shopper, by `traits()`. */
export type Traits = Readonly<Record<string, string | number | boolean>>;

export interface Basics {
  /** By the pointer and the width of the screen; null where the browser does not say. */
  readonly device: 'phone' | 'tablet' | 'desktop' | null;
  /** BCP 47, as the browser says: 'zh-CN'. */
  readonly locale: string | null;
  /** 'new' in the first visit that is kept. Null before an event. */
  readonly visitor: 'new' | 'returning' | null;
  readonly traits: Traits;
}

/** When the shopper comes, in the browser's own time zone; visits are counted by their begin. */
export interface Rhythm {
  /** Share of visits by hour, 0 to 23; zeros before a visit. */
  readonly hours: readonly number[];
  /** Share of visits by weekday, Sunday first. */
  readonly weekdays: readonly number[];
  /** Null before there are two visits. */
  readonly visitsPerWeek: number | null;
  readonly daysBetweenVisits: number | null;
  /** Null before there are two purchases. */
  readonly daysBetweenPurchases: number | null;
}

/** One reason behind an estimate. */
export interface Reason {
  /** An input of the head, or a name of the rule. */
  readonly input: string;
  /** Of a model: its part of the logit (see `method`). Of a rule: its part of the probability. */
  readonly amount: number;
  /** The newest events that gave the input its value, at most three. */
  readonly events: readonly Cause[];
}

export interface Estimate {
  /** 0 to 1; null when nothing can be said. */
  readonly probability: number | null;
  /** 'model': a published version; 'rule': the published rule of sdk/profile/rules.ts. */
  readonly source: 'model' | 'rule' | 'none';
  /** Of the model, or 0. */
  readonly version: number;
  /** How the amounts were found; 'exact' for a linear head, whose bias is a reason of its own. */
  readonly method: 'exact' | 'integrated-gradients' | 'rule' | 'none';
  readonly why: readonly Reason[];
}

export interface ValueTier extends Estimate {
  /** 'high' from 2/3, 'middle' from 1/3; null without a probability. */
  readonly tier: 'low' | 'middle' | 'high' | null;
}

/** Decayed mean of the content vectors of what was dealt with. */
export interface ContentVector {
  /** Length k of the catalogue's vectors, unit norm. */
  readonly values: readonly number[];
  /** The items that moved it most, with their shares of all weights. */
  readonly why: readonly { readonly item: string; readonly share: number }[];
}

/** Where the shopper is likely to look next, by a published head. */
export interface NextCategory {
  readonly source: 'model' | 'none';
  readonly version: number;
  /**
   * The likeliest categories of the catalogue, at most five. Categories that share a hashed bin of
   * the head share its probability evenly.
   */
  readonly categories: readonly { readonly id: string; readonly probability: number }[];
}

export interface Profile {
  /**
   * 'empty': no event is kept, or none is consented to. 'automated': events come at a rate that no
   * person reaches; what is said is said of a machine.
   */
  readonly state: 'empty' | 'ready' | 'automated';
  readonly events: number;
  readonly sessions: number;
  readonly basics: Basics;
  readonly interests: {
    readonly category: readonly Interest[];
    readonly brand: readonly Interest[];
    /** '0' (cheap for its category) to '4'. */
    readonly priceBand: readonly Interest[];
  };
  readonly rhythm: Rhythm;
  readonly value: ValueTier;
  readonly priceSensitivity: Estimate;
  /** A purchase in the visit that is under way. */
  readonly intent: Estimate;
  /** No purchase for long. */
  readonly churn: Estimate;
  readonly nextCategory: NextCategory;
  readonly vector: ContentVector | null;
}

export interface Segment {
  readonly id: string;
  readonly label: string;
  readonly member: boolean;
  /** How near the rule is to holding, 0 to 1: shared/model/expression/evaluate.ts. */
  readonly score: number;
  readonly why: readonly Test[];
  /** Why the rule itself cannot be read; null for every rule that a server serves (R11). */
  readonly problem: string | null;
}
