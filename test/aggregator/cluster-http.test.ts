/** A cluster's nodes over real sockets, in one process: who is answered, and what a node refuses. */
import { afterEach, describe, expect, it } from 'vitest';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { httpSend } from '../../aggregator/cluster/client.ts';
import { accumulatorClient } from '../../aggregator/cluster/internal.ts';
import { SECRET_HEADER } from '../../aggregator/cluster/wire.ts';
import { startAcceptNode } from '../../aggregator/cluster-accept.ts';
import { startAccumulator } from '../../aggregator/cluster-accumulate.ts';
import { serveRole } from '../../aggregator/cluster-command.ts';
import type { NodeOptions, RunningNode } from '../../aggregator/cluster-node.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import { bodyOf } from '../cluster/local-round.ts';
import { MemoryLog } from '../cluster/memory-log.ts';

const SECRET = 'a secret of the cluster'.replaceAll(' ', '-');
const running: RunningNode[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.close()));
});

const options = (): NodeOptions => ({
  ...{ log: new MemoryLog(), secret: SECRET, host: '127.0.0.1', port: 0, partitions: 2 },
  ...{ leaseMs: 400, settings: settingsOf({ drainMs: 0 }), logger: silentLogger },
});

async function started(start: Promise<RunningNode>): Promise<RunningNode> {
  const node = await start;
  running.push(node);
  return node;
}

describe('C5 an accumulator', () => {
  it('answers those who have the secret, and nobody else', async () => {
    const average = await chooseBackend('wasm');
    const { url } = await started(startAccumulator({ ...options(), average }));
    const { send, close } = httpSend(5000);
    expect(await accumulatorClient(send, SECRET).counts(url)).toEqual([]);
    for (const secret of ['', 'another secret', `${SECRET}x`]) {
      const stranger = accumulatorClient(send, secret);
      await expect(stranger.counts(url)).rejects.toMatchObject({ code: 'node-unreachable' });
      const asked = fetch(`${url}/cluster/close`, {
        method: 'POST',
        headers: { [SECRET_HEADER]: secret },
        body: '{}',
      });
      expect((await asked).status).toBe(401);
    }
    expect((await fetch(`${url}/v1/status`)).status).toBe(401);
    close();
  });

  it('says of what it does not hold that it lies elsewhere', async () => {
    const average = await chooseBackend('wasm');
    const { url } = await started(startAccumulator({ ...options(), average }));
    const { send, close } = httpSend(5000);
    const client = accumulatorClient(send, SECRET);
    const { body } = bodyOf(1);
    expect(await client.take(url, [{ partition: 1, body }])).toEqual([{ outcome: 'elsewhere' }]);
    const of = { roundHash: '5'.repeat(64), partition: 7 };
    expect(await client.close(url, { ...of, closedAtMs: 1 })).toBe(false);
    expect(await client.result(url, of)).toBeNull();
    close();
  });
});

describe('an accept node', () => {
  it('H7 is not-ready without a coordinator, for reports and for what is read', async () => {
    const { url } = await started(startAcceptNode(options()));
    const post = (): Promise<Response> =>
      fetch(url + PATHS.reports, {
        method: 'POST',
        headers: { 'content-type': REPORT_CONTENT_TYPE },
        body: bodyOf(1).body as Uint8Array<ArrayBuffer>,
      });
    for (const answer of [await post(), await fetch(url + PATHS.site)]) {
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(await answer.json()).toMatchObject({ code: 'not-ready' });
    }
    expect((await fetch(url + PATHS.livez)).status).toBe(200);
    expect((await fetch(url + PATHS.readyz)).status).toBe(503);
  });

  it('H1 asks nobody for an address that is none of ours', async () => {
    const { url } = await started(startAcceptNode(options()));
    for (const path of ['//127.0.0.1:1/v1/site', '/v1/site%2f', '/v1/site:80', '/@x']) {
      const answer = await fetch(url + path);
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });
});

describe('a role on the command line', () => {
  const role = (...more: string[]): Promise<void> => serveRole(more);

  it('is refused by the name of what is wrong', async () => {
    await expect(role('--role', 'boss')).rejects.toThrow(/--role must be one of accept/);
    await expect(role('--role', 'accept')).rejects.toThrow(/--engine is needed/);
    const engine = ['--engine', 'file:/nowhere'];
    await expect(role('--role', 'accept', ...engine)).rejects.toThrow(/--secret FILE is needed/);
    const short = ['--secret', import.meta.filename];
    await expect(role('--role', 'accept', ...engine, ...short)).rejects.toThrow(/printable/);
  });
});
