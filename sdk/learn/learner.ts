/** Local training behind one interface: the Worker's tfjs learner, and the same code in Node. */
import type { Architecture } from '../../shared/model/architecture.ts';
import type { Recipe } from '../../shared/model/recipe.ts';
import type { Examples } from '../features/examples.ts';

export type BackendName = 'webgpu' | 'wasm' | 'cpu';

export interface BackendReport {
  readonly backend: BackendName;
  /** Why this one: "hardware adapter", "no WebGPU adapter; WASM with SIMD", … */
  readonly reason: string;
  /** Backends tried before, each with its named failure. */
  readonly tried: readonly { readonly backend: BackendName; readonly failure: string }[];
}

export interface TrainProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
}

export interface TrainInput {
  readonly architecture: Architecture;
  /** Weights of the base model; not changed. */
  readonly weights: Float32Array;
  readonly examples: Examples;
  readonly recipe: Recipe;
  /** Checked between steps: an aborted training throws the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainProgress) => void;
}

export interface TrainResult {
  /** Trained minus base weights; zeros when there are no examples. */
  readonly delta: Float32Array;
  /** Mean loss before each step. */
  readonly losses: readonly number[];
}

export interface Learner {
  readonly report: BackendReport;
  train(input: TrainInput): Promise<TrainResult>;
  dispose(): void;
}
