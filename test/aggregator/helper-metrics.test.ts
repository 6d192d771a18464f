/** What the second server's operator sees of it: refusals, and the noise drawn ahead. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { initKeys } from '../../aggregator/ceremony.ts';
import { startHelper } from '../../aggregator/helper.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { NoiseAhead } from '../../aggregator/opening/noise-ahead.ts';
import { HELPER_METRICS, loadHelperMetrics } from '../../aggregator/operate/helper-metrics.ts';
import { StartError } from '../../aggregator/socket.ts';
import { HELPER_PATHS } from '../../shared/protocol/opening.ts';
import { ROOT_KEY } from './fixture.ts';
import { ADMIN, ask, TOKEN } from './operated.ts';

const BEARER = { authorization: `Bearer ${TOKEN}` };
const HELPER_MD = readFileSync(
  fileURLToPath(new URL('../../aggregator/HELPER.md', import.meta.url)),
  'utf8',
);

describe('the pool of noise', () => {
  it('S10 counts what is drawn, and what is being drawn', async () => {
    const draws: (() => void)[] = [];
    let seed = 0;
    const noise = new NoiseAhead({
      seed: () => new Uint8Array(32).fill(++seed),
      use: async () => undefined,
      later: (draw) => draws.push(draw),
    });
    const task = {
      tier: 'split',
      d: 3,
      scaleBits: 16,
      mechanism: { name: 'discrete-gaussian', sigma: 2 },
    } as const;
    const settle = async (): Promise<void> => {
      for (const draw of draws.splice(0)) draw();
      await new Promise((resolve) => setImmediate(resolve));
    };
    expect(noise.pool).toEqual({ ready: 0, drawing: 0 });
    noise.ready('a', task);
    noise.ready('b', task);
    noise.ready('b', task);
    expect(noise.pool).toEqual({ ready: 0, drawing: 2 });
    await settle();
    expect(noise.pool).toEqual({ ready: 2, drawing: 0 });
    expect((await noise.take('a', task)).noise).toHaveLength(3);
    expect(noise.pool).toEqual({ ready: 1, drawing: 0 });
    const taking = noise.take('c', task);
    expect(noise.pool).toEqual({ ready: 1, drawing: 0 });
    await settle();
    await taking;
    expect(noise.pool).toEqual({ ready: 1, drawing: 0 });
  });
});

describe('metrics of the helper', () => {
  it('H12 on a listener of its own, behind the token', async () => {
    const root = await mkdtemp(join(tmpdir(), 'vitrine-helper-metrics-'));
    const keysDir = join(root, 'keys');
    await initKeys(keysDir);
    const options = {
      ...{ keysDir, dataDir: join(root, 'data'), aggregatorUrl: 'http://127.0.0.1:9' },
      ...{ trust: ROOT_KEY.publicKey, logger: silentLogger },
    };
    const helper = await startHelper({ ...options, admin: ADMIN });
    try {
      const path = `${helper.adminUrl}/metrics`;
      expect((await ask(path)).code).toBe('unauthorised');
      expect((await ask(`${helper.url}/metrics`, { headers: BEARER })).code).toBe('not-found');
      const headers = { 'content-length': '2' };
      const refused = await ask(helper.url + HELPER_PATHS.open, {
        method: 'POST',
        headers,
        body: '{}',
      });
      expect(refused.code).toBe('bad-message');
      const text = (await ask(path, { headers: BEARER })).bytes.toString();
      for (const line of [
        'vitrine_helper_ready 1',
        'vitrine_helper_refused_total{code="bad-message"} 1',
        'vitrine_helper_noise_ready 0',
        'vitrine_helper_noise_drawing 0',
      ]) {
        expect(text.split('\n')).toContain(line);
      }
      const told = [...text.matchAll(/^# TYPE (vitrine_\w+) /gm)].map(([, name]) => name);
      expect(told.sort()).toEqual(Object.keys(HELPER_METRICS).sort());
      await helper.close();
      await expect(ask(path)).rejects.toThrow();
      const port = Number(new URL(helper.url).port);
      const taken = await startHelper({ ...options, port });
      const admin = { ...ADMIN, port };
      await taken.close();
      // The operator's port is that of the messages: nothing is left listening.
      await expect(startHelper({ ...options, port, admin })).rejects.toThrow(StartError);
      await (await startHelper({ ...options, port })).close();
    } finally {
      await helper.close();
      await rm(root, { recursive: true, force: true });
    }
  });

  it('HELPER.md names each with its kind and labels', async () => {
    for (const [name, [kind, labels, what]] of Object.entries(HELPER_METRICS)) {
      const row = HELPER_MD.split('\n').find((line) => line.includes(`\`${name}\``)) ?? '';
      const cells = row
        .split('|')
        .slice(2, -1)
        .map((cell) => cell.trim());
      expect([name, ...cells]).toEqual([name, kind, labels.join(', '), what]);
    }
    expect(await loadHelperMetrics(async () => null)).toBeNull();
  });
});
