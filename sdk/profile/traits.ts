/** What a shop says of its shopper, as far as it may be kept: flat, short, and nothing sensitive. */
import { isSensitive } from '../../shared/model/expression/fields.ts';
import type { Traits } from './result.ts';

export const TRAIT_PROBLEMS = {
  'bad-traits': 'the traits are not a readable flat object; nothing was changed',
  'bad-trait':
    'a trait that is no text, number or truth value, or has no usable name, was left out',
  'sensitive-trait':
    'a trait on age, sex, gender, health, religion, ethnicity or politics was left out',
  'too-many-traits': 'traits beyond the first 32 were left out',
} as const;

export type TraitProblem = keyof typeof TRAIT_PROBLEMS;

const MAX_TRAITS = 32;
const MAX_NAME = 40;
const MAX_TEXT = 100;
const MAX_NUMBER = 1e12;
/** Names that an object of a page may hold by nature. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * The traits that may be kept; null for what is no flat record. Never throws.
 *
 * @param problem called for each trait that is left out
 */
export function readTraits(
  value: unknown,
  problem: (problem: TraitProblem, name: string) => void,
): Traits | null {
  try {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problem('bad-traits', '');
      return null;
    }
    const kept: [string, string | number | boolean][] = [];
    for (const [name, one] of Object.entries(value)) {
      const why = faultOf(name, one);
      if (why !== null) problem(why, name.slice(0, MAX_NAME));
      else if (kept.length === MAX_TRAITS) problem('too-many-traits', name);
      else kept.push([name, one as string]);
    }
    return Object.fromEntries(kept);
  } catch {
    problem('bad-traits', '');
    return null;
  }
}

function faultOf(name: string, value: unknown): TraitProblem | null {
  if (name.trim() === '' || name.length > MAX_NAME || RESERVED.has(name)) return 'bad-trait';
  if (isSensitive(name)) return 'sensitive-trait';
  if (typeof value === 'string') {
    if (value.length > MAX_TEXT) return 'bad-trait';
    return isSensitive(value) ? 'sensitive-trait' : null;
  }
  if (typeof value === 'boolean') return null;
  return typeof value === 'number' && Math.abs(value) <= MAX_NUMBER ? null : 'bad-trait';
}
