/**
 * The shape on which peers quote their client rounds: an MLP of 10,857 weights (9 inputs, 128, 64
 * and 20 hidden units with ReLU, one logit) on 200 rows.
 */
import { ChaChaSource } from '../../shared/random/source.ts';

export const LAYERS = [9, 128, 64, 20, 1] as const;
export const ROWS = 200;
export const RATE = 0.05;

/** Weight and bias of each layer. */
export const SHAPES: readonly (readonly [number, number])[] = LAYERS.slice(1).flatMap(
  (units, i): [number, number][] => [
    [LAYERS[i] as number, units],
    [1, units],
  ],
);

export interface PeerData {
  readonly weights: Float32Array;
  /** ROWS × 9. */
  readonly rows: Float32Array;
  readonly labels: Float32Array;
}

/** Seeded, so that our engine and the stock one see the same numbers. */
export function peerData(): PeerData {
  const source = new ChaChaSource(new Uint8Array(32).fill(1), new Uint8Array(12));
  const uniform = (): number => source.nextUint32() / 2 ** 31 - 1;
  const weights = SHAPES.flatMap(([rows, columns]) =>
    Array.from({ length: rows * columns }, () => (uniform() * Math.sqrt(3)) / Math.sqrt(rows + 1)),
  );
  const rows = Float32Array.from({ length: ROWS * LAYERS[0] }, uniform);
  const labels = Float32Array.from({ length: ROWS }, (_, i) =>
    (rows[i * LAYERS[0]] as number) > 0 ? 1 : 0,
  );
  return { weights: Float32Array.from(weights), rows, labels };
}
