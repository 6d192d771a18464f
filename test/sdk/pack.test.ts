import { describe, expect, it } from 'vitest';
import { drawNoise, type NoiseTask } from '../../sdk/noise/draw.ts';
import { privatize } from '../../sdk/noise/privatize.ts';
import { pack } from '../../sdk/pack/pack.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  reportLength,
} from '../../shared/protocol/report.ts';
import { ChaChaSource } from '../../shared/random/source.ts';

const source = new ChaChaSource(new Uint8Array(32));
const header = {
  id: new Uint8Array(16).fill(1),
  taskHash: new Uint8Array(32).fill(2),
  roundHash: new Uint8Array(32).fill(3),
};

describe('pack', () => {
  it.each([
    ['local', { name: 'discrete-gaussian', sigma: 1 }],
    ['test', { name: 'none' }],
  ] as const)('packs a %s report whole, with the tier of its value', (tier, mechanism) => {
    const task: NoiseTask = { tier, mechanism, d: 5, clipL2: 1, scaleBits: 12, maxReports: 10 };
    const update = Float32Array.of(0.1, -0.2, 0.3, 0, 0.5);
    const value = privatize(update, task, drawNoise(task, source), source);
    const bytes = pack(value, header);
    expect(bytes).toHaveLength(reportLength(5));
    expect(decodeReportHeader(bytes)).toEqual({ ...header, tier });
    expect(decodeCoordinates(bytes, 5)).toEqual(value.coordinates);
  });
});
