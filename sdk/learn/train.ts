/** The learner: a ladder of backends, and full-batch gradient descent on the one that starts. */
import { dispose } from '@tensorflow/tfjs-core/dist/globals.js';
import { scalar } from '@tensorflow/tfjs-core/dist/ops/scalar.js';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core/dist/tensor.js';
import { assertInteger, assertPositive } from '../../shared/assert/assert.ts';
import { parameterCount } from '../../shared/model/architecture.ts';
import { nextTurn } from '../database/turn.ts';
import {
  type Backend,
  type BackendOptions,
  type StartedBackend,
  TrainingError,
} from './backend.ts';
import { release, use } from './engine.ts';
import { registerGradients } from './gradients.ts';
import type { BackendReport, Learner, TrainInput, TrainResult } from './learner.ts';
import type { Hold } from './network.ts';
import { networkOf } from './networks.ts';
import { descend, difference, read, unflatten } from './step.ts';

export interface LearnerOptions extends BackendOptions {
  /** Tried in order; the first that starts is used. */
  readonly backends: readonly Backend[];
}

/**
 * Starts the first backend that works.
 * @throws TrainingError 'backend' naming every failure when none does.
 */
export async function createLearner(options: LearnerOptions): Promise<Learner> {
  const tried: { backend: Backend['name']; failure: string }[] = [];
  for (const backend of options.backends) {
    try {
      const started = await backend.start(options);
      registerGradients();
      const failed = tried.map(({ failure }) => failure).join('; ');
      const reason = failed === '' ? started.reason : `${started.reason}; ${failed}`;
      return new TfjsLearner({ backend: backend.name, reason, tried }, started);
    } catch (error) {
      tried.push({ backend: backend.name, failure: messageOf(error) });
    }
  }
  const all = tried.map(({ backend, failure }) => `${backend}: ${failure}`).join('; ');
  throw new TrainingError('backend', `no backend starts (${all})`);
}

class TfjsLearner implements Learner {
  readonly report: BackendReport;
  readonly #started: StartedBackend;
  #disposed = false;

  constructor(report: BackendReport, started: StartedBackend) {
    this.report = report;
    this.#started = started;
  }

  /**
   * Full-batch gradient descent from `weights`. Runs no step when there are no examples.
   * @throws the signal's reason; TrainingError, by its code.
   */
  async train(input: TrainInput): Promise<TrainResult> {
    const { architecture, weights, examples, recipe, signal } = input;
    assertInteger('recipe.steps', recipe.steps, 0, 10_000);
    assertPositive('recipe.learningRate', recipe.learningRate);
    const d = parameterCount(architecture);
    if (weights.length !== d) {
      throw new TrainingError('shape', `weights: ${weights.length} where ${d} are expected`);
    }
    signal?.throwIfAborted();
    // First, so that a backend that is gone does not tell who has examples (PR21).
    await this.#ready();
    if (examples.examples === 0) return { delta: new Float32Array(d), losses: [] };

    const held: Tensor[] = [];
    const hold: Hold = (made) => {
      held.push(made);
      return made;
    };
    let current: Tensor2D[] = [];
    try {
      const network = networkOf(architecture, examples, hold);
      const rate = hold(scalar(recipe.learningRate));
      current = unflatten(weights, network);
      const losses: number[] = [];
      for (let step = 0; step < recipe.steps; step++) {
        const { loss, next } = descend(network, current, rate);
        dispose(current);
        current = next;
        losses.push(await read(loss));
        input.onProgress?.({ step: step + 1, steps: recipe.steps, loss: losses[step] as number });
        await nextTurn();
        signal?.throwIfAborted();
        await this.#ready();
      }
      return { delta: await difference(current, weights), losses };
    } catch (error) {
      if (error instanceof TrainingError || signal?.aborted) throw error;
      const failure = this.#started.failure();
      if (failure !== null) throw new TrainingError('backend', failure, error);
      throw new TrainingError('engine', messageOf(error), error);
    } finally {
      dispose(current);
      dispose(held);
    }
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    release(this.report.backend);
  }

  /** The engine is shared by the realm: another learner may have selected its own backend. */
  async #ready(): Promise<void> {
    if (this.#disposed) throw new TrainingError('backend', 'the learner is disposed');
    const failure = this.#started.failure();
    if (failure !== null) throw new TrainingError('backend', failure);
    await use(this.report.backend);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
