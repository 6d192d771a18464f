import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadKey, loadOrCreateKey, saveKey, signerOf } from '../../aggregator/keys.ts';
import { KEY_FILE } from '../../aggregator/main.ts';
import { settingsOf } from '../../aggregator/settings.ts';
import { writeSite } from '../../aggregator/site.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { gaussianOrder } from '../../shared/privacy/curve.ts';
import { epsilonOf } from '../../shared/privacy/mechanism.ts';
import type { Signed, Task } from '../../shared/protocol/task.ts';
import { CATALOGUE, draft, ROOT_KEY, SERVER_KEY, site } from './fixture.ts';

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

describe('keys, site and settings', () => {
  it('keeps a key that only its owner can read', async () => {
    const path = join(dataDir, 'other.key');
    const made = await loadOrCreateKey(path);
    expect(await loadKey(path)).toEqual(made);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await expect(saveKey(path, made)).rejects.toThrow(/EEXIST/);
    expect(() => signerOf({ ...made, publicKey: SERVER_KEY.publicKey })).toThrow(RangeError);
  });

  it('R4 R6 the root key stays out of the folder, ε is claimed upwards', async () => {
    const mechanism = { name: 'discrete-gaussian', sigma: 0.6893 } as const;
    const { taskHashes } = await site(dataDir, [
      draft('intent', 28, { tier: 'local', mechanism, minReports: 100, maxReports: 200 }),
    ]);
    const path = join(dataDir, 'tasks', `${taskHashes.intent}.json`);
    const { record } = JSON.parse(await readFile(path, 'utf8')) as Signed<Task>;
    const truth = epsilonOf(mechanism, 1e-6, 1);
    expect(record.epsilon).toBeGreaterThanOrEqual(truth);
    expect(record.epsilon).toBeLessThan(truth + 2e-6);
    expect(existsSync(join(dataDir, 'site.json'))).toBe(true);
    for (const name of ['site.json', KEY_FILE]) {
      expect(await readFile(join(dataDir, name), 'utf8')).not.toContain(ROOT_KEY.privateKey);
    }
  });

  it('R6 refuses drafts that are no task: noise in the test tier, none in local, sums that wrap', async () => {
    const local = { tier: 'local' } as const;
    await expect(site(dataDir, [draft('intent', 3, local)])).rejects.toThrow(/without noise/);
    const loud = { ...local, mechanism: { name: 'discrete-gaussian', sigma: 50 } as const };
    await expect(site(dataDir, [draft('intent', 3, { ...loud, scaleBits: 24 })])).rejects.toThrow(
      RangeError,
    );
    await expect(site(dataDir, [draft('wide', 3)])).resolves.toBeDefined();
    await expect(site(dataDir, [draft('intent', 3, { minReports: 9 })])).rejects.toThrow(
      /maxReports/,
    );
  });

  it('PR13 signs the order of the draft, or the one that suits Gaussian noise', async () => {
    const budget = { epsilon: 9, delta: 1e-5 };
    const order = gaussianOrder(9, 1e-5);
    expect((await site(dataDir, [], { budget })).siteRecord.record.budget).toEqual({
      ...budget,
      order,
    });
    const other = await site(dataDir, [], { budget: { ...budget, order: 17 } });
    expect(other.siteRecord.record.budget.order).toBe(17);
    await expect(site(dataDir, [], { budget: { ...budget, order: 4.2 } })).rejects.toThrow(/order/);
  });

  it('L1 refuses a site record that no entry of the log can hold', async () => {
    const when = `top-category == "${'茶'.repeat(400)}"`;
    const segments = Array.from({ length: 64 }, (_, i) => ({ id: `s${i}`, label: 's', when }));
    await expect(
      writeSite(dataDir, {
        ...{ site: 'test shop', budget: { epsilon: 16, delta: 1e-6 }, tasks: [], segments },
        ...{ catalogue: { bytes: CATALOGUE, hash: await sha256Hex(CATALOGUE) } },
        ...{ rootKey: ROOT_KEY, aggregatorKey: SERVER_KEY.publicKey },
      }),
    ).rejects.toThrow(/65535 bytes/);
    expect(existsSync(join(dataDir, 'site.json'))).toBe(false);
  });

  it.each([
    ['orders >=', /segments\[0\]\.when: .*bad-syntax at 9/],
    ['income > 1', /unknown-field at 0/],
    ['orders > 1 and age < 30', /sensitive-field at 15/],
    ['interest("category", "健康") > 0.1', /sensitive-field at 21/],
  ])('R11 refuses a site with the rule %s', async (when, reason) => {
    await expect(
      writeSite(dataDir, {
        ...{ site: 'test shop', budget: { epsilon: 16, delta: 1e-6 }, tasks: [] },
        segments: [{ id: 's', label: 's', when }],
        ...{ catalogue: { bytes: CATALOGUE, hash: await sha256Hex(CATALOGUE) } },
        ...{ rootKey: ROOT_KEY, aggregatorKey: SERVER_KEY.publicKey },
      }),
    ).rejects.toThrow(reason);
    expect(existsSync(join(dataDir, 'site.json'))).toBe(false);
  });

  it('settings are checked by name', () => {
    expect(settingsOf({ maxInFlight: 7 }).maxInFlight).toBe(7);
    expect(() => settingsOf({ maxInFlight: 0 })).toThrow(/settings\.maxInFlight/);
    expect(() => settingsOf({ speed: 1 } as never)).toThrow(/settings\.speed/);
  });
});
