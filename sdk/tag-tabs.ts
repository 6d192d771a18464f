/** What the site's other tabs say to one that has no engine (leader.ts speaks for those with one). */
import type { Consent } from './database/database.ts';
import type { Channel } from './leader.ts';
import type { TagPage } from './tag-page.ts';

export interface WaitingTabs {
  /** Runs when another tab has been given consent to personalise. */
  listen(onConsent: () => void): void;
  tellErase(): void;
  /** The back/forward cache keeps no page that is spoken to. */
  leave(): void;
}

export function waitingTabs(page: Pick<TagPage, 'channel'>, name: string): WaitingTabs {
  let channel: Channel | null = null;
  return {
    listen(onConsent) {
      channel ??= page.channel(name);
      if (channel === null) return;
      channel.onmessage = ({ data }) => {
        const { type, consent } = (data ?? {}) as { type?: unknown; consent?: Consent };
        if (type === 'consent' && consent?.personalise === true) onConsent();
      };
    },
    tellErase: () => channel?.postMessage({ type: 'erase' }),
    leave() {
      channel?.close();
      channel = null;
    },
  };
}
