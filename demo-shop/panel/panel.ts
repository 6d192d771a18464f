/** What this shop knows: a drawer that shows what stayed, what left and what came back, live. */
import { h, patch } from '../dom.ts';
import type { Shop } from '../shop.ts';
import { t } from '../text/locale.ts';
import { back } from './back.ts';
import { left } from './left.ts';
import { now, type Progress } from './now.ts';
import { stayed } from './stayed.ts';

const OPEN = 'shop.panel';
/** Times and deadlines move even when nothing happens. */
const REFRESH_MS = 3000;

type Tab = 'stayed' | 'left' | 'back';

const TABS: readonly { readonly id: Tab; readonly words: string }[] = [
  { id: 'stayed', words: t('tabStayed') },
  { id: 'left', words: t('tabLeft') },
  { id: 'back', words: t('tabBack') },
];

export interface Drawer {
  readonly element: HTMLElement;
  open(): void;
  /** Given the consent bar's way to ask again. */
  onConsentAsked(ask: () => void): void;
}

function download(data: unknown): void {
  const url = URL.createObjectURL(
    new Blob([JSON.stringify(data, null, 2)], { type: 'application/json' }),
  );
  const link = h('a', { href: url, download: 'vitrine-export.json' });
  link.click();
  URL.revokeObjectURL(url);
}

export function panel(shop: Shop, qualityUrl: string): Drawer {
  const { vitrine } = shop;
  let tab: Tab = 'stayed';
  let progress: Progress | null = null;
  let askConsent: () => void = () => undefined;

  const status = h('section', { class: 'panel-now', 'aria-live': 'polite' });
  const body = h('div', { class: 'panel-body', id: 'panel-body', role: 'tabpanel' });
  const tabs = h('div', { class: 'panel-tabs', role: 'tablist' });
  const element = h('aside', {
    class: 'panel',
    id: 'panel',
    'aria-label': t('panelTitle'),
    hidden: sessionStorage.getItem(OPEN) !== '1',
  });

  let drawing = false;
  let again = false;
  const draw = async (): Promise<void> => {
    if (element.hidden) return;
    if (drawing) {
      again = true;
      return;
    }
    drawing = true;
    const shown = tab;
    const [statusNodes, bodyNodes] = await Promise.all([
      now(vitrine, progress),
      shown === 'stayed'
        ? stayed(vitrine)
        : shown === 'left'
          ? left(vitrine)
          : back(vitrine, qualityUrl),
    ]);
    patch(status, statusNodes);
    patch(body, bodyNodes);
    body.dataset.tab = shown;
    drawing = false;
    if (again) {
      again = false;
      await draw();
    }
  };

  const choose = (next: Tab): void => {
    tab = next;
    for (const button of tabs.querySelectorAll('button')) {
      button.setAttribute('aria-selected', String(button.dataset.tab === next));
    }
    void draw();
  };
  const setOpen = (open: boolean): void => {
    element.hidden = !open;
    sessionStorage.setItem(OPEN, open ? '1' : '0');
    document.body.classList.toggle('panel-open', open);
    if (open) void draw();
  };
  const newShopper = async (): Promise<void> => {
    // The shop's own memory of the answer first, lest it be given again.
    sessionStorage.clear();
    await vitrine.erase();
    sessionStorage.setItem(OPEN, '1');
    location.assign('/');
  };

  tabs.append(
    ...TABS.map(({ id, words }) =>
      h(
        'button',
        {
          role: 'tab',
          id: `tab-${id}`,
          'data-tab': id,
          'aria-selected': String(id === tab),
          'aria-controls': 'panel-body',
          onclick: () => choose(id),
        },
        words,
      ),
    ),
  );
  element.append(
    h(
      'header',
      { class: 'panel-head' },
      h('h2', {}, t('panelTitle')),
      h('button', { class: 'link', onclick: () => setOpen(false) }, t('panelClose')),
    ),
    h('p', { class: 'quiet' }, t('panelIntro')),
    status,
    tabs,
    body,
    h(
      'footer',
      { class: 'panel-foot' },
      h(
        'button',
        {
          class: 'button',
          id: 'new-shopper',
          title: t('newShopperHint'),
          onclick: () => void newShopper(),
        },
        t('newShopper'),
      ),
      h(
        'button',
        { class: 'link', id: 'change-consent', onclick: () => askConsent() },
        t('consentChange'),
      ),
      h(
        'button',
        { class: 'link', onclick: () => void vitrine.exportData().then(download) },
        t('export'),
      ),
    ),
  );

  vitrine.on('progress', (value) => {
    progress = value;
    void draw();
  });
  vitrine.on('round', () => {
    progress = null;
    void draw();
  });
  vitrine.on('update', () => void draw());
  vitrine.on('report', () => void draw());
  vitrine.on('ready', () => void draw());
  setInterval(() => void draw(), REFRESH_MS);
  document.body.classList.toggle('panel-open', !element.hidden);
  void draw();

  return {
    element,
    open: () => setOpen(Boolean(element.hidden)),
    onConsentAsked: (ask) => {
      askConsent = ask;
    },
  };
}
