/**
 * A server of the contract as a process of its own: `aggregator|helper JSON`. Its noise comes from
 * a seed that the test knows; all else is what production runs.
 */
import { startHelper } from '../../../aggregator/helper.ts';
import { startAggregator } from '../../../aggregator/main.ts';
import { ChaChaSource } from '../../../shared/random/source.ts';

const [role, json] = process.argv.slice(2);
const options = JSON.parse(json as string);
const source = new ChaChaSource(new Uint8Array(32).fill(options.seed));
const seed = (): Uint8Array => {
  const bytes = new Uint8Array(32);
  source.fill(bytes);
  return bytes;
};
const started =
  role === 'helper'
    ? await startHelper({ ...options, seed })
    : await startAggregator({ ...options, source });
process.on('SIGTERM', () => void started.close().then(() => process.exit(0)));
process.send?.(started.url);
