/**
 * The aggregator as a child of the launcher or of an experiment: it ends with its parent, and leaves
 * Ctrl-C to it, so that no report meets a server that is gone. `--data DIR --port P [--helper URL]`.
 */
import { parseArgs } from 'node:util';
import { type Aggregator, startAggregator } from '../../aggregator/main.ts';

/** Sent to the parent when the server answers. */
export interface Listening {
  readonly url: string;
}

async function main(): Promise<void> {
  const options = {
    data: { type: 'string' },
    port: { type: 'string' },
    helper: { type: 'string' },
  } as const;
  const { data: dataDir, port, helper } = parseArgs({ options }).values;
  if (dataDir === undefined || port === undefined)
    throw new TypeError('--data and --port are needed');
  const aggregator = await startAggregator({
    dataDir,
    port: Number(port),
    ...(helper !== undefined && { helper: { url: helper } }),
  });
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => void end(aggregator));
  process.on('disconnect', () => void end(aggregator));
  process.send?.({ url: aggregator.url } satisfies Listening);
}

async function end(aggregator: Aggregator): Promise<void> {
  await aggregator.close();
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
