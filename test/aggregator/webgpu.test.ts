/** Sums on a GPU: on SwiftShader here, with small shapes; the code is that of a real one. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedBackend } from '../../aggregator/average/seeds.ts';
import { denseBackend } from '../../aggregator/average/webgpu/dense.ts';
import { type Device, openDevice } from '../../aggregator/average/webgpu/device.ts';
import { seedsBackend } from '../../aggregator/average/webgpu/seeds.ts';
import { openWebgpu, type Webgpu } from '../../aggregator/average/webgpu/webgpu.ts';
import { run } from '../bench/gpu.ts';
import { averageContract, SMALL } from '../contract/average.ts';
import { useSwiftShader } from './swiftshader.ts';

let webgpu: Webgpu;
beforeAll(async () => {
  useSwiftShader();
  webgpu = await openWebgpu({ allowSoftware: true });
});
afterAll(() => webgpu.close());

describe('average backend webgpu', () => {
  averageContract(() => webgpu.dense, { shapes: { ...SMALL, manyReports: 70_000 } });
});

/** Seeds as reports: 88 bytes of header, and 32 that differ in every byte. */
function seedReports(n: number, salt: number): Uint8Array[] {
  return Array.from({ length: n }, (_, r) =>
    Uint8Array.from(
      { length: 120 },
      (_, i) => (Math.imul(r + 1, 0x9e37_79b1) >>> (i % 24)) ^ (salt + i),
    ),
  );
}

async function bothSums(
  reports: readonly Uint8Array[],
  d: number,
  offset = 88,
): Promise<[Float64Array, Float64Array]> {
  const start = Float64Array.from({ length: d }, (_, i) => i - 2 ** 40);
  const [here, there] = [Float64Array.from(start), Float64Array.from(start)];
  seedBackend.sum(reports, offset, here);
  await webgpu.seeds.sum(reports, offset, there);
  return [here, there];
}

describe('PrivUnitG on webgpu', () => {
  it('PR37 makes the known vectors', async () => {
    const sum = new Float64Array(8);
    await webgpu.seeds.sum([new Uint8Array(32)], 0, sum);
    expect([...sum]).toEqual([2394, 1907, 6504, 654, -1422, 5161, 254, -4088]);
    sum.fill(0);
    await webgpu.seeds.sum([Uint8Array.from({ length: 32 }, (_, i) => i)], 0, sum);
    expect([...sum]).toEqual([9404, -114, 3065, -885, 2641, -361, 4466, -2311]);
  });

  it('PR37 makes every coordinate that TypeScript makes, whatever d, n and offset', async () => {
    const cases = fc.record({
      d: fc.integer({ min: 1, max: 300 }),
      n: fc.integer({ min: 0, max: 40 }),
      salt: fc.nat(255),
      offset: fc.constantFrom(0, 88),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ d, n, salt, offset }) => {
        const [here, there] = await bothSums(seedReports(n, salt), d, offset);
        expect(there).toEqual(here);
      }),
      { numRuns: 25 },
    );
  });

  it('PR37 agrees over many blocks, in all cells of the table', async () => {
    const [here, there] = await bothSums(seedReports(3, 5), 20_003);
    expect(there).toEqual(here);
  });

  it('PR41 sums more seeds than one run of an invocation takes', async () => {
    const [here, there] = await bothSums(seedReports(700, 9), 65);
    expect(there).toEqual(here);
  });

  it('refuses a report that is shorter than a seed, and changes nothing', async () => {
    const sum = new Float64Array(4);
    const short = [new Uint8Array(120), new Uint8Array(119)];
    await expect(webgpu.seeds.sum(short, 88, sum)).rejects.toThrow('reports[1]');
    expect([...sum]).toEqual([0, 0, 0, 0]);
  });
});

describe('average backend webgpu with buffers of 4 KiB', () => {
  let small: Device;
  beforeAll(async () => {
    small = await openDevice({ allowSoftware: true, maxBytes: 4096 });
  });
  afterAll(() => small.close());

  averageContract(async () => denseBackend(small), { shapes: SMALL });

  it('PR37 makes the same vectors', async () => {
    const backend = seedsBackend(small);
    const reports = seedReports(140, 77);
    const [here, there] = [new Float64Array(1100), new Float64Array(1100)];
    seedBackend.sum(reports, 88, here);
    await backend.sum(reports, 88, there);
    expect(there).toEqual(here);
  });
});

describe('bench gpu', () => {
  it('times what runs on the GPU beside what runs here, and finds the same numbers', async () => {
    const results = await run({ quick: true, data: null });
    expect(results.webgpu).toMatch(/swiftshader/i);
    for (const name of ['sumMs', 'seedsMs', 'gramMs']) {
      expect(results[name], name).toMatchObject({ webgpu: expect.any(Number) });
    }
  });
});
