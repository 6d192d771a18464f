import { describe, expect, it } from 'vitest';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import type { Privatized } from '../../sdk/noise/privatized.ts';
import { pack } from '../../sdk/pack/pack.ts';
import { sha256 } from '../../shared/bytes/hash.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  REPORT_HEADER_BYTES,
  reportLength,
  SEALED_SEED_BYTES,
} from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { generateSealingKeys, seedOpener } from '../../shared/sharing/seal.ts';
import { addInto, centred, decodeUint32LE, expandSeed } from '../../shared/sharing/share.ts';

const source = new ChaChaSource(new Uint8Array(32));
const header = {
  id: new Uint8Array(16).fill(1),
  taskHash: new Uint8Array(32).fill(2),
  roundHash: new Uint8Array(32).fill(3),
};
const D = 5;
const FIELDS = { d: D, clipL2: 1, scaleBits: 12, minReports: 5, maxReports: 10 };
const SPLIT: NoiseTask = {
  ...FIELDS,
  tier: 'split',
  mechanism: { name: 'discrete-gaussian', sigma: 1 },
};

function privatized(task: NoiseTask): { value: Privatized; z: Int32Array } {
  const update = Float32Array.of(0.1, -0.2, 0.3, 0, 0.5);
  const value = privatize(update, task, drawNoise(task, source), source);
  if (value.payload.form !== 'coordinates') throw new Error('coordinates were expected');
  return { value, z: value.payload.coordinates.slice() };
}

describe('pack', () => {
  it.each([
    ['local', { name: 'discrete-gaussian', sigma: 1 }],
    ['test', { name: 'none' }],
  ] as const)('W6 packs a %s report whole, with the tier of its value', async (tier, mechanism) => {
    const task: NoiseTask = { ...FIELDS, tier, mechanism };
    const { value, z } = privatized(task);
    const bytes = await pack(value, header);
    expect(bytes).toHaveLength(reportLength(task));
    expect(decodeReportHeader(bytes)).toEqual({ ...header, tier });
    expect(decodeCoordinates(bytes, D)).toEqual(z);
  });

  it('W9 W10 packs a split report that the two servers open together, and neither alone', async () => {
    const keys = await generateSealingKeys();
    const sealing = { helper: { sealingKey: keys.publicKey }, source };
    const { value, z } = privatized(SPLIT);
    const bytes = await pack(value, header, sealing);
    expect(bytes).toHaveLength(REPORT_HEADER_BYTES + 4 * D + SEALED_SEED_BYTES);
    expect(decodeReportHeader(bytes)).toEqual({ ...header, tier: 'split' });

    const share = bytes.slice(REPORT_HEADER_BYTES, -SEALED_SEED_BYTES);
    const { taskHash, roundHash, id: reportId } = header;
    const of = { taskHash, roundHash, reportId };
    const opener = await seedOpener(keys);
    const seed = await opener.open(of, bytes.slice(-SEALED_SEED_BYTES), await sha256(share));
    if (seed === null) throw new Error('the seed did not open');
    const leader = decodeUint32LE(share, 0, D);
    expect(centred(leader)).not.toEqual(z);
    addInto(leader, await expandSeed(seed, D));
    expect(centred(leader)).toEqual(z);
  });

  it('PR43 wipes the vector, and makes another share of the same one', async () => {
    const keys = await generateSealingKeys();
    const sealing = { helper: { sealingKey: keys.publicKey }, source };
    const [first, second] = [privatized(SPLIT), privatized(SPLIT)];
    if (first.value.payload.form !== 'coordinates') throw new Error('coordinates were expected');
    if (second.value.payload.form !== 'coordinates') throw new Error('coordinates were expected');
    (second.value.payload.coordinates as Int32Array).set(first.z);
    const one = await pack(first.value, header, sealing);
    const two = await pack(second.value, header, sealing);
    expect(first.value.payload.coordinates).toEqual(new Int32Array(D));
    expect(one).not.toEqual(two);
    expect(one.slice(88, 108)).not.toEqual(two.slice(88, 108));
  });

  it('makes no split report without a helper, and keeps the tier of a split value', async () => {
    await expect(pack(privatized(SPLIT).value, header)).rejects.toThrow(
      /sealing must name a helper/,
    );
    await expect(pack(privatized(SPLIT).value, header, { helper: null, source })).rejects.toThrow(
      TypeError,
    );
    const bad = { helper: { sealingKey: 'AAAA' }, source };
    await expect(pack(privatized(SPLIT).value, header, bad)).rejects.toThrow(/32 bytes/);
  });
});
