/**
 * The life of a page: what stops when it is hidden, frozen or about to go, and goes on when it is
 * back. Nothing here depends on the history.
 */
import type { Capturing } from './capturing.ts';
import type { Contribution } from './contribution.ts';
import type { Downlink } from './downlink.ts';
import type { Environment, Undo } from './environment.ts';
import type { History } from './history.ts';
import type { Tabs } from './leader.ts';
import type { Turns } from './turns.ts';

/** What of a client lives and stops with the page. */
export interface Living {
  readonly environment: Environment;
  readonly running: boolean;
  /** Whether the device is to be spared a training. */
  readonly strained: boolean;
  readonly capturing: Capturing;
  readonly contribution: Contribution;
  readonly downlink: Downlink;
  readonly history: History;
  readonly tabs: Tabs;
  readonly turns: Turns;
  /** Hears the other tabs, again after they were left. */
  listenToTabs(): void;
  /** Takes up what other tabs have decided or erased meanwhile. */
  lookAround(): Promise<void>;
  storageFailed(error: unknown): void;
}

/** @returns the undo */
export function followPage(client: Living): Undo {
  const { environment, capturing, contribution, downlink, history, tabs, turns } = client;
  const on = environment.listen;
  const undo = [
    on('hidden', () => {
      if (!client.running) return;
      capturing.hide();
      void history.flush();
      contribution.abort();
    }),
    on('visible', () => {
      capturing.show();
      if (!client.running) return;
      void history.reload().catch((error: unknown) => client.storageFailed(error));
      downlink.wake();
    }),
    on('pagehide', () => {
      if (client.running) {
        capturing.hide();
        history.leave();
        contribution.leave();
      }
      tabs.leave();
    }),
    // Back from the back/forward cache.
    on('pageshow', () => {
      client.listenToTabs();
      capturing.show();
      void turns.take(async () => {
        if (!client.running) return;
        await client.lookAround();
        if (!client.running) return;
        void tabs.enter();
        await history.reload();
        contribution.start();
        downlink.wake();
      });
    }),
    on('online', () => downlink.wake()),
    on('strain', () => {
      if (client.strained) contribution.abort();
      contribution.wake();
    }),
  ];
  return () => {
    for (const one of undo.splice(0)) one();
  };
}
