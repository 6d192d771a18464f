/**
 * Signs of consent of a page, as one answer: what its consent manager says by IAB TCF, by Google
 * consent mode or by Shopify. Nothing is stored, and nothing is sent.
 *
 * Of several that have spoken, each must agree. A manager that still waits for the shopper says
 * nothing, so that what was decided on an earlier page holds until it does.
 */
import { hearConsentMode } from './consent-mode.ts';
import { hearShopify } from './shopify.ts';
import { hearTcf } from './tcf.ts';
import type { Listen, Word } from './word.ts';

export type ConsentSource = 'tcf' | 'consent-mode' | 'shopify';

export interface ConsentSigns {
  readonly tcf: boolean;
  readonly consentMode: boolean;
  readonly shopify: boolean;
}

/**
 * Listens until it is undone: a plain `consent.set` of the page ends it. Never throws.
 * @param say told of what is decided already, and then of changes
 * @param layer name of the array into which consent mode is pushed
 * @returns the undo
 */
export function adaptConsent(
  signs: ConsentSigns,
  page: Window,
  say: (consent: Word, from: ConsentSource) => void,
  layer = 'dataLayer',
): () => void {
  const words = new Map<ConsentSource, Word>();
  const end = new AbortController();
  let last: Word | undefined;
  let ready = false;
  const speak = (from: ConsentSource): void => {
    const spoken = [...words.values()];
    const personalise = spoken.every((one) => one.personalise);
    const contribute = personalise && spoken.every((one) => one.contribute);
    if (!ready || end.signal.aborted || !spoken[0]) return;
    if (last?.personalise === personalise && last.contribute === contribute) return;
    last = { personalise, contribute };
    say(last, from);
  };
  const hear = (on: boolean, from: ConsentSource, listen: Listen): void => {
    const tell = (word: Word | null): void => {
      if (word) words.set(from, word);
      else words.delete(from);
      speak(from);
    };
    if (on) listen(page, tell, end.signal, layer);
  };
  hear(signs.tcf, 'tcf', hearTcf);
  hear(signs.shopify, 'shopify', hearShopify);
  hear(signs.consentMode, 'consent-mode', hearConsentMode);
  // Those that have decided before are heard together.
  ready = true;
  for (const from of words.keys()) speak(from);
  return () => end.abort();
}
