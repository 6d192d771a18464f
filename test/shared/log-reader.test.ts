import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { generateKey, signerOf } from '../../aggregator/keys.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { logOrigin, parseNote, witnessName } from '../../shared/protocol/checkpoint.ts';
import { assertConsistentExtension, LogReader } from '../../shared/protocol/log-reader.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import type { Signer } from '../../shared/protocol/signature.ts';
import type { KeptCheckpoint } from '../../shared/protocol/tiles.ts';
import { merkleTreeHash, OracleLog } from '../oracles/log.ts';

const SITE = 'shop.example';
const key = (): Signer => signerOf(generateKey());
const code = (name: string): object => expect.objectContaining({ name: 'LogError', code: name });
const leaf = (i: number): Uint8Array => utf8(`entry ${i}`);

describe('reader', () => {
  const signer = key();
  const logOf = (count: number): OracleLog => {
    const log = new OracleLog(SITE, signer);
    for (let i = 0; i < count; i++) log.add(leaf(i));
    return log;
  };
  const readerOf = (log: OracleLog, last: KeptCheckpoint | null = null): LogReader =>
    new LogReader({
      fetch: log.fetch,
      origin: logOrigin(SITE),
      logKey: signer.publicKey,
      last,
    });
  const kept = (log: OracleLog, size: number): KeptCheckpoint => ({
    size,
    root: toHex(merkleTreeHash(log.leaves.slice(0, size))),
  });

  it('L6 finds every tree consistent with all that it grew from, and every leaf in it', async () => {
    const log = logOf(1300);
    const sizes = [0, 1, 255, 256, 257, 512, 700, 1024, 1300];
    for (const size of sizes) {
      log.shown = size;
      for (const before of sizes.filter((one) => one <= size)) {
        const reader = readerOf(log, kept(log, before));
        expect(await reader.update()).toEqual(kept(log, size));
        for (const i of [0, before - 1, before, size - 1]) {
          if (i < 0 || i >= size) continue;
          await reader.includes(i, leaf(i));
          await expect(reader.includes(i, leaf(i + 1))).rejects.toEqual(code('not-in-log'));
        }
        await expect(reader.includes(size, leaf(size))).rejects.toEqual(code('not-in-log'));
      }
    }
  }, 20_000);

  it('L6 names a fork at any place, for any two sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 0, max: 300 }),
        fc.nat(),
        async (before, more, at) => {
          const log = logOf(before + more);
          const last = kept(log, before);
          log.leaves[at % before] = utf8('forked');
          await expect(readerOf(log, last).update()).rejects.toEqual(code('log-fork'));
        },
      ),
      { seed: 3, numRuns: 25 },
    );
  }, 20_000);

  it('L6 names a log that was cut, and one of the same size with another tree', async () => {
    const log = logOf(300);
    const reader = readerOf(log);
    await reader.update();
    log.shown = 299;
    await expect(reader.update()).rejects.toEqual(code('log-fork'));
    log.shown = null;
    log.leaves[3] = utf8('other');
    await expect(reader.update()).rejects.toEqual(code('log-fork'));
    log.leaves[3] = leaf(3);
    expect(await reader.update()).toEqual(kept(log, 300));
  });

  it('L6 believes no tile and no entry that the root does not commit to', async () => {
    const log = logOf(600);
    const lying = (path: RegExp) => async (asked: string, maxBytes: number) => {
      const bytes = Uint8Array.from(await log.fetch(asked, maxBytes));
      if (path.test(asked)) bytes[40] = (bytes[40] as number) ^ 1;
      return bytes;
    };
    const options = { origin: logOrigin(SITE), logKey: signer.publicKey, last: null };
    const edge = new LogReader({ ...options, fetch: lying(/0\/002\.p/) });
    await expect(edge.update()).rejects.toEqual(code('bad-tile'));
    const full = new LogReader({ ...options, fetch: lying(/0\/001$/) });
    await full.update();
    await expect(full.includes(300, leaf(300))).rejects.toEqual(code('bad-tile'));
    const entries = new LogReader({ ...options, fetch: lying(/entries\/001$/) });
    await entries.update();
    await expect(entries.entry(400)).rejects.toEqual(code('not-in-log'));
    expect(await entries.entry(599)).toEqual(leaf(599));
    const short = new LogReader({
      ...options,
      fetch: async (path, max) => (await log.fetch(path, max)).subarray(/tile/.test(path) ? 32 : 0),
    });
    await expect(short.update()).rejects.toEqual(code('bad-tile'));
  });

  it('L6 refuses a checkpoint of another log, of another key and without a signature', async () => {
    const log = logOf(3);
    const options = { fetch: log.fetch, origin: logOrigin(SITE), last: null };
    const logKey = signer.publicKey;
    const other = new LogReader({ ...options, logKey: key().publicKey });
    await expect(other.update()).rejects.toEqual(code('bad-checkpoint'));
    const site = new LogReader({ ...options, logKey, origin: logOrigin('other.example') });
    await expect(site.update()).rejects.toEqual(code('bad-checkpoint'));
    const reader = new LogReader({ ...options, logKey });
    const bare = parseNote(await log.note()).text;
    await expect(reader.update(`${bare}\n`)).rejects.toEqual(code('bad-checkpoint'));
    await expect(reader.update('nonsense')).rejects.toEqual(code('bad-checkpoint'));
    await expect(reader.includes(0, leaf(0))).rejects.toEqual(code('not-in-log'));
  });

  it('L7 asks for the files of the served checkpoint alone, and for few of them', async () => {
    const log = logOf(1000);
    const reader = readerOf(log, kept(log, 990));
    await reader.update();
    await reader.includes(995, leaf(995));
    expect(log.asked).toEqual([
      PATHS.checkpoint,
      `${PATHS.tiles}/0/003.p/232`,
      `${PATHS.tiles}/1/000.p/3`,
    ]);
    log.asked.length = 0;
    await reader.update();
    expect(log.asked).toEqual([PATHS.checkpoint]);
  });

  it('L5 counts with the cosignature of one of the given keys alone', async () => {
    const log = logOf(5);
    const helper = key();
    const reader = readerOf(log);
    const name = witnessName(SITE);
    await reader.update();
    const missing = reader.assertCosigned(name, [helper.publicKey]);
    await expect(missing).rejects.toEqual(code('not-cosigned'));
    log.witness = helper;
    await reader.update();
    await reader.assertCosigned(name, [key().publicKey, helper.publicKey]);
    log.witness = key();
    await reader.update();
    const foreign = reader.assertCosigned(name, [helper.publicKey]);
    await expect(foreign).rejects.toEqual(code('not-cosigned'));
  });

  it('L8 a witness takes what extends its last checkpoint, before it is served', async () => {
    const log = logOf(40);
    log.shown = 30;
    const last = kept(log, 30);
    const { fetch } = log;
    const options = { fetch, origin: logOrigin(SITE), logKey: signer.publicKey, last };
    expect(await assertConsistentExtension(await log.note(40), options)).toEqual(kept(log, 40));
    expect(log.asked).not.toContain(PATHS.checkpoint);
    const cut = assertConsistentExtension(await log.note(20), options);
    await expect(cut).rejects.toEqual(code('log-fork'));
    log.leaves[10] = utf8('other');
    const forked = assertConsistentExtension(await log.note(40), options);
    await expect(forked).rejects.toEqual(code('log-fork'));
  });
});
