/** What goes wrong with a GPU: by name, without a trace in the sums, and the CPU goes on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AverageBackend } from '../../aggregator/average/backend.ts';
import { chooseBackend, summerOf } from '../../aggregator/average/choose.ts';
import { gramWithFallback, withFallback } from '../../aggregator/average/fallback.ts';
import { gramOf } from '../../aggregator/average/robust/gram.ts';
import { seedBackend } from '../../aggregator/average/seeds.ts';
import { wasmBackend } from '../../aggregator/average/wasm.ts';
import { type Dawn, openDevice } from '../../aggregator/average/webgpu/device.ts';
import { openWebgpu, sharedWebgpu, type Webgpu } from '../../aggregator/average/webgpu/webgpu.ts';
import { useSwiftShader } from './swiftshader.ts';

const SOFTWARE = { allowSoftware: true } as const;
const opened: Webgpu[] = [];
async function gpu(): Promise<Webgpu> {
  const one = await openWebgpu(SOFTWARE);
  opened.push(one);
  return one;
}

beforeAll(useSwiftShader);
afterAll(() => {
  for (const one of opened) one.close();
});

const REPORTS = [1, 2, 3].map((k) => new Uint8Array(Int32Array.of(k, -k, 1 << 30, k).buffer));
const SUM = [6, -6, 3 * 2 ** 30, 6];
const SEEDS = [1, 2, 3].map((k) => new Uint8Array(32).fill(k));

async function sumOf(
  backend: AverageBackend,
  reports: readonly Uint8Array[] = REPORTS,
): Promise<number[]> {
  const into = new Float64Array(4);
  await backend.sum(reports, 0, into);
  return [...into];
}

/** A package in which only what is given works. */
function dawn(adapter: object | null): () => Promise<Dawn> {
  const requestAdapter = async () => adapter;
  return async () => ({ create: () => ({ requestAdapter }) as unknown as GPU, globals: {} });
}

describe('opening a GPU', () => {
  it('names a package that is missing, and one whose addon does not load', async () => {
    const missing = Object.assign(new Error("Cannot find package 'webgpu' imported from here"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const failing = (error: Error) => ({ ...SOFTWARE, load: () => Promise.reject(error) });
    await expect(openDevice(failing(missing))).rejects.toMatchObject({ code: 'missing-package' });
    const broken = openDevice(failing(new Error('GLIBC_2.99 not found')));
    await expect(broken).rejects.toThrow(/broken-addon: .*GLIBC_2.99/);
  });

  it('names a machine without a GPU, before the package is loaded and after', async () => {
    const load = () => Promise.reject(new Error('must not be loaded'));
    const none = openDevice({ load, hasGpu: () => false });
    await expect(none).rejects.toMatchObject({ code: 'no-adapter' });
    const nothing = openDevice({ load: dawn(null), hasGpu: () => true });
    await expect(nothing).rejects.toMatchObject({ code: 'no-adapter' });
  });

  it('names an adapter that gives no device', async () => {
    const info = { vendor: 'v', architecture: '', device: 'd', description: '' };
    const requestDevice = () => Promise.reject(new Error('driver'));
    const open = openDevice({ load: dawn({ info, requestDevice }), hasGpu: () => true });
    await expect(open).rejects.toThrow('no-adapter: v d');
  });

  it('refuses what renders on the CPU, unless it is asked for', async () => {
    const open = openWebgpu({ hasGpu: () => true });
    await expect(open).rejects.toMatchObject({ code: 'software-adapter' });
    const { software, label } = await gpu();
    expect(software).toBe(true);
    expect(label).toMatch(/swiftshader/i);
  });

  it('is tried anew after it failed, and done once when it worked', async () => {
    await expect(sharedWebgpu(false)).rejects.toMatchObject({ name: 'GpuError' });
    await expect(sharedWebgpu(false)).rejects.toMatchObject({ name: 'GpuError' });
    const [one, other] = await Promise.all([sharedWebgpu(true), sharedWebgpu(true)]);
    expect(other).toBe(one);
    opened.push(one);
  });
});

describe('a GPU that fails', () => {
  it('says device-lost, now and later, and leaves the sum as it was', async () => {
    const one = await gpu();
    const into = Float64Array.of(1, 2, 3, 4);
    const under = one.dense.sum(REPORTS, 0, into);
    const seeds = one.seeds.sum(SEEDS, 0, into);
    one.close();
    await expect(under).rejects.toMatchObject({ code: 'device-lost' });
    await expect(seeds).rejects.toMatchObject({ code: 'device-lost' });
    await expect(one.dense.sum(REPORTS, 0, into)).rejects.toMatchObject({ code: 'device-lost' });
    await expect(one.gram(REPORTS, 0, 2)).rejects.toMatchObject({ code: 'device-lost' });
    expect([...into]).toEqual([1, 2, 3, 4]);
  });

  it('says what the driver refused, and goes on with the next work', async () => {
    const device = await openDevice(SOFTWARE);
    const tooLarge = device.run(async (buffers) => {
      buffers.write(buffers.storage(2 ** 50), new Uint8Array(4));
    });
    await expect(tooLarge).rejects.toMatchObject({ name: 'GpuError', code: 'refused' });
    await expect(device.pipeline('nonsense')()).rejects.toMatchObject({ code: 'refused' });
    const own = device.run(() => Promise.reject(new Error('mine')));
    await expect(own).rejects.toThrow('mine');
    const words = device.run(async (buffers) => {
      const storage = buffers.storage(8);
      buffers.write(storage, Int32Array.of(-5, 7));
      return buffers.read(storage, 8);
    });
    expect(await words).toEqual(Int32Array.of(-5, 7));
    device.close();
  });
});

describe('the CPU in its place', () => {
  it('makes the sum that failed, and all after it; the reason is heard once', async () => {
    const one = await gpu();
    const heard: Error[] = [];
    const sums = withFallback(one.dense, wasmBackend, (error) => heard.push(error));
    expect([sums.name, await sumOf(sums)]).toEqual(['webgpu', SUM]);
    const under = [sumOf(sums), sumOf(sums)];
    one.close();
    expect(await Promise.all(under)).toEqual([SUM, SUM]);
    expect([sums.name, await sumOf(sums)]).toEqual(['wasm', SUM]);
    expect(heard).toMatchObject([{ code: 'device-lost' }]);
  });

  it('makes Gram matrices too', async () => {
    const one = await gpu();
    const heard: Error[] = [];
    const gram = gramWithFallback(one.gram, (error) => heard.push(error));
    const expected = await gramOf(REPORTS, 0, 2);
    expect(await gram(REPORTS, 0, 2)).toEqual(expected);
    one.close();
    expect(await gram(REPORTS, 0, 2)).toEqual(expected);
    expect(await gram(REPORTS, 0, 2)).toEqual(expected);
    expect(heard).toMatchObject([{ code: 'device-lost' }]);
  });

  it('does not take the place of a GPU whose caller was wrong', async () => {
    const one = await gpu();
    const fall = () => {
      throw new Error('fell');
    };
    const sums = withFallback(one.dense, wasmBackend, fall);
    await expect(sums.sum([new Uint8Array(3)], 0, new Float64Array(4))).rejects.toThrow(RangeError);
    expect(sums.name).toBe('webgpu');
    const gram = gramWithFallback(one.gram, fall);
    await expect(gram([new Uint8Array(3)], 0, 4)).rejects.toThrow(RangeError);
  });
});

describe('what a server chooses', () => {
  const privunit = { mechanism: { name: 'privunit' } } as never;
  const dense = { mechanism: { name: 'discrete-gaussian' } } as never;

  it('seeds and Gram matrices on a GPU, sums on the CPU, and the CPU when the GPU is lost', async () => {
    const one = await gpu();
    const heard: Error[] = [];
    const choice = await chooseBackend(null, undefined, {
      openGpu: async (allowSoftware) => {
        expect(allowSoftware).toBe(false);
        return one;
      },
      onFall: (error) => heard.push(error),
    });
    expect(summerOf(dense, choice).name).toBe('wasm');
    expect(summerOf(privunit, choice).name).toBe('webgpu-seeds');
    expect(choice.gpuReason).toBe(one.label);
    const expected = await sumOf(seedBackend, SEEDS);
    expect(await sumOf(choice.seeds, SEEDS)).toEqual(expected);
    one.close();
    expect(await sumOf(choice.seeds, SEEDS)).toEqual(expected);
    expect(heard).toMatchObject([{ code: 'device-lost' }]);
  });

  it('the CPU for all where no GPU opens, or makes other vectors', async () => {
    const none = await chooseBackend(null, undefined, {
      openGpu: () => Promise.reject(new Error('no adapter')),
    });
    expect([none.seeds, none.gram, none.gpuReason]).toEqual([seedBackend, gramOf, 'no adapter']);
    const one = await gpu();
    const wrong = { ...one, seeds: one.dense };
    const other = await chooseBackend(null, undefined, { openGpu: async () => wrong });
    expect(other.seeds).toBe(seedBackend);
    expect(other.gpuReason).toMatch(/wrongly/);
  });

  it('software by name alone, for everything; and no GPU when a CPU backend is asked for', async () => {
    const heard: Error[] = [];
    const onFall = (error: Error) => void heard.push(error);
    const choice = await chooseBackend('webgpu', undefined, { onFall });
    expect(choice).toMatchObject({ backend: { name: 'webgpu' }, reason: 'asked for' });
    expect(choice.seeds.name).toBe('webgpu-seeds');
    expect(await sumOf(choice.backend)).toEqual(SUM);
    const shared = await sharedWebgpu(true);
    shared.close();
    expect(await shared.lost).toMatchObject({ code: 'device-lost' });
    expect(await sumOf(choice.backend)).toEqual(SUM);
    expect(await sumOf(choice.seeds, SEEDS)).toEqual(await sumOf(seedBackend, SEEDS));
    expect(choice.backend.name).toBe('wasm');
    expect(heard).toMatchObject([{ code: 'device-lost' }, { code: 'device-lost' }]);
    const again = await sharedWebgpu(true);
    expect(await sumOf(again.dense)).toEqual(SUM);
    opened.push(again);
    const openGpu = () => Promise.reject(new Error('must not be opened'));
    const cpu = await chooseBackend('wasm', undefined, { openGpu });
    expect([cpu.seeds, cpu.gram]).toEqual([seedBackend, gramOf]);
    expect(cpu.gpuReason).toMatch(/asked for/);
  });
});
