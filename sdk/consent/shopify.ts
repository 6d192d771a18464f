/**
 * Shopify's Customer Privacy API: to personalise needs `preferencesProcessingAllowed()`, to
 * contribute `analyticsProcessingAllowed()` too. A visitor who has not answered the shop's banner
 * has said nothing.
 */
import { type Listen, quietly } from './word.ts';

interface CustomerPrivacy {
  preferencesProcessingAllowed?(): boolean;
  analyticsProcessingAllowed?(): boolean;
  shouldShowBanner?(): boolean;
}

interface Shopify {
  readonly customerPrivacy?: CustomerPrivacy;
  loadFeatures?(
    features: readonly { readonly name: string; readonly version: string }[],
    done: (error?: unknown) => void,
  ): void;
}

export const hearShopify: Listen = (page, tell, signal) => {
  const shopify = (): Shopify | undefined => (page as { Shopify?: Shopify }).Shopify;
  const look = (): void =>
    quietly(() => {
      const privacy = shopify()?.customerPrivacy;
      if (!privacy?.preferencesProcessingAllowed) return;
      const personalise = privacy.preferencesProcessingAllowed() === true;
      const contribute = personalise && privacy.analyticsProcessingAllowed?.() === true;
      const undecided = !personalise && privacy.shouldShowBanner?.() === true;
      tell(undecided ? null : { personalise, contribute });
    });
  page.document.addEventListener('visitorConsentCollected', look, { signal });
  look();
  quietly(() => {
    if (shopify()?.customerPrivacy?.preferencesProcessingAllowed) return;
    const features = [{ name: 'consent-tracking-api', version: '0.1' }];
    shopify()?.loadFeatures?.(features, (error) => error || look());
  });
};
