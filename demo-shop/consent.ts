/** The shop's own consent question: two switches, off until the shopper says otherwise. */
import type { Vitrine } from '../sdk/index.ts';
import { h } from './dom.ts';
import { t } from './text/locale.ts';

/** The answer of this visit, kept by the shop itself, as a consent manager keeps it. */
const ANSWER = 'shop.consent';

interface Answer {
  readonly personalise: boolean;
  readonly contribute: boolean;
}

function answered(): Answer | null {
  return JSON.parse(sessionStorage.getItem(ANSWER) ?? 'null') as Answer | null;
}

/** The bar hides itself once answered; `register` is given a way to ask again. */
export function consentBar(vitrine: Vitrine, register: (ask: () => void) => void): HTMLElement {
  const personalise = h('input', { type: 'checkbox', id: 'consent-personalise' });
  const contribute = h('input', { type: 'checkbox', id: 'consent-contribute' });
  const bar = h('section', { class: 'consent', 'aria-label': t('consentTitle'), hidden: true });
  const answer = async (values: Answer): Promise<void> => {
    sessionStorage.setItem(ANSWER, JSON.stringify(values));
    bar.hidden = true;
    await vitrine.consent.set(values);
  };
  contribute.addEventListener('change', () => {
    if (contribute.checked) personalise.checked = true;
  });
  personalise.addEventListener('change', () => {
    if (!personalise.checked) contribute.checked = false;
  });
  const ask = (): void => {
    const now = vitrine.consent.get();
    personalise.checked = now.personalise;
    contribute.checked = now.contribute;
    bar.hidden = false;
  };
  const button = (id: string, words: string, className: string, run: () => void): HTMLElement =>
    h('button', { id, class: className, onclick: run }, words);
  bar.append(
    h('h2', {}, t('consentTitle')),
    h('p', {}, t('consentText')),
    h('label', { class: 'switch' }, personalise, ` ${t('consentPersonalise')}`),
    h('label', { class: 'switch' }, contribute, ` ${t('consentContribute')}`),
    h(
      'div',
      { class: 'consent-buttons' },
      button('consent-all', t('consentAll'), 'button', () => {
        void answer({ personalise: true, contribute: true });
      }),
      button('consent-save', t('consentSave'), 'button quiet-button', () => {
        void answer({ personalise: personalise.checked, contribute: contribute.checked });
      }),
      button('consent-none', t('consentNone'), 'button quiet-button', () => {
        void answer({ personalise: false, contribute: false });
      }),
    ),
  );
  register(ask);
  vitrine.on('ready', () => {
    const now = vitrine.consent.get();
    const said = answered();
    if (said === null && !now.personalise) ask();
    // A page that was left in the moment of the answer may not have kept it.
    const differs = said?.personalise !== now.personalise || said.contribute !== now.contribute;
    if (said !== null && differs) void vitrine.consent.set(said);
  });
  return bar;
}
