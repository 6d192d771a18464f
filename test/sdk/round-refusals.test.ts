import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../sdk/database/database.ts';
import type { Learner, TrainInput } from '../../sdk/learn/learner.ts';
import { catalogueLoader, type RoundDeps, type RoundProgress, runRound } from '../../sdk/round.ts';
import { sha256Hex } from '../../shared/bytes/hash.ts';
import { encodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { decodeCoordinates, REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { contribute, HOUR, learner, nothingCharged, profile, send } from './round-run.ts';
import { newSigner, newWorld, START_MS, type World } from './round-world.ts';

describe('runRound, when something stands in the way', () => {
  it('withdrawing contribute while it trains charges nothing', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile();
    const withdrawing: Learner = {
      report: learner.report,
      dispose: () => undefined,
      async train(input: TrainInput) {
        await db.setMeta('consent', { personalise: true, contribute: false });
        return learner.train(input);
      },
    };
    const { outcome } = await contribute(world, db, { learner: withdrawing });
    expect(outcome).toMatchObject({ state: 'skipped', reason: 'no-consent' });
    await nothingCharged(db);
  });

  it('a training that outlasts the round charges nothing', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile();
    const slow: Learner = {
      report: learner.report,
      dispose: () => undefined,
      train: (input: TrainInput) => {
        world.clock.set(START_MS + HOUR);
        return learner.train(input);
      },
    };
    const { outcome } = await contribute(world, db, { learner: slow });
    expect(outcome).toMatchObject({ state: 'skipped', reason: 'round-closed' });
    await nothingCharged(db);
  });

  it('withdrawing contribute deletes what is unsent; the charge stays', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile();
    const { outcome } = await contribute(world, db);
    if (outcome.state !== 'enqueued') throw new Error(outcome.reason);
    await db.setMeta('consent', { personalise: true, contribute: false });
    world.clock.set(outcome.sendAtMs);
    await send(world, db);
    expect(world.reports).toEqual([]);
    expect(await db.readOutbox()).toEqual([]);
    expect(await db.readLedger()).toHaveLength(1);
  });

  it('an abort at any step charges nothing', async () => {
    const stages = ['receive', 'features', 'noise', 'train', 'pack'] as const;
    for (const stage of stages) {
      const world = await newWorld();
      await world.openRound();
      const [db] = await profile();
      const stop = new AbortController();
      const deps: RoundDeps = {
        db,
        receiver: world.receiver(db),
        learner,
        source: new ChaChaSource(new Uint8Array(32)),
        clock: world.clock,
        timer: world.clock,
        gpc: () => false,
        catalogue: catalogueLoader(),
      };
      const onProgress = (one: RoundProgress): void => {
        if (one.stage === stage) stop.abort(new DOMException('stop', 'AbortError'));
      };
      const outcome = await runRound(deps, world.taskHash, onProgress, stop.signal);
      expect([stage, outcome]).toEqual([
        stage,
        { state: 'skipped', reason: 'aborted', detail: '' },
      ]);
      await nothingCharged(db);
    }
  });

  it('names what stands in the way, and charges nothing', async () => {
    const outcomeOf = async (
      prepare: (world: World, db: Database) => unknown,
      deps: Partial<RoundDeps> = {},
    ): Promise<string> => {
      const world = await newWorld();
      await world.openRound();
      const [db] = await profile();
      await prepare(world, db);
      const { outcome } = await contribute(world, db, deps);
      if (db.state !== 'closed') await nothingCharged(db);
      return outcome.state === 'skipped' ? outcome.reason : outcome.state;
    };
    const wrong = newSigner();
    const tamper = (path: string, world: World): void => {
      const bytes = Uint8Array.from(world.answers.get(path) as Uint8Array);
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      world.answers.set(path, bytes);
    };
    expect(await outcomeOf((world) => world.publish())).toBe('no-round');
    expect(await outcomeOf((world) => world.clock.set(START_MS + HOUR))).toBe('round-closed');
    expect(await outcomeOf((world) => world.site({ tasks: [] }))).toBe('no-task');
    expect(await outcomeOf((world) => world.offer({}, wrong))).toBe('bad-signature');
    expect(await outcomeOf((world) => world.offer({ epsilon: 1 }))).toBe('false-claim');
    expect(await outcomeOf((world) => world.site({}, wrong))).toBe('bad-signature');
    expect(await outcomeOf((world) => world.openRound({}, wrong))).toBe('bad-signature');
    const { model, catalogue } = PATHS;
    expect(await outcomeOf((w) => tamper(model(w.initialModel), w))).toBe('hash-mismatch');
    expect(await outcomeOf((w) => tamper(catalogue(w.task.catalogue), w))).toBe('hash-mismatch');
    expect(await outcomeOf((world) => world.answers.clear())).toBe('server');
    expect(await outcomeOf((_world, db) => db.close())).toBe('storage');
    expect(await outcomeOf(() => undefined, { gpc: () => true })).toBe('gpc');
    const failing: Learner = {
      report: learner.report,
      dispose: () => undefined,
      train: () => Promise.reject(new Error('device lost')),
    };
    expect(await outcomeOf(() => undefined, { learner: failing })).toBe('training-failed');
  });

  it('PR21 PR22 a base model that makes training diverge does not tell who has a history', async () => {
    const weights = encodeModel(new Float32Array(11).fill(3e38));
    const model = await sha256Hex(weights);
    const nan: Learner = {
      report: learner.report,
      dispose: () => undefined,
      train: async () => ({ delta: new Float32Array(11).fill(Number.NaN), losses: [] }),
    };
    for (const [events, chosen] of [[[]], [undefined], [undefined, nan]] as const) {
      const world = await newWorld();
      world.answers.set(PATHS.model(model), weights);
      await world.publish({ model });
      await world.openRound({ round: 2, baseModel: model });
      const [db] = await profile(events);
      const { outcome } = await contribute(world, db, chosen ? { learner: chosen } : {});
      expect(outcome).toMatchObject({ state: 'enqueued', losses: [] });
      const body = (await db.readOutbox())[0]?.body;
      expect(body).toHaveLength(REPORT_HEADER_BYTES + 4 * 11);
      expect(decodeCoordinates(body as Uint8Array, 11).some((value) => value !== 0)).toBe(true);
    }
  });

  it('a listener that throws does not end the round', async () => {
    const world = await newWorld();
    await world.openRound();
    const [db] = await profile();
    const deps: RoundDeps = {
      db,
      receiver: world.receiver(db),
      learner,
      source: new ChaChaSource(new Uint8Array(32)),
      clock: world.clock,
      timer: world.clock,
      gpc: () => false,
      catalogue: catalogueLoader(),
    };
    const throwing = (): void => {
      throw new Error('listener');
    };
    const outcome = await runRound(deps, world.taskHash, throwing, new AbortController().signal);
    expect(outcome.state).toBe('enqueued');
  });
});
