/**
 * Servers that lie, each in one way, and the checks that say so: PR52 to PR54. The lies are made
 * here: another noise source, a log written by hand and signed with the aggregator's own key.
 */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { nodeDisk } from '../../aggregator/accumulate/node-disk.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { RecordLog } from '../../aggregator/log/record-log.ts';
import type { ServerNoise } from '../../aggregator/noise/noise.ts';
import type { NoiseAhead } from '../../aggregator/opening/noise-ahead.ts';
import { canonicalBytes } from '../../shared/bytes/canonical.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { Signed, SignedTask, SiteRecord } from '../../shared/protocol/task.ts';
import { ROOT_KEY, SERVER_KEY } from '../aggregator/fixture.ts';
import { auditDraft, audited, localWorld, splitWorld, twoLogs, type World } from './world.ts';

/** What each server makes of its noise, which it attests all the same; 1 is honest. */
const lies = vi.hoisted(() => ({ leader: 1, helper: 1, replayed: false }));

function scaled({ noise, variance }: ServerNoise, factor: number): ServerNoise {
  return { noise: noise.map((one) => Math.round(one * factor)), variance };
}

vi.mock('../../aggregator/noise/noise.ts', async (original) => {
  const real = await original<typeof import('../../aggregator/noise/noise.ts')>();
  const serverNoise: typeof real.serverNoise = (task, seed) =>
    scaled(real.serverNoise(task, lies.replayed ? new Uint8Array(32) : seed), lies.leader);
  return { ...real, serverNoise };
});

vi.mock('../../aggregator/opening/noise-ahead.ts', async (original) => {
  const real = await original<typeof import('../../aggregator/opening/noise-ahead.ts')>();
  const honest = await vi.importActual<typeof import('../../aggregator/noise/noise.ts')>(
    '../../aggregator/noise/noise.ts',
  );
  class Ahead extends real.NoiseAhead {
    override async take(...[hash, task]: Parameters<NoiseAhead['take']>): Promise<ServerNoise> {
      await super.take(hash, task);
      const seed = crypto.getRandomValues(new Uint8Array(32));
      return scaled(honest.serverNoise(task, seed), lies.helper);
    }
  }
  return { ...real, NoiseAhead: Ahead };
});

afterEach(() => {
  Object.assign(lies, { leader: 1, helper: 1, replayed: false });
});

describe('two servers whose noise is not what they attest', () => {
  let world: World;

  beforeAll(async () => {
    world = await splitWorld();
  });

  afterAll(() => world?.close());

  const knownInput = (): ReturnType<typeof audited> => audited(world, '--known-input');

  it('PR53 no noise: named of the sum and of both servers', async () => {
    Object.assign(lies, { leader: 0, helper: 0 });
    const { code, failed, checks } = await knownInput();
    expect([code, failed]).toEqual([1, ['noise-leader', 'noise-helper', 'noise-sum']]);
    const found = checks.filter(({ outcome }) => outcome === 'fail');
    expect(found.map(({ figures }) => figures.ratio)).toEqual([0, 0, 0]);
    expect(found.every(({ detail }) => detail.includes('no noise at all'))).toBe(true);
  });

  it('PR53 half noise: half the deviation, or half the variance, of either server', async () => {
    Object.assign(lies, { leader: 0.5, helper: 0.5 });
    const halves = await knownInput();
    expect(halves.failed).toEqual(['noise-leader', 'noise-helper', 'noise-sum']);
    expect(halves.text).toContain('noise of half the standard deviation');
    Object.assign(lies, { leader: 1, helper: Math.SQRT1_2 });
    const half = await knownInput();
    expect(half.failed).toEqual(['noise-helper', 'noise-sum']);
    expect(half.text).toContain('half the variance');
  });

  it('PR53 one silent server: named, whichever it is', async () => {
    Object.assign(lies, { leader: 0, helper: 1 });
    expect((await knownInput()).failed).toEqual(['noise-leader', 'noise-sum']);
    Object.assign(lies, { leader: 1, helper: 0 });
    expect((await knownInput()).failed).toEqual(['noise-helper', 'noise-sum']);
  });

  it('PR53 a silent server behind one that adds twice as much is named all the same', async () => {
    Object.assign(lies, { leader: Math.SQRT2, helper: 0 });
    expect((await knownInput()).failed).toEqual(['noise-leader', 'noise-helper']);
  });

  it('PR53 noise that is used twice is named', async () => {
    lies.replayed = true;
    expect((await knownInput()).failed).toEqual(['noise-fresh']);
  });

  it('PR54 canaries show more than the claim without noise, and not with one honest server', async () => {
    Object.assign(lies, { leader: 0, helper: 0 });
    const without = await audited(world, '--canary');
    expect([without.code, without.failed]).toEqual([1, ['canary-bound']]);
    expect(without.text).toContain('48 of 48 guesses right');
    lies.helper = 1;
    expect((await audited(world, '--canary')).failed).toEqual([]);
  });
});

async function folderOf(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'vitrine-state-'));
}

/** A round that counts the batch of the round before it once more. */
async function countAgain(dataDir: string): Promise<void> {
  const entries: LogEntry[] = [];
  const log = await RecordLog.open(nodeDisk(dataDir), 'log.jsonl', (entry) => entries.push(entry));
  const model = entries.findLast((entry) => entry.type === 'model');
  const round = entries.findLast((entry) => entry.type === 'round');
  if (model?.type !== 'model' || round?.type !== 'round') throw new Error('no round');
  const { record } = model.model;
  const { record: open } = round.round;
  const folder = join(dataDir, 'rounds', record.task);
  for (const end of ['batch', 'ids']) {
    await copyFile(join(folder, `${record.round}.${end}`), join(folder, `${open.round}.${end}`));
  }
  const again = {
    ...record,
    modelVersion: record.modelVersion + 1,
    previousModel: record.model,
    round: open.round,
    roundHash: await recordHash(open),
    closedAtMs: open.openedAtMs,
  };
  await log.append({ type: 'model', model: signRecord(again, signerOf(SERVER_KEY)) });
  await log.close();
}

/** The task as before, with a smaller ε under the site's own signature. */
async function claimLess(dataDir: string): Promise<void> {
  const path = join(dataDir, 'site.json');
  const { record: site } = JSON.parse(await readFile(path, 'utf8')) as Signed<SiteRecord>;
  const [named] = site.tasks;
  if (named === undefined) throw new Error('no task');
  const taskPath = (hash: string): string => join(dataDir, 'tasks', `${hash}.json`);
  const { record } = JSON.parse(await readFile(taskPath(named.hash), 'utf8')) as SignedTask;
  const task = { ...record, epsilon: 0.5 };
  const hash = await recordHash(task);
  const signer = signerOf(ROOT_KEY);
  const signed = { ...signRecord(task, signer), helperSignature: null };
  await writeFile(taskPath(hash), canonicalBytes(signed));
  const tasks = [{ ...named, hash }];
  await writeFile(path, canonicalBytes(signRecord({ ...site, tasks }, signer)));
}

describe('an aggregator that signs what is not so', () => {
  it('PR52 a reused batch: report ids that stand in two', async () => {
    const world = await localWorld();
    try {
      expect((await audited(world, '--known-input')).failed).toEqual([]);
      await world.restart(() => countAgain(world.dataDir));
      const { code, failed, text } = await audited(world);
      expect([code, failed]).toEqual([1, ['batch-reuse']]);
      expect(text).toContain('48 ids of audit-local round 2 stand twice');
    } finally {
      await world.close();
    }
  });

  it('PR51 a false ε', async () => {
    const world = await localWorld([auditDraft('audit-local')], claimLess);
    try {
      const { code, failed, text } = await audited(world);
      expect([code, failed]).toEqual([1, ['task-epsilon']]);
      expect(text).toContain('claims ε 0.5 of one report at δ 0.000001, recomputed 2');
    } finally {
      await world.close();
    }
  });

  it('PR52 a forked log: against what was seen before, and against another place', async () => {
    // Two logs of one site under one key: each holds by itself.
    const [one, other] = await twoLogs();
    const folder = await folderOf();
    const [state, elsewhere] = [join(folder, 'state.json'), join(folder, 'elsewhere.json')];
    try {
      expect((await audited(one, '--state', state)).failed).toEqual([]);
      expect((await audited(one, '--state', state)).outcome('log-consistency')).toBe('pass');
      const kept = await readFile(state, 'utf8');
      const forked = await audited(other, '--state', state);
      expect([forked.code, forked.failed]).toEqual([1, ['log-consistency']]);
      expect(await readFile(state, 'utf8')).toBe(kept);
      const compared = await audited(one, '--compare', other.url);
      expect([compared.code, compared.failed]).toEqual([1, ['log-compare']]);
      expect((await audited(one, '--compare', one.url)).outcome('log-compare')).toBe('pass');
      expect((await audited(other, '--state', elsewhere)).failed).toEqual([]);
      const fromFile = await audited(one, '--compare', elsewhere);
      expect([fromFile.code, fromFile.failed]).toEqual([1, ['log-compare']]);
    } finally {
      await Promise.all([one.close(), other.close(), rm(folder, { recursive: true })]);
    }
  });
});
