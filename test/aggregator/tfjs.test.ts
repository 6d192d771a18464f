/** The tfjs backend on tfjs's own cpu backend: the code that sums on CUDA. */
import { describe, expect, it } from 'vitest';
import { chooseBackend } from '../../aggregator/average/choose.ts';
import { tfjsBackend } from '../../aggregator/average/tfjs.ts';
import { loadTfjs } from '../../aggregator/average/tfjs-load.ts';
import { averageContract } from '../contract/average.ts';

describe('average backend tfjs', () => {
  averageContract(async () => tfjsBackend(await loadTfjs('cpu')));

  it('RD6 is exact for as many rows, and one more, as float32 carries', async () => {
    const loaded = await loadTfjs('cpu');
    const row = new Uint8Array(Int32Array.of(65_535, -1, -(2 ** 31)).buffer);
    for (const n of [256, 257]) {
      const into = new Float64Array(3);
      await tfjsBackend(loaded).sum(new Array<Uint8Array>(n).fill(row), 0, into);
      expect([...into]).toEqual([n * 65_535, -n, -n * 2 ** 31]);
    }
  });

  it('is exact past one window, and leaves no tensor behind', async () => {
    const loaded = await loadTfjs('cpu');
    const { numTensors } = loaded.tf.memory();
    const row = Int32Array.from({ length: 2 ** 18 + 3 }, (_, i) => Math.imul(i, 0x9e37_79b1));
    const into = new Float64Array(row.length);
    await tfjsBackend(loaded).sum([new Uint8Array(row.buffer)], 0, into);
    expect(into).toEqual(Float64Array.from(row));
    expect(loaded.tf.memory().numTensors).toBe(numTensors);
  });

  it('leaves the sum as it was when tfjs fails half way', async () => {
    const loaded = await loadTfjs('cpu');
    let calls = 0;
    const { tf } = loaded;
    const sum = ((...args: Parameters<typeof tf.sum>) => {
      calls += 1;
      if (calls === 2) throw new Error('out of memory');
      return tf.sum(...args);
    }) as typeof tf.sum;
    const failing = { label: 'failing', tf: { ...tf, sum } };
    const into = Float64Array.of(5);
    const rows = new Array<Uint8Array>(300).fill(new Uint8Array(Int32Array.of(1).buffer));
    await expect(tfjsBackend(failing).sum(rows, 0, into)).rejects.toThrow('out of memory');
    expect([calls, ...into]).toEqual([2, 5]);
  });

  it('is chosen by name; one that tfjs does not have is refused by name', async () => {
    const choice = await chooseBackend('tfjs-cpu');
    expect([choice.backend.name, choice.reason]).toEqual(['tfjs-cpu', 'asked for']);
    await expect(loadTfjs('abacus')).rejects.toMatchObject({ code: 'no-backend' });
    await expect(loadTfjs('abacus')).rejects.toThrow(/abacus/);
  });
});
