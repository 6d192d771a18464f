/** What a page may ask of the training Worker, over Comlink. */
import type {
  BackendName,
  BackendReport,
  TrainInput,
  TrainProgress,
  TrainResult,
} from './learn/learner.ts';
import type { RoundOutcome } from './post/outcome.ts';

export interface WorkerConfig {
  readonly site: string;
  readonly databaseName: string;
  readonly endpoint: string;
  readonly trust: string;
  /** Absolute, with a trailing slash: a blob Worker cannot resolve relative addresses. */
  readonly assetBase: string;
  readonly maxEpsilon: number;
  readonly maxTotalEpsilon: number;
  /** 'cpu' asks the wasm bundle to go straight to its last resort. */
  readonly backend: 'webgpu' | 'wasm' | 'cpu';
  readonly allowSoftwareGpu: boolean;
  readonly allowTestTier: boolean;
}

export interface RoundProgress {
  readonly task: string;
  readonly stage:
    | 'receive'
    | 'features'
    | 'noise'
    | 'train'
    | 'measure'
    | 'evaluate'
    | 'pack'
    | 'charge';
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

/** Everything of a training but its signal and its listener, which do not travel. */
export type TrainRequest = Omit<TrainInput, 'signal' | 'onProgress'>;

export interface WorkerApi {
  /** Opens the database and a backend; rejects with a named failure when this bundle has none. */
  connect(config: WorkerConfig): Promise<BackendReport>;
  /** One client round of a task; the finished report lies in the outbox afterwards. */
  contribute(
    taskHash: string,
    onProgress: (progress: RoundProgress) => void,
  ): Promise<RoundOutcome>;
  /**
   * Trains on given examples and keeps nothing: the self-test of a built bundle on this device.
   */
  train(
    request: TrainRequest,
    onProgress?: (progress: TrainProgress) => void,
  ): Promise<TrainResult & { readonly backend: BackendName }>;
  /** Ends the running round or training within one step; nothing is charged. */
  abort(): Promise<void>;
}
