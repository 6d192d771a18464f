/** The frame of the privacy panel: choices, tabs, take or erase, and the question before erasing. */
import type { Consent } from '../database/database.ts';
import { h } from './dom.ts';
import type { Said, Speech } from './speech.ts';

export const TABS = ['stayed', 'left', 'back'] as const;
export type Tab = (typeof TABS)[number];

export interface Frame {
  readonly tab: Tab;
  /** Null while there is no client. */
  readonly consent: Consent | null;
  /** The state in words. */
  readonly now: Said;
  readonly isReady: boolean;
  readonly heading: string | null;
  readonly level: number;
  readonly isBusy: boolean;
  /** What the last act came to, in words. */
  readonly result: string;
  readonly body: readonly Node[];
}

export function frame({ t }: Speech, one: Frame): Node[] {
  const { consent, now, heading, isBusy, level, body } = one;
  const inner = h('div', body);
  for (const title of inner.querySelectorAll('h3,h4')) {
    title.ariaLevel = String(level + (title.localName === 'h3' ? 1 : 2));
  }
  const isOff = consent === null || isBusy;
  const choice = (name: keyof Consent, hint: string, isDisabled: boolean): HTMLElement =>
    h(
      'div.choice',
      h('p', { id: `${name}-name` }, t(name)),
      h('p.quiet.small', { id: `${name}-hint` }, hint),
      h('button', {
        type: 'button',
        role: 'switch',
        part: 'switch',
        'aria-checked': String(consent?.[name] === true),
        'aria-labelledby': `${name}-name`,
        'aria-describedby': `${name}-hint`,
        'aria-disabled': isDisabled && 'true',
        'data-act': 'switch',
        'data-of': name,
      }),
    );
  return [
    h(
      'header',
      h(
        'div',
        { id: 'title', part: 'heading', role: 'heading', 'aria-level': level },
        heading ?? t('title'),
      ),
      h('p.quiet', t('lead')),
      h(one.isReady ? 'p.now.member' : 'p.now', { role: 'status', lang: now.lang }, now.words),
    ),
    h(
      'div.choices',
      choice('personalise', t('personaliseHint'), isOff),
      choice('contribute', t('contributeHint'), isOff || !consent?.personalise),
    ),
    h(
      'div.tabs',
      { role: 'tablist', 'aria-labelledby': 'title' },
      TABS.map((tab) =>
        h(
          'button',
          {
            type: 'button',
            role: 'tab',
            part: 'tab',
            id: tab,
            'aria-selected': String(tab === one.tab),
            'aria-controls': 'body',
            tabindex: tab === one.tab ? 0 : -1,
            'data-act': 'tab',
            'data-of': tab,
          },
          t(tab),
        ),
      ),
    ),
    h(
      'div',
      {
        id: 'body',
        role: 'tabpanel',
        part: 'body',
        tabindex: 0,
        'aria-labelledby': one.tab,
        'data-key': one.tab,
      },
      [...inner.childNodes],
    ),
    h(
      'footer',
      act('export', t('export'), isOff),
      act('ask', t('erase'), isOff),
      h('p', { role: 'status', part: 'result' }, one.result),
    ),
  ];
}

function act(name: string, words: string, isDisabled = false): HTMLElement {
  const attributes = { type: 'button', part: `button ${name}`, 'data-act': name };
  return h('button', attributes, { 'aria-disabled': isDisabled && 'true' }, words);
}

/** @param isWithdrawal of a consent whose end erases too */
export function question({ t }: Speech, isWithdrawal: boolean): Node[] {
  return [
    h(
      'div',
      { id: 'ask', role: 'heading', 'aria-level': 2 },
      t(isWithdrawal ? 'withdrawAsk' : 'eraseAsk'),
    ),
    h('p', t('eraseText')),
    h('p.actions', act('keep', t('keep')), act(isWithdrawal ? 'withdraw' : 'erase', t('yes'))),
  ];
}
