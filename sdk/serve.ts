/** The engine's end of the link: one client for one tag. */
import type { Vitrine, VitrineEvents } from './api.ts';
import type { Client } from './client.ts';
import { type EngineEnvironment, engineEnvironment } from './engine-environment.ts';
import type { EngineApi, EngineStart, PageApi } from './link.ts';
import { piecesOf } from './pieces.ts';
import { type Other, type Port, talk } from './port.ts';
import type { Hooks } from './settings.ts';
import { openClient } from './surface.ts';

const EVENTS: readonly (keyof VitrineEvents)[] = [
  'ready',
  'progress',
  'update',
  'round',
  'report',
  'error',
];

interface Open {
  readonly vitrine: Vitrine;
  readonly client: Client;
  readonly environment: EngineEnvironment;
  /** What the page is reading of an export. */
  pieces?: readonly string[];
}

/** @returns the same page events without a message, for a tag in the same thread that is leaving */
export function serve(port: Port): EngineApi['page'] {
  let open: Open | null = null;
  const api: EngineApi = {
    async connect(start) {
      const environment = engineEnvironment(start, {
        idle: () => page.ask('idle'),
        log: (line) => page.tell('log', line),
        lock: (id, name, mode) => page.ask('lock', id, name, mode),
        unlock: (id) => page.tell('unlock', id),
      });
      const settings = { ...start.settings, hooks: hooksOf(start, page) };
      open = {
        environment,
        ...openClient(settings, environment, (opened) => {
          for (const name of EVENTS) opened.on(name, (value) => page.tell('tell', name, value));
          opened.consent.onChange((consent) => {
            // What is erased is not read to the end.
            if (!consent.personalise && open !== null) open.pieces = [];
            page.tell('tell', 'consent', consent);
          });
        }),
      };
    },
    hear(heard, atMs) {
      try {
        open?.client.hear(heard, atMs);
      } catch (error) {
        open?.client.events.report(error);
      }
    },
    page: (event, facts) => open?.environment.fire(event, facts),
    async call(method, parameters) {
      if (open === null) throw new Error('connect was not called');
      return answer(open, method, parameters);
    },
  };
  const page = talk<PageApi>(port, api);
  return api.page;
}

async function answer(
  open: Open,
  method: string,
  parameters: readonly unknown[],
): Promise<unknown> {
  const { vitrine } = open;
  if (method === 'exportPiece') {
    const index = Number(parameters[0]);
    if (index === 0) open.pieces = piecesOf(await vitrine.exportData());
    return open.pieces?.[index] ?? null;
  }
  if (method === 'consent.set') return vitrine.consent.set(parameters[0] as never);
  const methods = vitrine as unknown as Record<string, (...all: readonly unknown[]) => unknown>;
  return methods[method]?.(...parameters);
}

function hooksOf({ hooks }: EngineStart, page: Other<PageApi>): Hooks {
  return {
    beforeCapture: hooks.beforeCapture ? (event) => page.ask('beforeCapture', event) : null,
    beforeContribute: hooks.beforeContribute
      ? (report) => page.ask('beforeContribute', report)
      : null,
  };
}
