/** The profile: interests and purchase intention, computed here from this browser's history. */
import { INTENT_INPUTS } from '../../shared/model/architecture.ts';
import type { Catalogue } from '../../shared/model/catalogue.ts';
import type { ShopEvent } from '../capture/event.ts';
import type { StoredModel } from '../database/database.ts';
import { intentInputs } from '../features/intent.ts';
import { interestsOf } from './interests.ts';
import type { Profile } from './result.ts';

export interface ProfileInput {
  /** Oldest first. */
  readonly events: readonly ShopEvent[];
  readonly catalogue: Catalogue;
  readonly intentModel: StoredModel | null;
  readonly nowMs: number;
}

/** Never throws on events of a page; a head of another length or with NaN counts as none. */
export function profileOf(input: ProfileInput): Profile {
  const { catalogue, intentModel, nowMs } = input;
  const events = wellFormed(input.events);
  return {
    events: events.length,
    sessions: new Set(events.map((event) => event.session)).size,
    interests: interestsOf(events, catalogue, nowMs),
    intent: intentOf(events, intentModel, nowMs),
  };
}

/** Events that have a name and a time; the rest cannot have come from capture. */
export function wellFormed(events: readonly ShopEvent[]): ShopEvent[] {
  return events.filter((event) => typeof event?.name === 'string' && Number.isFinite(event.atMs));
}

function intentOf(
  events: readonly ShopEvent[],
  intentModel: StoredModel | null,
  nowMs: number,
): Profile['intent'] {
  const weights = intentModel?.weights;
  const fits = weights?.length === INTENT_INPUTS.length + 1 && weights.every(Number.isFinite);
  // Version 0 is a guess by the site: it says nothing of shoppers.
  const published = (intentModel?.modelVersion ?? 0) > 0;
  if (!fits || !published || !intentModel || !weights || events.length === 0) {
    return { probability: null, source: 'none', version: 0, why: [] };
  }
  const inputs = intentInputs(events, nowMs);
  const why = [...INTENT_INPUTS, 'bias'].map((input, i) => ({
    input,
    amount: (weights[i] as number) * (i < inputs.length ? (inputs[i] as number) : 1),
  }));
  const logit = why.reduce((sum, one) => sum + one.amount, 0);
  return {
    probability: 1 / (1 + Math.exp(-logit)),
    source: 'model',
    version: intentModel.modelVersion,
    why: why
      .filter((one) => one.amount !== 0)
      .sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount)),
  };
}
