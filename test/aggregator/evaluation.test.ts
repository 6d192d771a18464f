import { describe, expect, it } from 'vitest';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { entriesOf, faultsOf } from './audited.ts';
import { linearHead } from './fixture.ts';
import { GateWorld, qualityDraft, rankerDraft } from './gate-world.ts';

const versions = ({ model, candidate, round }: TaskHead): unknown[] => [
  model?.record.modelVersion ?? 0,
  candidate?.record.modelVersion ?? null,
  round?.record.round ?? null,
];

describe('an evaluation', () => {
  it('K11 is about the version that was served when its round opened, whatever comes after', async () => {
    const { gate: _, ...ungated } = rankerDraft();
    const world = await GateWorld.started([ungated, qualityDraft()]);
    const { ranker, quality } = world;
    const first = await world.head(quality);
    expect(first.round?.record.subject).toMatchObject({ task: ranker, modelVersion: 0 });
    expect(first.subject).toBeNull();
    await world.train(1);
    expect(versions(await world.head(ranker))).toEqual([1, null, 2]);
    expect((await world.head(quality)).round?.record.subject?.modelVersion).toBe(0);
    await world.evaluate(101, 0.5);
    const second = await world.head(quality);
    const { model, modelIndex } = await world.head(ranker);
    expect(second.round?.record.subject).toMatchObject({ model: model?.record.model });
    expect(second.subject).toEqual({ ...model, index: modelIndex });
    // A restored version is evaluated as the one that was made.
    await world.train(11);
    await world.up.service.restore(ranker, 1);
    await world.evaluate(111, 0.5);
    expect((await world.head(quality)).round?.record.subject?.modelVersion).toBe(1);
    expect(await faultsOf(entriesOf(world.disk))).toEqual([]);
    await world.up.service.stop();
    const before = await world.head(quality);
    await world.start();
    expect(await world.head(quality)).toEqual({ ...before, round: before.round });
  });

  it('K11 K12 a site whose gate or evaluation names no task that fits is refused by name', async () => {
    const { gate: _, ...ungated } = rankerDraft();
    const wrong: [Parameters<typeof GateWorld.started>[0], RegExp][] = [
      [[rankerDraft()], /its gate 'quality' is no evaluation of it/],
      [[qualityDraft()], /no task 'wide' whose model it evaluates/],
      [[rankerDraft({ gate: { task: 'wide', sigmas: 1 } })], /its gate 'wide' is no evaluation/],
      [
        [{ ...ungated, architecture: linearHead(11) }, qualityDraft()],
        /no task 'wide' whose model/,
      ],
    ];
    for (const [drafts, words] of wrong) {
      await expect(GateWorld.started(drafts)).rejects.toMatchObject({
        code: 'bad-site',
        message: expect.stringMatching(words),
      });
    }
    await expect(
      GateWorld.prepared([qualityDraft({ gate: { task: 'a', sigmas: 1 } })]),
    ).rejects.toThrow(/task.gate/);
  });
});
