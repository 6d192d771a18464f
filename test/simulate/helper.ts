/** The helper as a child of the launcher: it ends with its parent, and leaves Ctrl-C to it. */
import { parseArgs } from 'node:util';
import { joinValues } from '../../aggregator/flags.ts';
import { startHelper } from '../../aggregator/helper.ts';
import type { Listening } from './server.ts';

async function main(): Promise<void> {
  const text = { type: 'string', default: '' } as const;
  const { values } = parseArgs({
    args: joinValues(process.argv.slice(2), ['--trust']),
    options: { data: text, keys: text, trust: text, aggregator: text, port: text },
  });
  const { data: dataDir, keys: keysDir, trust, aggregator: aggregatorUrl, port } = values;
  const helper = await startHelper({ dataDir, keysDir, trust, aggregatorUrl, port: Number(port) });
  const end = (): void => void helper.close().then(() => process.exit(0));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', end);
  process.on('disconnect', end);
  process.send?.({ url: helper.url } satisfies Listening);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
