/**
 * Noise drawn ahead of its batch: how long a sample takes depends on the sample, so no request may
 * wait for one. Seeds live in memory alone; each is marked used on disk before its noise is.
 */
import type { NoiseTask } from '../../shared/random/variance.ts';
import { NOISE_SEED_BYTES, type ServerNoise, serverNoise } from '../noise/noise.ts';

export interface NoiseDeps {
  /** 32 random bytes that nobody else sees. */
  readonly seed: () => Uint8Array;
  /** Marks a seed as used; resolves once that is on disk. */
  readonly use: (seed: Uint8Array) => Promise<void>;
  /** Calls `work` later, outside any request. */
  readonly later: (work: () => void) => void;
}

interface Drawn extends ServerNoise {
  readonly seed: Uint8Array;
}

/** One vector per task is held ready. */
export class NoiseAhead {
  readonly #deps: NoiseDeps;
  readonly #ready = new Map<string, Promise<Drawn>>();
  /** Whether a draw that has ended came to a vector. */
  readonly #ended = new WeakMap<Promise<Drawn>, boolean>();

  constructor(deps: NoiseDeps) {
    this.#deps = deps;
  }

  /** Vectors that are drawn and wait for their batch, and those that are being drawn. */
  get pool(): { readonly ready: number; readonly drawing: number } {
    const ends = [...this.#ready.values()].map((one) => this.#ended.get(one));
    const of = (end: boolean | undefined): number => ends.filter((one) => one === end).length;
    return { ready: of(true), drawing: of(undefined) };
  }

  /** Sees to it that a vector of the task is ready soon. */
  ready(taskHash: string, task: NoiseTask): void {
    if (!this.#ready.has(taskHash)) this.#ready.set(taskHash, this.#draw(task));
  }

  /**
   * Hands out a vector that nobody else gets, and never again after a crash.
   * @throws DiskError; the vector is burned then.
   */
  async take(taskHash: string, task: NoiseTask): Promise<ServerNoise> {
    this.ready(taskHash, task);
    const drawing = this.#ready.get(taskHash) as Promise<Drawn>;
    this.#ready.delete(taskHash);
    const { seed, noise, variance } = await drawing;
    try {
      await this.#deps.use(seed);
    } finally {
      seed.fill(0);
    }
    return { noise, variance };
  }

  #draw(task: NoiseTask): Promise<Drawn> {
    const drawing = new Promise<Drawn>((resolve, reject) => {
      this.#deps.later(() => {
        try {
          const seed = this.#deps.seed();
          if (seed.length !== NOISE_SEED_BYTES) throw new RangeError('seed must hold 32 bytes');
          resolve({ seed, ...serverNoise(task, seed) });
        } catch (error) {
          reject(error);
        }
      });
    });
    // It is awaited by whoever takes it.
    drawing.then(
      () => this.#ended.set(drawing, true),
      () => this.#ended.set(drawing, false),
    );
    return drawing;
  }
}
