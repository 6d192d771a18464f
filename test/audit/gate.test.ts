/** Gates, restored versions and subjects as the auditor reads them: PR52, K11 to K14, R10. */
import { beforeAll, describe, expect, it } from 'vitest';
import { audit } from '../../aggregator/audit/audit.ts';
import { type Check, Checks } from '../../aggregator/audit/check.ts';
import type { Web } from '../../aggregator/audit/web.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { signRecord } from '../../shared/protocol/signature.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { entriesOf, faultsOf, historyOf } from '../aggregator/audited.ts';
import { ROOT_KEY, SERVER_KEY } from '../aggregator/fixture.ts';
import { GateWorld, qualityDraft, rankerDraft } from '../aggregator/gate-world.ts';

const SIGNER = signerOf(SERVER_KEY);
let world: GateWorld;
let log: LogEntry[];

/** Admits 1, refuses 2, restores 0 as 3 and 1 as 4, and has a candidate 5. */
beforeAll(async () => {
  world = await GateWorld.started();
  const { ranker } = world;
  await world.train(1);
  await world.evaluate(101, 0.5);
  await world.train(11);
  await world.evaluate(111, 0.4);
  await world.up.service.restore(ranker, 0);
  await world.up.service.restore(ranker, 1);
  await world.train(21);
  log = entriesOf(world.disk);
});

const web = (): Web => ({
  async get(path, _maxBytes, headers) {
    const response = await world.app.request(path, { headers: { ...headers } });
    return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
  },
  post: () => Promise.reject(new Error('nothing is posted')),
});

const files: FetchFile = async (path) => (await web().get(path, 1e6)).body;

/** The log up to its n-th entry of a type, that entry changed and signed again. */
function lied<T extends 'round' | 'restore' | 'verdict'>(
  type: T,
  nth: number,
  change: (entry: Extract<LogEntry, { type: T }>) => object,
): LogEntry[] {
  const places = log.flatMap((entry, i) => (entry.type === type ? [i] : []));
  const at = places.at(nth) as number;
  const entry = log[at] as Extract<LogEntry, { type: T }>;
  const { record } = (entry as unknown as Record<T, { record: object }>)[type];
  const signed = signRecord({ ...record, ...change(entry) } as never, SIGNER);
  return [...log.slice(0, at), { type, [type]: signed } as unknown as LogEntry];
}

async function verdictFaults(entries: readonly LogEntry[]): Promise<string> {
  const history = await historyOf(entries);
  const checks = new Checks();
  await history.versions.checkVerdicts(files, checks);
  const [check] = checks.all;
  return `${check?.outcome} ${check?.detail}`;
}

async function checksOf(from: Web): Promise<readonly Check[]> {
  const deps = {
    web: from,
    source: new ChaChaSource(new Uint8Array(32)),
    nowMs: () => world.time.now,
    pause: () => Promise.resolve(),
    timeoutMs: 1000,
  };
  const { checks } = await audit(deps, {
    pinned: { root: ROOT_KEY.publicKey, helper: null },
    ...{ state: null, compare: null, task: null, knownInput: false, canary: false },
    ...{ rounds: null, report: null },
  });
  return checks;
}

describe('honest servers with a gate', () => {
  it('PR52 K14 every version, verdict and head holds', async () => {
    const checks = await checksOf(web());
    const outcome = (name: string) => checks.find((check) => check.name === name)?.outcome;
    for (const name of ['log-records', 'round-chain', 'verdicts', 'model-bytes', 'served-heads']) {
      expect([name, outcome(name)]).toEqual([name, 'pass']);
    }
    const verdicts = checks.find(({ name }) => name === 'verdicts');
    expect(verdicts?.detail).toBe('2 verdicts of gates, 1 of them admit a version');
  });
});

describe('a head that shows what the log does not let be served', () => {
  /** The ranker's head, changed. */
  const shows = async (change: (head: TaskHead) => object): Promise<string> => {
    const path = PATHS.head(world.ranker);
    const honest = web();
    const checks = await checksOf({
      ...honest,
      async get(asked, maxBytes, headers) {
        const answer = await honest.get(asked, maxBytes, headers);
        if (asked !== path) return answer;
        const head = JSON.parse(fromUtf8(answer.body)) as TaskHead;
        return { ...answer, body: utf8(JSON.stringify({ ...head, ...change(head) })) };
      },
    });
    const check = checks.find(({ name }) => name === 'served-heads');
    return `${check?.outcome} ${check?.detail}`;
  };

  it('PR52 K12 a candidate as the model, and proofs that are not in the log, are named', async () => {
    expect(await shows(() => ({}))).toMatch(/^pass/);
    const early = await shows(({ candidate }) => ({
      model: { record: candidate?.record, signature: candidate?.signature },
      modelIndex: candidate?.index,
    }));
    expect(early).toMatch(/^fail .*version 5 was not admitted/);
    const moved = ({ index, ...one }: { index: number }): object => ({ ...one, index: index + 1 });
    for (const name of ['candidate', 'origin', 'verdict'] as const) {
      const other = await shows((head) => ({ [name]: moved(head[name] as { index: number }) }));
      expect(other).toMatch(new RegExp(`^fail .*its ${name} is not in the log`));
    }
  });
});

describe('a log that says what does not follow', () => {
  it('K14 a verdict turned round, or with other figures, is named', async () => {
    expect(await verdictFaults(log)).toMatch(/^pass 2 verdicts/);
    const turned = lied('verdict', -1, () => ({ admitted: true }));
    expect(await faultsOf(turned)).toEqual([]);
    expect(await verdictFaults(turned)).toMatch(
      /^fail wide version 2: the verdict does not follow/,
    );
    const quality = { margin: 0.3, deviation: 0 };
    for (const change of [
      { quality },
      { reference: quality },
      { decidedAtMs: 5 },
      { evaluateRound: 1 },
      { quality: null, evaluateRound: null, admitted: false },
    ]) {
      const entries = lied('verdict', -1, () => change);
      expect(await verdictFaults(entries), JSON.stringify(change)).toMatch(/^fail/);
    }
  });

  it('K12 K14 a verdict on another candidate, on none, or by what is no gate, is named', async () => {
    const other = lied('verdict', -1, () => ({ modelVersion: 1 }));
    expect(await faultsOf(other)).toEqual([
      'wide version 1: a verdict on what does not wait for one',
    ]);
    const hash = lied('verdict', -1, () => ({ model: 'd'.repeat(64) }));
    expect(await faultsOf(hash)).toEqual([
      'wide version 2: a verdict on what does not wait for one',
    ]);
    const twice = lied('verdict', -1, () => ({}));
    expect(await faultsOf([...twice, twice.at(-1) as LogEntry])).toEqual([
      'wide version 2: a verdict on what does not wait for one',
    ]);
    const gate = lied('verdict', -1, ({ verdict }) => ({ evaluateTask: verdict.record.task }));
    expect(await faultsOf(gate)).toEqual(['wide version 2: a verdict by what is not its gate']);
  });

  it('R10 a restore to what never was, was refused, or under another number, is named', async () => {
    const unknown = 'restores what is not version';
    const model = lied('restore', -1, () => ({ model: 'd'.repeat(64) }));
    expect(await faultsOf(model)).toEqual([`wide version 4: ${unknown} 1`]);
    const number = lied('restore', -1, () => ({ of: 9 }));
    expect(await faultsOf(number)).toEqual([`wide version 4: ${unknown} 9`]);
    const made = log.flatMap((entry) => (entry.type === 'model' ? [entry.model.record] : []));
    const second = made.find(
      ({ modelVersion, task }) => modelVersion === 2 && task === world.ranker,
    );
    const refused = lied('restore', -1, () => ({ of: 2, model: second?.model }));
    expect(await faultsOf(refused)).toEqual(['wide version 4: restores what was not admitted']);
    const again = lied('restore', -1, () => ({ modelVersion: 3 }));
    expect(await faultsOf(again)).toEqual(['wide version 3: expected 4']);
    const open = log.findIndex(
      (entry) => entry.type === 'round' && entry.round.record.baseModel === second?.previousModel,
    );
    const [early] = log.flatMap((entry) =>
      entry.type === 'restore' ? [entry.restore.record] : [],
    );
    const inside = signRecord({ ...early, modelVersion: 2 } as never, SIGNER);
    const faults = await faultsOf([
      ...log.slice(0, open + 1),
      { type: 'restore', restore: inside },
    ]);
    expect(faults).toContain('wide version 2: restored in an open round');
    const counted = made.findLast(({ task }) => task !== world.ranker);
    const statistic = signRecord(
      { ...early, task: counted?.task, modelVersion: 9, of: 1 } as never,
      SIGNER,
    );
    expect(await faultsOf([...log, { type: 'restore', restore: statistic }])).toContainEqual(
      expect.stringMatching(/^(?!wide).* version 9: a statistic is restored$/),
    );
    const key = signRecord(
      {
        ...(log.find(({ type }) => type === 'restore') as never as { restore: { record: object } })
          .restore.record,
      } as never,
      signerOf(ROOT_KEY),
    );
    expect(await faultsOf([...log, { type: 'restore', restore: key } as never])).toEqual([
      expect.stringContaining('bad-signature'),
    ]);
  });

  it('K11 K12 a round while a version waits, and a subject that is no version, are named', async () => {
    const [first] = log.filter((entry) => entry.type === 'round');
    const rounds = log.filter((entry) => entry.type === 'round').length;
    const last = log.flatMap((entry) => (entry.type === 'round' ? [entry.round.record] : []));
    const ranker = last.filter(({ task }) => task === world.ranker).at(-1);
    if (ranker === undefined || first === undefined) throw new Error('no round');
    const more = signRecord(
      { ...ranker, round: ranker.round + 1, baseModel: ranker.baseModel },
      SIGNER,
    );
    expect(await faultsOf([...log, { type: 'round', round: more }])).toEqual([
      `wide round ${ranker.round + 1}: opened while version 5 waits`,
    ]);
    const wrong = 'its subject is no version of wide';
    expect(last.at(-1)?.subject?.modelVersion).toBe(5);
    for (const change of [
      { model: 'd'.repeat(64) },
      { modelVersion: 4 },
      { task: 'd'.repeat(64) },
    ]) {
      const entries = lied('round', rounds - 1, ({ round }) => ({
        subject: { ...round.record.subject, ...change },
      }));
      expect(await faultsOf(entries)).toEqual([`quality round 3: ${wrong}`]);
    }
    const { subject: _, ...none } = last.at(-1) as { subject?: unknown };
    const bare = [...log.slice(0, -1), { type: 'round', round: signRecord(none as never, SIGNER) }];
    expect(await faultsOf(bare as LogEntry[])).toEqual([
      'quality round 3: an evaluation names its subject, and no other round',
    ]);
  });

  it('K11 an evaluation beside the gate is about versions that were served alone', async () => {
    const drafts = [rankerDraft(), qualityDraft(), qualityDraft({ name: 'beside' })];
    const other = await GateWorld.started(drafts);
    await other.train(1);
    await other.evaluate(101, 0.1);
    const entries = entriesOf(other.disk);
    expect(await faultsOf(entries)).toEqual([]);
    const beside = entries.findLast(
      (entry) => entry.type === 'round' && entry.round.record.subject?.modelVersion === 0,
    );
    const refused = entries.find((entry) => entry.type === 'model');
    if (beside?.type !== 'round' || refused?.type !== 'model') throw new Error('no round');
    const { record } = beside.round;
    const { task, modelVersion, model } = refused.model.record;
    const lie = { ...record, round: 2, subject: { task, modelVersion, model } };
    const ended: LogEntry = {
      ...{ type: 'abandoned', task: record.task, round: 1, reports: 0, reason: 'too-few' },
      closedAtMs: record.openedAtMs,
    };
    const round = signRecord(lie, SIGNER);
    expect(await faultsOf([...entries, ended, { type: 'round', round }])).toEqual([
      'beside round 2: its subject is no version of wide',
    ]);
  });
});
