/** A learner in a Worker as a round sees it: training goes there, its failures keep their names. */
import { proxy } from 'comlink';
import { TrainingError, type TrainingFailure } from './learn/backend.ts';
import type { Learner, TrainInput, TrainResult } from './learn/learner.ts';
import type { Spawned } from './spawn.ts';

/** @param spawned a learner of its own, which `dispose` ends */
export function remoteLearner({ api, answer, failed, terminate }: Spawned): Learner {
  return {
    report: answer,
    async train({ signal, onProgress, ...request }: TrainInput): Promise<TrainResult> {
      signal?.throwIfAborted();
      let onAbort = (): void => undefined;
      const stopped = new Promise<never>((_, reject) => {
        onAbort = () => {
          void api.abort().catch(() => undefined);
          reject(signal?.reason);
        };
      });
      signal?.addEventListener('abort', onAbort);
      const trained = api.train(request, proxy(onProgress ?? (() => undefined)));
      try {
        return await Promise.race([trained.catch(named), failed, stopped]);
      } finally {
        signal?.removeEventListener('abort', onAbort);
      }
    },
    dispose: terminate,
  };
}

/** An error that has come through a message has its name and its text, and no class. */
function named(error: unknown): never {
  const { name, message } = error as Error;
  if (name !== 'TrainingError') throw error;
  const [code = 'backend', ...rest] = message.split(': ');
  throw new TrainingError(code as TrainingFailure, rest.join(': '), error);
}

/** For tasks that count: nothing of theirs is trained. */
export const NO_LEARNER: Learner = {
  report: { backend: 'cpu', reason: 'not asked for', tried: [] },
  train: () => Promise.reject(new TrainingError('backend', 'this round has no learner')),
  dispose: () => undefined,
};
