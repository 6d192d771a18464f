/** An accumulator as a process: it answers the other nodes of its cluster alone. */
import { type Choice, summerOf } from './average/choose.ts';
import { Accumulator } from './cluster/accumulator.ts';
import { internalHandler } from './cluster/internal.ts';
import { MAX_FRAME_BYTES } from './cluster/update-log.ts';
import {
  beat,
  monotonicMs,
  type NodeOptions,
  newNodeName,
  type RunningNode,
  serveNode,
} from './cluster-node.ts';
import { stopServer } from './socket.ts';

export interface AccumulateOptions extends NodeOptions {
  readonly average: Choice;
}

/** @throws StartError */
export async function startAccumulator(options: AccumulateOptions): Promise<RunningNode> {
  const { log, secret, partitions, leaseMs: ttlMs, settings, logger, average } = options;
  let url = options.advertised ?? '';
  const accumulator = new Accumulator({
    ...{ log, partitions, ttlMs, node: newNodeName(), nowMs: monotonicMs },
    url: () => url,
    summerOf: (task) => summerOf(task, average),
    flushBytes: Math.min(settings.flushBytes, MAX_FRAME_BYTES / 2),
    dropped: (partition, reason) => logger('warn', 'partition-dropped', { partition, reason }),
  });
  const failed = (reason: string): void => logger('error', 'request-failed', { reason });
  const { server, url: own } = await serveNode(
    options,
    internalHandler(accumulator, secret, failed),
  );
  url = options.advertised ?? own;
  let before = '';
  const stop = beat(options, async () => {
    await accumulator.tick();
    const held = accumulator.held.join(' ');
    if (held !== before) logger('info', 'partitions-held', { partitions: held });
    before = held;
  });
  let closing: Promise<void> | null = null;
  return {
    url,
    close() {
      closing ??= (async () => {
        await stop();
        await accumulator.stop();
        await stopServer(server, settings.drainMs);
        logger('info', 'stopped');
      })();
      return closing;
    },
  };
}
