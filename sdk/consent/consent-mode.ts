/**
 * Google consent mode, as it is pushed into the data layer: `gtag('consent', 'default' | 'update',
 * {…})` in its `arguments` or as an array, or an object whose `event` speaks of consent
 * (`{ event: 'consent_update', … }`). To personalise needs `personalization_storage`, to contribute
 * `analytics_storage` too.
 *
 * An `update` is the shopper's word. A `default` is the shop's: one that grants counts, after its
 * `wait_for_update`; one that denies says only that nothing is decided. Regions are not evaluated:
 * what a default denies in one region it grants in none.
 */
import { onPush } from '../capture/data-layer.ts';
import type { Listen } from './word.ts';

type Fields = Readonly<Record<string, unknown>>;

const PERSONALISE = 'personalization_storage';
const CONTRIBUTE = 'analytics_storage';
const TYPES = [PERSONALISE, CONTRIBUTE];

export const hearConsentMode: Listen = (page, tell, signal, layer) => {
  const defaults: Record<string, unknown> = {};
  const updates: Record<string, unknown> = {};
  const speak = (): void => {
    const granted = (type: string): boolean => (updates[type] ?? defaults[type]) === 'granted';
    if (!updates[PERSONALISE] && !granted(PERSONALISE)) return;
    const personalise = granted(PERSONALISE);
    tell({ personalise, contribute: personalise && granted(CONTRIBUTE) });
  };
  const hear = (entry: unknown): void => {
    const [mode, given] = read(entry);
    if (!given || (mode !== 'update' && mode !== 'default')) return;
    for (const type of TYPES) {
      const value = given[type];
      if (value !== 'granted' && value !== 'denied') continue;
      if (mode === 'update') updates[type] = value;
      else if (value === 'denied' || !(given.region || defaults[type])) defaults[type] = value;
    }
    if (mode === 'update') speak();
    // The defaults of several regions come one after the other, then the update.
    else page.setTimeout(speak, Number(given.wait_for_update) || 0);
  };
  signal.addEventListener('abort', onPush(page, layer, hear));
};

/** @returns the command and its fields; no fields when the entry is none of consent mode's */
function read(entry: unknown): readonly [unknown, Fields?] {
  if (typeof entry !== 'object' || entry === null) return [null];
  const { 0: command, 1: mode, 2: fields, event } = entry as Fields;
  if (command === 'consent') return [mode, isFields(fields) ? fields : undefined];
  if (!/consent/i.test(String(event))) return [null];
  const given = [entry, ...Object.values(entry)].filter(isFields);
  return [
    /default/i.test(String(event)) ? 'default' : 'update',
    given.find((one) => TYPES.some((type) => type in one)),
  ];
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
