/** What the engine may ask of a learner, the Worker that trains, over Comlink. */
import type {
  BackendName,
  BackendReport,
  TrainInput,
  TrainProgress,
  TrainResult,
} from './learn/learner.ts';

export interface WorkerConfig {
  /** Where the WASM binaries lie; absolute: a blob Worker cannot resolve relative addresses. */
  readonly assetBase: string;
  /** 'cpu' asks the wasm bundle to go straight to its last resort. */
  readonly backend: BackendName;
  readonly allowSoftwareGpu: boolean;
  /** Subresource integrity of the binaries by name; one without an entry is not checked. */
  readonly integrity: Readonly<Record<string, string>>;
}

/** Everything of a training but its signal and its listener, which do not travel. */
export type TrainRequest = Omit<TrainInput, 'signal' | 'onProgress'>;

export interface WorkerApi {
  /** Starts a backend; rejects with a named failure when this bundle has none. */
  connect(config: WorkerConfig): Promise<BackendReport>;
  /**
   * Trains on the examples that it is given, and keeps nothing.
   *
   * @throws an Error named 'TrainingError' whose message begins with its code, or 'AbortError'
   */
  train(
    request: TrainRequest,
    onProgress?: (progress: TrainProgress) => void,
  ): Promise<TrainResult & { readonly backend: BackendName }>;
  /** Ends the running training within one step. */
  abort(): Promise<void>;
}
