/** The accumulators as the coordinator reaches them, over the network. */
import { NodeUnreachable } from './client.ts';
import type { AccumulatorClient } from './internal.ts';
import type { Holders } from './remote-batch.ts';
import type { Router } from './router.ts';
import { EngineError } from './update-log.ts';
import type { PartitionCount } from './wire.ts';

export interface HoldersOptions {
  readonly router: Router;
  readonly client: AccumulatorClient;
  /** Calls `work` after `ms`; returns how to call it off. */
  readonly after: (ms: number, work: () => void) => () => void;
  /** Between two questions for counts. */
  readonly pollMs: number;
}

export function remoteHolders({ router, client, after, pollMs }: HoldersOptions): Holders {
  /** Asks the holder of a partition; null when it has none, or one that does not answer. */
  async function asked<T>(
    partition: number,
    ask: (url: string) => Promise<T | null | false>,
  ): Promise<T | null> {
    await router.refresh().catch(ignoreEngine);
    const url = router.holders[partition] ?? null;
    if (url === null) return null;
    try {
      return (await ask(url)) || null;
    } catch (error) {
      if (!(error instanceof NodeUnreachable)) throw error;
      return null;
    }
  }

  async function counts(): Promise<PartitionCount[]> {
    await router.refresh().catch(ignoreEngine);
    const urls = new Set(router.holders.filter((url) => url !== null));
    const all = [...urls].map((url) => client.counts(url).catch(() => []));
    return (await Promise.all(all)).flat();
  }

  return {
    close: (of) =>
      asked(of.partition, async (url) => ((await client.close(url, of)) ? (true as const) : null)),
    result: (of) => asked(of.partition, (url) => client.result(url, of)),
    submit: (body) => router.submit(body),
    watch: (told) => {
      let cancel = (): void => undefined;
      let over = false;
      const again = (): void => {
        cancel = after(pollMs, () => {
          const asked = counts().catch(() => []);
          void asked.then((now) => {
            if (over) return;
            told(now);
            again();
          });
        });
      };
      again();
      return () => {
        over = true;
        cancel();
      };
    },
  };
}

function ignoreEngine(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}
