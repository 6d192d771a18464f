/** The only value that may be packed: clipped, rounded and noised by this room. */
import type { Tier } from '../../shared/protocol/task.ts';

declare const made: unique symbol;

/** A finished vector of fixed-point integers. Only `privatize` in this room makes one. */
export interface Privatized {
  readonly [made]: true;
  readonly tier: Tier;
  /** Length d, int32. */
  readonly coordinates: Int32Array;
  readonly metrics: PrivatizeMetrics;
}

export interface PrivatizeMetrics {
  /** L2 norm of the update before and after the clip. */
  readonly normBefore: number;
  readonly normAfter: number;
  /** Noise std per coordinate in the units of the update; 0 in the test tier. */
  readonly noiseStd: number;
  /** normAfter over the expected L2 norm of the noise; Infinity without noise. */
  readonly signalToNoise: number;
}
