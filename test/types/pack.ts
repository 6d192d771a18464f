/** What the compiler refuses: `tsc` fails when a line below stops being an error. */
import type { Noise } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import type { Privatized } from '../../sdk/noise/privatized.ts';
import { pack } from '../../sdk/pack/pack.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { CryptoSource } from '../../shared/random/source.ts';

declare const task: Task;
declare const noise: Noise;
declare const header: Parameters<typeof pack>[1];
const update = new Float32Array(4);
const integers = new Int32Array(4);

const good: Privatized = privatize(update, task, noise, new CryptoSource());
export const packed: Promise<Uint8Array> = pack(good, header);

// @ts-expect-error a plain vector is not privatized
void pack(integers, header);
// @ts-expect-error a raw update is not privatized
void pack(update, header);
// @ts-expect-error the shape of a privatized value is not enough
void pack({ tier: 'local', payload: good.payload, metrics: good.metrics }, header);
// @ts-expect-error noise comes from drawNoise alone
privatize(update, task, integers, new CryptoSource());
// @ts-expect-error the shape of noise is not enough
privatize(update, task, { coordinates: integers, std: 0 }, new CryptoSource());
