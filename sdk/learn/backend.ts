/** One engine that tfjs-core may run on; each lives in a file of its own, so bundles stay small. */
import type { BackendName } from './learner.ts';

export interface BackendOptions {
  /** Bytes of a file that lies beside the Worker: the WASM binaries. */
  readonly loadAsset: (name: string) => Promise<Uint8Array<ArrayBuffer>>;
  /** Train on a software WebGPU adapter too; only tests want that. */
  readonly allowSoftwareGpu: boolean;
}

export interface StartedBackend {
  /** Says what was found: "WASM with SIMD", "hardware adapter: …". */
  readonly reason: string;
  /** The name of a failure after the start (a lost device), or null. */
  failure(): string | null;
}

export interface Backend {
  readonly name: BackendName;
  /** Registers and selects the backend; rejects with an Error whose message names the failure. */
  start(options: BackendOptions): Promise<StartedBackend>;
}

export type TrainingFailure =
  /** None starts, or the one that did is gone: whatever the examples are. */
  | 'backend'
  /** The engine failed at these examples: memory, a kernel. */
  | 'engine'
  | 'non-finite'
  | 'shape';

/** A training that cannot go on, by name; `cause` is the engine's own error. */
export class TrainingError extends Error {
  readonly code: TrainingFailure;

  constructor(code: TrainingFailure, message: string, cause?: unknown) {
    super(`${code}: ${message}`, { cause });
    this.name = 'TrainingError';
    this.code = code;
  }
}
