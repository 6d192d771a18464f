/** The campaign's banner: one of its arms, drawn once a visitor, and told of when it is seen. */
import { goodOf } from '../basket.ts';
import { type Arm, campaign } from '../catalogue/campaign.ts';
import { drawGood } from '../catalogue/drawing.ts';
import { h, picture } from '../dom.ts';
import type { Shop } from '../shop.ts';
import { locale, t } from '../text/locale.ts';

/** The draw of this visit, kept by the shop itself; a new shopper draws anew. */
const KEY = 'shop.campaign';
/** Of the banner's height: less was passed by, not seen. */
const SEEN = 0.5;

function drawnArm(): Arm {
  const arms: readonly Arm[] = campaign.arms;
  const kept = arms.find(({ id }) => id === sessionStorage.getItem(KEY));
  if (kept !== undefined) return kept;
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  const arm = arms[Math.floor((word * arms.length) / 2 ** 32)] as Arm;
  sessionStorage.setItem(KEY, arm.id);
  return arm;
}

/** Tells `view_promotion` once a page, when it is in sight and may be remembered. */
export function banner({ vitrine }: Shop): HTMLElement {
  const arm = drawnArm();
  const pictures = campaign.goodIds.flatMap((id) => {
    const good = goodOf(id);
    return good === null ? [] : picture(drawGood(good), 'banner-picture');
  });
  const element = h(
    'section',
    { class: 'banner', 'data-campaign': campaign.id, 'data-arm': arm.id },
    h(
      'div',
      { class: 'banner-text' },
      h('h2', {}, arm.title[locale]),
      h('p', {}, arm.text[locale]),
      h('a', { class: 'button banner-button', href: campaign.href }, t('campaignAction')),
    ),
    h('div', { class: 'banner-pictures', 'aria-hidden': 'true' }, ...pictures),
  );
  let inSight = false;
  let told = false;
  const tell = (): void => {
    if (told || !inSight || !vitrine.consent.get().personalise) return;
    told = true;
    vitrine.track('view_promotion', { promotion_id: campaign.id, creative_name: arm.id });
  };
  const watch = (entries: readonly IntersectionObserverEntry[]): void => {
    inSight = entries.at(-1)?.isIntersecting ?? false;
    tell();
  };
  new IntersectionObserver(watch, { threshold: SEEN }).observe(element);
  vitrine.consent.onChange(tell);
  return element;
}
