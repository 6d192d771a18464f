/**
 * `npm run sampler -- --sigma S [--seed HEX] [--n N] [--json]`: exact discrete Gaussian samples.
 *
 * σ² is the exact square of the decimal S. With a seed (64 hex digits, ChaCha20 key) the samples
 * are the same for ever (PR30); without one they are fresh. Exit 2 for a wrong flag.
 */
import { toHex } from '../../shared/bytes/hex.ts';
import { DiscreteGaussian } from '../../shared/random/gaussian.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { fillByEngine } from '../../shared/random/wasm/engine.ts';
import { FlagError, type Flags, readFlags, USAGE } from './flags.ts';

/** By WebAssembly where it can, else by TypeScript; samples beyond int32 need float64. */
function draw({ variance, seed, count }: Flags): [Int32Array | Float64Array, string] {
  const narrow = new Int32Array(count);
  if (variance.num < variance.den * 2n ** 50n && fillByEngine(narrow, variance, seed)) {
    return [narrow, 'wasm'];
  }
  const wide = new Float64Array(count);
  new DiscreteGaussian(variance).fill(wide, new ChaChaSource(seed));
  return [wide, 'typescript'];
}

/** Samples a write: some hundred kilobytes of text. */
const BATCH = 1 << 16;

function main(args: readonly string[]): void {
  const flags = readFlags(args);
  if (flags === null) {
    console.log(USAGE);
    return;
  }
  const [samples, engine] = draw(flags);
  if (flags.json) {
    const { sigma, variance, seed, count } = flags;
    const [num, den] = [String(variance.num), String(variance.den)];
    const parameters = { sigma, variance: { num, den }, seed: toHex(seed), n: count, engine };
    process.stdout.write(`${JSON.stringify({ ...parameters, samples: [...samples] })}\n`);
    return;
  }
  for (let at = 0; at < samples.length; at += BATCH) {
    process.stdout.write(`${samples.subarray(at, at + BATCH).join('\n')}\n`);
  }
}

// A reader like `head` may close the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof FlagError)) throw error;
  console.error(`${error.name}: ${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
