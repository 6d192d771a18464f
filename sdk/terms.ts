/**
 * The SDK's own terms in the words of a reader: events, inputs of estimates, parts of the ranker,
 * fields of a report; in Chinese also states, reasons and promises, whose English stands where they
 * arise. Told by the engine, so that no page downloads them with its tag.
 */
import type { EventName } from './capture/event.ts';
import type { PartStanding } from './features/assemble.ts';
import { PANEL_EN, PANEL_ZH } from './terms-panel.ts';
import { ZH_TERMS } from './terms-zh.ts';

const EVENTS: Readonly<Record<EventName, string>> = {
  page_view: 'opened a page',
  view_item: 'looked at',
  view_item_list: 'saw in a list',
  search: 'searched',
  add_to_cart: 'put in the basket',
  remove_from_cart: 'took out again',
  begin_checkout: 'began checkout',
  purchase: 'bought',
  add_to_wishlist: 'saved',
  rate_item: 'rated',
  view_promotion: 'saw a promotion',
  dwell: 'stayed on a page',
};

export const PART_NAMES: Readonly<Record<PartStanding['part'], string>> = {
  pop: 'Popularity',
  pair: 'Bought together',
  deep: 'Taste network',
};

export const PART_STATES: Readonly<Record<PartStanding['state'], string>> = {
  on: 'in use',
  'no-task': 'off: not offered by the site',
  'wrong-task': 'off: its task does not fit',
  'wrong-gate': 'off: its evaluation does not fit',
  'wrong-catalogue': 'off: made for another catalogue',
  'no-version': 'off: no version yet',
  'not-evaluated': 'off: not evaluated yet',
  'no-help': 'off: does not help yet',
};

const FIELDS = {
  magic: 'marks a Vitrine report',
  version: 'of the format',
  tier: 'kind of protection',
  reserved: 'always zero',
  'report-id': 'random, used once',
  task: 'hash of the public task',
  round: 'hash of the public round',
  vector: '{count} whole numbers: clipped, rounded and noised here before they left',
  share: '{count} noised numbers, masked by a seed that the first server cannot open',
  'sealed-seed': 'the seed of the mask, sealed for the second server alone',
  payload: 'seed of a random vector, drawn here; only many of them together mean something',
};

/** Terms by kind and name, `event:purchase`; a name without one is shown as it is. */
export type Terms = Readonly<Record<string, string>>;

const EN_TERMS: Terms = {
  ...under('event', EVENTS),
  ...under('part', PART_NAMES),
  ...under('standing', PART_STATES),
  ...under('field', FIELDS),
  ...under('panel', PANEL_EN),
};

/** @param language BCP 47; English for whatever is not Chinese */
export function termsIn(language: string): Terms {
  return /^zh\b/i.test(language) ? CHINESE : EN_TERMS;
}

const CHINESE: Terms = Object.assign(
  {},
  ...Object.entries({ ...ZH_TERMS, panel: PANEL_ZH }).map(([kind, table]) => under(kind, table)),
) as Terms;

function under(kind: string, table: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).map(([name, words]) => [`${kind}:${name}`, words]),
  );
}
