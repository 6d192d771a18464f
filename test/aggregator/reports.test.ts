import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { coordinateBound } from '../../aggregator/accept/validate.ts';
import { fromHex, toHex } from '../../shared/bytes/hex.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REFUSALS, type RefusalCode } from '../../shared/protocol/refusals.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import {
  boot,
  draft,
  headOf,
  idBytes,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  site,
} from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const D = 3;
let running: Running;
let time: ManualTime;
let disk: SimulatedDisk;
let taskHash = '';
let otherHash = '';
let roundHash = '';

beforeEach(async () => {
  disk = new SimulatedDisk();
  time = new ManualTime();
  const { taskHashes } = await site(disk, [draft('intent', D), draft('other', 5)]);
  taskHash = taskHashes.intent as string;
  otherHash = taskHashes.other as string;
  running = await boot(disk, time, { maxInFlight: 4 });
  roundHash = await openRound(running.app, taskHash);
});

function good(id = 1, coordinates = [1, 2, 3]): Uint8Array {
  return report({ taskHash, roundHash, id, coordinates });
}

function changed(index: number, value: number): Uint8Array {
  const body = good();
  body[index] = value;
  return body;
}

/** Everything on the disk, to see that a refusal leaves no trace. */
function trace(): string {
  return JSON.stringify([...disk.files()].map(([path, bytes]) => [path, toHex(bytes)]));
}

async function expectRefused(response: Response, code: RefusalCode): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Record<string, unknown>;
  expect(problem).toMatchObject({
    code,
    status: REFUSALS[code].status,
    type: `urn:vitrine:refusal:${code}`,
    title: REFUSALS[code].title,
  });
  expect(response.status).toBe(REFUSALS[code].status);
}

describe('refusals', () => {
  it('H6 W1–W5 RD5 malformed, truncated, oversized, foreign: by name, and nothing changes', async () => {
    const before = trace();
    const { app, service } = running;
    const cut = good().subarray(0, 96);
    const length = (body: Uint8Array, declared: string) =>
      post(app, body, { 'content-length': declared });
    const other = report({ taskHash: otherHash, roundHash, id: 9, coordinates: [1, 2, 3, 4, 5] });
    const cases: readonly (readonly [RefusalCode, Response])[] = [
      ['bad-magic', await post(app, changed(0, 0x57))],
      ['bad-version', await post(app, changed(4, 2))],
      ['wrong-tier', await post(app, changed(5, 1))],
      ['wrong-tier', await post(app, changed(5, 9))],
      ['bad-reserved', await post(app, changed(6, 1))],
      ['unknown-task', await post(app, changed(24, 0xff ^ (good()[24] as number)))],
      ['unknown-round', await post(app, changed(56, 0xff ^ (good()[56] as number)))],
      ['unknown-round', await post(app, other)],
      ['bad-length', await post(app, cut)],
      [
        'bad-length',
        await post(app, report({ taskHash, roundHash, id: 2, coordinates: [1, 2, 3, 4, 5] })),
      ],
      ['incomplete-body', await length(cut, '100')],
      ['incomplete-body', await length(good(), '108')],
      ['bad-length', await length(good(), 'many')],
      ['too-large', await post(app, new Uint8Array(5000))],
      ['bad-type', await post(app, good(), { 'content-type': 'application/octet-stream' })],
      ['value-out-of-range', await post(app, good(1, [0, 65_600, 0]))],
      ['value-out-of-range', await post(app, good(1, [0, 0, -(2 ** 31)]))],
      ['query-not-allowed', await app.request(`${PATHS.reports}?a=b`, { method: 'POST' })],
    ];
    for (const [code, response] of cases) {
      await expectRefused(response, code);
    }
    expect(trace()).toBe(before);
    expect(service.status().reports.accepted).toBe(0);
    const { refused } = service.status().reports;
    expect(Object.values(refused).reduce((a, b) => a + b, 0)).toBe(cases.length - 1);
  });

  it('RD4 the same bytes get the same answer and count once, other bytes conflict', async () => {
    const { app, service } = running;
    const first = await post(app, good());
    const text = await first.text();
    expect(JSON.parse(text)).toEqual({ id: toHex(idBytes(1)), task: taskHash, round: 1 });
    const before = trace();
    const again = await post(app, good());
    expect([again.status, await again.text()]).toEqual([201, text]);
    await expectRefused(await post(app, good(1, [1, 2, 4])), 'report-conflict');
    const roundOfOther = await openRound(app, otherHash);
    const elsewhere = {
      taskHash: otherHash,
      roundHash: roundOfOther,
      id: 1,
      coordinates: [1, 1, 1, 1, 1],
    };
    await expectRefused(await post(app, report(elsewhere)), 'report-conflict');
    expect(trace()).toBe(before);
    expect(service.status().reports).toMatchObject({ accepted: 1, duplicates: 1 });
  });

  it('RD4 the same answer after the round, even where another task has taken the id since', async () => {
    const { app, service } = running;
    for (let id = 1; id <= 5; id++) await post(app, good(id));
    await service.settled();
    const coordinates = [1, 1, 1, 1, 1];
    const elsewhere = { taskHash: otherHash, roundHash: await openRound(app, otherHash), id: 1 };
    expect((await post(app, report({ ...elsewhere, coordinates }))).status).toBe(201);
    expect((await post(app, good(1))).status).toBe(201);
    const again = { taskHash, roundHash: await openRound(app, taskHash), id: 1 };
    const reused = await post(app, report({ ...again, coordinates: [1, 2, 3] }));
    await expectRefused(reused, 'report-conflict');
  });

  it('RD4 one id for two tasks at once: one counts', async () => {
    const { app, service } = running;
    const other = { taskHash: otherHash, roundHash: await openRound(app, otherHash), id: 1 };
    const bodies = [good(1), report({ ...other, coordinates: [1, 1, 1, 1, 1] })];
    const answers = await Promise.all(bodies.map((body) => post(app, body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(
      service
        .status()
        .tasks.map(({ reports }) => reports)
        .sort(),
    ).toEqual([0, 1]);
  });

  it('RD4 at once: of equal bodies one counts, of unequal ones the first', async () => {
    const { app, service } = running;
    const bodies = [good(), good(), good(1, [3, 2, 1]), good()];
    const answers = await Promise.all(bodies.map((body) => post(app, body)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 409, 201]);
    expect(service.status().tasks[0]?.reports).toBe(1);
  });

  it('RD4 RD9 after the round is published and after a restart the answer is the same', async () => {
    const { app, service } = running;
    const texts: string[] = [];
    for (let id = 1; id <= 5; id++) texts.push(await (await post(app, good(id))).text());
    await service.settled();
    expect(service.status().rounds.published).toBe(1);
    expect(disk.files().has(`rounds/${taskHash}/1.journal`)).toBe(false);
    await service.stop();
    const next = await boot(disk, time);
    for (const on of [app, next.app]) {
      if (on === app) continue;
      for (let id = 1; id <= 5; id++) {
        const again = await post(on, good(id));
        expect([again.status, await again.text()]).toEqual([201, texts[id - 1]]);
      }
      await expectRefused(await post(on, good(2, [0, 0, 0])), 'report-conflict');
      await expectRefused(await post(on, good(77)), 'round-closed');
    }
    expect(next.service.status().tasks[0]?.reports).toBe(0);
  });

  it('H7 a bounded number of bodies in flight, then no-slots with Retry-After', async () => {
    const waiting: ReadableStreamDefaultController<Uint8Array>[] = [];
    const slow = (id: number) =>
      running.app.request(PATHS.reports, {
        method: 'POST',
        headers: { 'content-type': REPORT_CONTENT_TYPE, 'content-length': '100' },
        body: new ReadableStream<Uint8Array>({
          start(controller) {
            waiting[id] = controller;
          },
        }),
        duplex: 'half',
      } as RequestInit);
    const held = [0, 1, 2, 3].map(slow);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const refused = await post(running.app, good(9));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await expectRefused(refused, 'no-slots');
    for (const [id, controller] of waiting.entries()) {
      controller.enqueue(good(id).subarray(0, 60));
      if (id === 3) controller.error(new Error('gone'));
      else {
        controller.enqueue(good(id).subarray(60));
        controller.close();
      }
    }
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(statuses).toEqual([201, 201, 201, 400]);
    expect((await post(running.app, good(9))).status).toBe(201);
    expect(running.service.slots.inFlight).toBe(0);
  });
});

describe('bound of a coordinate', () => {
  it('RD5 takes exactly the values within it', async () => {
    const bound = coordinateBound({ scaleBits: 16, d: D, mechanism: { name: 'none' } } as never);
    let id = 100;
    for (const [value, status] of [
      [bound, 201],
      [-bound, 201],
      [bound + 1, 400],
      [-bound - 1, 400],
      [2 ** 31 - 1, 400],
      [-(2 ** 31), 400],
    ] as const) {
      expect((await post(running.app, good(id++, [0, value, 0]))).status, `${value}`).toBe(status);
    }
  });
});

describe('order of arrival', () => {
  it('RD6 any order of the same reports publishes the same model', async () => {
    const rows = fc.uniqueArray(fc.nat(1000), { minLength: 5, maxLength: 5 });
    const published = async (ids: readonly number[]): Promise<string> => {
      const place = new SimulatedDisk();
      const { taskHashes } = await site(place, [draft('intent', D)]);
      const hash = taskHashes.intent as string;
      const { app, service } = await boot(place, new ManualTime());
      const round = await openRound(app, hash);
      const bodies = ids.map((id) =>
        report({ taskHash: hash, roundHash: round, id, coordinates: [id, -id * 60, 65_000 - id] }),
      );
      await Promise.all(bodies.map((body) => post(app, body)));
      await service.settled();
      const { model } = await headOf(app, hash);
      if (model === null) throw new Error('nothing was published');
      const bytes = place.files().get(`models/${model.record.model}.bin`) as Uint8Array;
      expect([...decodeModel(bytes, D)].every(Number.isFinite)).toBe(true);
      return JSON.stringify(model);
    };
    await fc.assert(
      fc.asyncProperty(rows, fc.infiniteStream(fc.nat()), async (ids, keys) => {
        const shuffled = ids
          .map((id) => ({ id, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ id }) => id);
        expect(await published(shuffled)).toBe(await published(ids));
      }),
      { numRuns: 15 },
    );
    expect(fromHex(roundHash)).toHaveLength(32);
  });
});
