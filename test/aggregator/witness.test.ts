/** The helper's cosignature under the checkpoint that is served. */
import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { PublishedLog, type Witness } from '../../aggregator/log/published.ts';
import { RecordLog } from '../../aggregator/log/record-log.ts';
import {
  cosignatureLine,
  isCosignedBy,
  isSignedBy,
  logOrigin,
  parseCheckpoint,
  parseNote,
  signNote,
  witnessName,
} from '../../shared/protocol/checkpoint.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { ManualTime, SERVER_KEY } from './fixture.ts';
import { SimulatedDisk } from './simulated-disk.ts';

const SITE = 'test shop';
const entry = (round: number): LogEntry => ({
  ...{ type: 'abandoned', task: 'a'.repeat(64), round, reports: 0 },
  ...{ reason: 'too-few', closedAtMs: 1 },
});

describe('the witness', () => {
  const helper = signerOf(generateKey());
  const name = witnessName(SITE);
  const cosign = (note: string): Promise<string> =>
    cosignatureLine(parseNote(note), name, helper, 1_700_000_000);

  async function published(witness: Pick<Witness, 'cosign'>) {
    const log = await RecordLog.open(new SimulatedDisk(), 'log.jsonl', () => undefined);
    const time = new ManualTime();
    const failures: string[] = [];
    const served = await PublishedLog.open(log, {
      site: SITE,
      signer: signerOf(SERVER_KEY),
      witness: { ...witness, identityKey: helper.publicKey },
      after: (ms, work) => time.after(ms, work),
      failed: (reason) => failures.push(reason),
    });
    const sizes = async (): Promise<readonly [number, boolean]> => {
      const note = parseNote(served.checkpoint);
      return [parseCheckpoint(note.text).size, await isCosignedBy(note, name, helper.publicKey)];
    };
    /** Lets time go on; what is then to be seen comes soon, WebCrypto has threads of its own. */
    const pass = (ms: number): void => time.set(time.now + ms);
    return { log, served, sizes, failures, pass };
  }

  it('L8 an entry counts with the checkpoint that it cosigned', async () => {
    const { log, served, sizes, pass } = await published({ cosign });
    expect(await sizes()).toEqual([0, false]);
    served.start();
    pass(0);
    await expect.poll(sizes).toEqual([0, true]);
    for (let i = 1; i < 4; i++) {
      await log.append(entry(i));
      expect(await sizes()).toEqual([i, true]);
    }
  });

  it('L8 when it is away nothing waits, and it is asked until it comes back', async () => {
    let away = false;
    const { log, served, sizes, failures, pass } = await published({
      cosign: (note) => (away ? Promise.reject(new Error('unreachable')) : cosign(note)),
    });
    served.start();
    pass(0);
    await expect.poll(sizes).toEqual([0, true]);
    away = true;
    await log.append(entry(1));
    await log.append(entry(2));
    expect(await sizes()).toEqual([2, false]);
    pass(250);
    await expect.poll(() => failures).toEqual(['unreachable', 'unreachable']);
    away = false;
    pass(500);
    await expect.poll(sizes).toEqual([2, true]);
    served.stop();
  });

  it('L8 one that hangs holds an entry for two seconds, and may still come', async () => {
    let release = (): void => undefined;
    let hangs = false;
    const { log, served, sizes, pass } = await published({
      cosign: async (note) => {
        if (hangs) await new Promise<void>((resolve) => (release = resolve));
        return cosign(note);
      },
    });
    served.start();
    pass(0);
    await expect.poll(sizes).toEqual([0, true]);
    hangs = true;
    const appended = log.append(entry(1));
    await expect.poll(() => log.size).toBe(1);
    await expect
      .poll(async () => {
        pass(2000);
        return sizes();
      })
      .toEqual([1, false]);
    await appended;
    release();
    await expect.poll(sizes).toEqual([1, true]);
  });

  it('L8 a line that is no cosignature does not get out', async () => {
    for (const line of ['', 'nonsense', '— other AAAAAAAAAAA=\n', `\n\n${'x'.repeat(9)}\n`]) {
      const { log, served, sizes, failures, pass } = await published({ cosign: async () => line });
      served.start();
      pass(0);
      await expect.poll(() => failures).toHaveLength(1);
      await log.append(entry(1));
      expect(await sizes()).toEqual([1, false]);
      expect(parseNote(served.checkpoint).signatures).toHaveLength(1);
      expect(failures).toHaveLength(1);
      served.stop();
    }
  });

  it('L8 lines behind the cosignature, which could spoil the log’s own signature, do not get out', async () => {
    const log = signerOf(SERVER_KEY);
    const { served, sizes, failures, pass } = await published({
      cosign: async (note) => {
        const own = note.split('\n').at(-2) ?? '';
        // Under the log's name and key id, of another text.
        const spoilt = (await signNote('another\n', logOrigin(SITE), log)).split('\n').at(-2);
        expect(spoilt).not.toBe(own);
        return `${await cosign(note)}${spoilt}\n`;
      },
    });
    served.start();
    pass(0);
    await expect.poll(() => failures).toHaveLength(1);
    expect(await sizes()).toEqual([0, false]);
    const note = parseNote(served.checkpoint);
    expect(await isSignedBy(note, logOrigin(SITE), log.publicKey)).toBe(true);
    served.stop();
  });

  it('L8 a line that the helper’s key did not sign is none, and is asked for again', async () => {
    const mallory = signerOf(generateKey());
    const { served, failures, pass } = await published({
      cosign: (note) => cosignatureLine(parseNote(note), name, mallory, 1_700_000_000),
    });
    served.start();
    pass(0);
    await expect.poll(() => failures).toHaveLength(1);
    expect(parseNote(served.checkpoint).signatures).toHaveLength(1);
    served.stop();
  });

  it('L8 a cosignature that comes after the next entry is asked for again', async () => {
    const waiting: (() => void)[] = [];
    const { log, served, sizes, pass } = await published({
      cosign: async (note) => {
        if (waiting.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
        return cosign(note);
      },
    });
    served.start();
    pass(0);
    await expect.poll(() => waiting.length).toBe(1);
    await log.append(entry(1));
    expect(await sizes()).toEqual([1, false]);
    waiting[0]?.();
    await expect
      .poll(async () => {
        pass(0);
        return sizes();
      })
      .toEqual([1, true]);
  });
});
