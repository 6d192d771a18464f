/**
 * Inputs of every kind at every door: no crash, no 5xx but 503, every refusal by name, and the sum
 * at the end is that of the acknowledged reports.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReport } from '../../aggregator/accept/validate.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { REFUSALS, Refusal } from '../../shared/protocol/refusals.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import {
  boot,
  draft,
  headOf,
  ManualTime,
  openRound,
  post,
  type Running,
  report,
  site,
} from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const D = 3;
const LENGTH = 88 + 4 * D;
const KNOWN = 4;

interface World extends Running {
  readonly taskHash: string;
  readonly roundHash: string;
  readonly time: ManualTime;
  readonly disk: SimulatedDisk;
}

async function world(): Promise<World> {
  const disk = new SimulatedDisk();
  const time = new ManualTime();
  const { taskHashes } = await site(disk, [draft('intent', D, { maxReports: 1 << 20 })]);
  const taskHash = taskHashes.intent as string;
  const running = await boot(disk, time);
  const roundHash = await openRound(running.app, taskHash);
  return { ...running, taskHash, roundHash, time, disk };
}

const coordinatesOf = (id: number): number[] => [id * 100, -id, 65_000 - id];

function good({ taskHash, roundHash }: World, id: number): Uint8Array {
  return report({ taskHash, roundHash, id, coordinates: coordinatesOf(id) });
}

interface Edit {
  readonly at: number;
  readonly byte: number;
}

/** A report with bytes changed, cut or put in, and the headers that go with it or do not. */
const mutation = fc.record({
  id: fc.nat(KNOWN - 1),
  edits: fc.array(
    fc.record({
      at: fc.oneof({ weight: 3, arbitrary: fc.nat(87) }, fc.nat(LENGTH - 1)),
      byte: fc.nat(255),
    }),
    { maxLength: 3 },
  ),
  keep: fc.oneof({ weight: 4, arbitrary: fc.constant(LENGTH) }, fc.nat(LENGTH)),
  more: fc.oneof(
    { weight: 4, arbitrary: fc.constant(new Uint8Array()) },
    fc.uint8Array({ maxLength: 40 }),
  ),
  declared: fc.option(fc.oneof(fc.nat(300).map(String), fc.string({ unit: 'binary-ascii' }))),
  type: fc.oneof({ weight: 6, arbitrary: fc.constant(REPORT_CONTENT_TYPE) }, fc.constant('a/b')),
});

function mutated(body: Uint8Array, edits: readonly Edit[], keep: number, more: Uint8Array) {
  const changed = Uint8Array.from(body);
  for (const { at, byte } of edits) changed[at] = byte;
  return Buffer.concat([changed.subarray(0, keep), more]);
}

/** @returns the code of a refusal, or null for an answer that is none. */
async function named(response: Response): Promise<string | null> {
  if (response.status < 400) return null;
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as { code: string; status: number };
  expect(Object.hasOwn(REFUSALS, problem.code)).toBe(true);
  expect(problem.status).toBe(response.status);
  expect(response.status < 500 || response.status === 503).toBe(true);
  return problem.code;
}

describe('fuzz', () => {
  it('H6 W1–W6 the decoder refuses by name or finds the task', () => {
    const key = new Uint8Array(32).fill(3);
    const found = { task: draft('intent', D) as never };
    const start = report({
      taskHash: toHex(key),
      roundHash: toHex(key),
      id: 1,
      coordinates: [1, 2, 3],
    });
    const inputs = fc.oneof(
      mutation.map(({ edits, keep, more }) => mutated(start, edits, keep, more)),
      fc.uint8Array({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(inputs, (body) => {
        try {
          const task = { ...(found.task as object), d: D } as never;
          const result = decodeReport(body, (hash) =>
            toHex(hash) === toHex(key) ? { task } : undefined,
          );
          expect(result.task).toBe(task);
          expect(body).toHaveLength(LENGTH);
        } catch (error) {
          if (!(error instanceof Refusal)) throw error;
        }
      }),
      { numRuns: 5000 },
    );
  });

  it('H6 RD4 RD6 reports: refused by name, and only what was acknowledged is in the sum', async () => {
    const here = await world();
    const { app, service, taskHash, time, disk } = here;
    const acknowledged = new Map<string, Int32Array>();
    for (let id = 0; id < KNOWN; id++) {
      const body = good(here, id);
      expect((await post(app, body)).status).toBe(201);
      acknowledged.set(toHex(body.subarray(8, 24)), new Int32Array(body.slice(88).buffer));
    }
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutation, async ({ id, edits, keep, more, declared, type }) => {
        const body = mutated(good(here, id), edits, keep, more);
        const headers: Record<string, string> = { 'content-type': type };
        if (declared !== null && /^[\x21-\x7e]*$/.test(declared)) {
          headers['content-length'] = declared;
        }
        const code = await named(await post(app, body, headers));
        if (code !== null) {
          refused += 1;
          return;
        }
        const sent = toHex(body.subarray(8, 24));
        const coordinates = new Int32Array(Uint8Array.from(body.subarray(88)).buffer);
        const known = acknowledged.get(sent);
        if (known !== undefined) expect(coordinates).toEqual(known);
        acknowledged.set(sent, coordinates);
      }),
      { numRuns: 2500 },
    );
    const { reports } = service.status();
    expect(reports.accepted).toBe(acknowledged.size);
    expect(Object.values(reports.refused).reduce((a, b) => a + b, 0)).toBe(refused);
    expect(refused).toBeGreaterThan(500);
    expect(service.slots.inFlight).toBe(0);
    time.set(time.now + 60_000);
    await service.settled();
    const { model } = await headOf(app, taskHash);
    expect(model?.record.reports).toBe(acknowledged.size);
    const bytes = disk.files().get(`models/${model?.record.model}.bin`) as Uint8Array;
    const expected = Array.from({ length: D }, (_, i) => {
      let sum = 0n;
      for (const row of acknowledged.values()) sum += BigInt(row[i] as number);
      return Math.fround(i / 8 + Number(sum) / (acknowledged.size * 65_536));
    });
    expect([...decodeModel(bytes, D)]).toEqual(expected);
  });

  it('H1 H6 routes: every path, method and header is answered or refused by name', async () => {
    const here = await world();
    const { app, service, taskHash, disk } = here;
    const before = [...disk.files().keys()];
    const paths = [
      ...[PATHS.livez, PATHS.readyz, PATHS.status, PATHS.site, PATHS.reports],
      ...[PATHS.task(taskHash), PATHS.head(taskHash), PATHS.round(taskHash, 1)],
      ...[PATHS.model(taskHash), PATHS.catalogue(taskHash)],
    ];
    const part = fc.oneof(
      fc.constantFrom('v1', 'tasks', 'models', 'rounds', 'head', '..', '%2e%2e', '%00', taskHash),
      fc.string({ maxLength: 12 }).map(encodeURIComponent),
      fc.nat().map(String),
    );
    const path = fc.oneof(
      fc.constantFrom(...paths),
      fc.array(part, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
      fc.tuple(fc.constantFrom(...paths), part).map(([one, more]) => `${one}/${more}`),
      fc.tuple(fc.constantFrom(...paths), part).map(([one, more]) => `${one}?${more}`),
      fc.tuple(fc.constantFrom(...paths), fc.nat(80)).map(([one, end]) => one.slice(0, end) || '/'),
    );
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH');
    const headers = fc.dictionary(
      fc.constantFrom('origin', 'range', 'if-none-match', 'accept', 'cookie', 'x-odd'),
      fc.stringMatching(/^[a-z0-9=*;-]{0,20}$/),
    );
    await fc.assert(
      fc.asyncProperty(path, method, headers, async (target, how, more) => {
        const response = await app.request(target, { method: how, headers: more });
        if (how !== 'HEAD') await named(response);
        expect(response.status < 500 || response.status === 503, target).toBe(true);
        expect(response.headers.get('set-cookie')).toBeNull();
        expect(response.headers.get('cache-control')).not.toBeNull();
      }),
      { numRuns: 2500 },
    );
    expect(service.status().reports).toMatchObject({ accepted: 0, duplicates: 0 });
    expect([...disk.files().keys()]).toEqual(before);
  });
});
