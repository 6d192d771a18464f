/**
 * The second file that a shop includes by itself: `<vitrine-shelf>` and `<vitrine-privacy>`. It
 * speaks to `window.vitrine`, or to the client that it is given, through the public surface alone;
 * sdk/ELEMENTS.md describes attributes, parts, properties and events.
 *
 *   <script async src="…/vitrine-elements.js"></script>
 *   import { defineElements } from 'vitrine/elements'; defineElements(client);
 */
import type { Vitrine } from './api.ts';
import { giveClient } from './shelf/arrival.ts';
import type { PrivacyClient } from './shelf/client.ts';
import { privacyElement } from './shelf/privacy.ts';
import { shelfElement } from './shelf/shelf.ts';

/**
 * Defines both elements, once; on a server it does nothing.
 *
 * @param client for every element that has no `client` of its own; without it `window.vitrine`,
 * waited for where its tag loads later
 */
export function defineElements(client?: Vitrine): void {
  if (typeof customElements === 'undefined') return;
  if (client !== undefined) giveClient(client satisfies Omit<PrivacyClient, 'track'>);
  if (customElements.get('vitrine-shelf') !== undefined) return;
  customElements.define('vitrine-shelf', shelfElement());
  customElements.define('vitrine-privacy', privacyElement());
}

// The classic file; a module has no current script and waits to be called.
if (typeof document !== 'undefined' && document.currentScript !== null) defineElements();
