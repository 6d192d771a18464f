/**
 * What a Shopify theme of Dawn's kind brings along, as far as it is heard: its small
 * publish/subscribe, the form that adds without leaving the page, variants, and the platform's
 * Customer Privacy API.
 */
const subscribers = {};
// biome-ignore lint/correctness/noUnusedVariables: globals of the theme
function subscribe(name, callback) {
  subscribers[name] = [...(subscribers[name] ?? []), callback];
  return () => {
    subscribers[name] = subscribers[name].filter((one) => one !== callback);
  };
}
function publish(name, data) {
  for (const callback of subscribers[name] ?? []) callback(data);
}

(() => {
  const { variants } = window.meta.product ?? {};
  let consent = { preferences: '', analytics: '' };
  window.Shopify.customerPrivacy = {
    preferencesProcessingAllowed: () => consent.preferences === 'yes',
    analyticsProcessingAllowed: () => consent.analytics === 'yes',
    shouldShowBanner: () => consent.preferences === '',
    setTrackingConsent(given, done) {
      consent = {
        preferences: given.preferences ? 'yes' : 'no',
        analytics: given.analytics ? 'yes' : 'no',
      };
      // biome-ignore lint/suspicious/noDocumentCookie: as the platform does
      document.cookie = `_tracking_consent=${consent.preferences}-${consent.analytics}; path=/`;
      document.dispatchEvent(new CustomEvent('visitorConsentCollected', { detail: given }));
      done();
    },
  };
  const kept = /_tracking_consent=(\w+)-(\w+)/.exec(document.cookie);
  if (kept !== null) consent = { preferences: kept[1], analytics: kept[2] };
  document.dispatchEvent(new CustomEvent('shopifyCustomerPrivacyApiLoaded'));

  const banner = document.getElementById('shopify-pc__banner');
  banner.hidden = kept !== null;
  banner.addEventListener('click', ({ target }) => {
    if (target.tagName !== 'BUTTON') return;
    const yes = target.id === 'shopify-pc__banner__btn-accept';
    window.Shopify.customerPrivacy.setTrackingConsent(
      { analytics: yes, marketing: yes, preferences: yes },
      () => {
        banner.hidden = true;
      },
    );
  });

  const send = async (url, data) => {
    const body = JSON.stringify(data);
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    return (await fetch(url, { method: 'POST', headers, body })).json();
  };

  document.querySelector('variant-selects')?.addEventListener('change', ({ target }) => {
    const chosen = variants.find(({ id }) => String(id) === target.value);
    history.replaceState({}, '', `${location.pathname}?variant=${chosen.id}`);
    document.querySelector('product-form [name=id]').value = chosen.id;
    publish('variant-change', { data: { variant: chosen } });
  });
  document.querySelector('product-form form')?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const cartData = await send('/cart/add.js', {
      id: Number(form.get('id')),
      quantity: Number(form.get('quantity')),
    });
    publish('cart-update', {
      source: 'product-form',
      productVariantId: Number(form.get('id')),
      cartData,
    });
  });
  document.querySelector('cart-items')?.addEventListener('change', async ({ target }) => {
    const cartData = await send('/cart/change.js', {
      line: Number(target.dataset.line),
      quantity: Number(target.value),
    });
    publish('cart-update', {
      source: 'cart-items',
      cartData,
      variantId: Number(target.dataset.variant),
    });
  });
})();
