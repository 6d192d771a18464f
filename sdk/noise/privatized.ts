/** The only value that may be packed: clipped, rounded and noised by this room. */
import type { Tier } from '../../shared/protocol/task.ts';

declare const made: unique symbol;

/** A finished vector, in one of the forms in which it may leave; only `privatize` makes one. */
export interface Privatized {
  readonly [made]: true;
  readonly tier: Tier;
  readonly payload: PrivatizedPayload;
  readonly metrics: PrivatizeMetrics;
}

export type PrivatizedPayload =
  /** d fixed-point integers, int32; the split tier's are shared out before they leave. */
  | { readonly form: 'coordinates'; readonly coordinates: Int32Array }
  /** 32 bytes from which the server makes the vector (PrivUnitG). */
  | { readonly form: 'seed'; readonly seed: Uint8Array };

export interface PrivatizeMetrics {
  /** L2 norm of the update before and after the clip. */
  readonly normBefore: number;
  readonly normAfter: number;
  /** Noise std per coordinate in the units of the update; 0 in the test tier. */
  readonly noiseStd: number;
  /** normAfter over the expected L2 norm of the noise; Infinity without noise. */
  readonly signalToNoise: number;
}
