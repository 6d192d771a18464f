import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanOf } from '../../aggregator/average/backend.ts';
import { BACKENDS, CANDIDATES, choiceOn, chooseBackend } from '../../aggregator/average/choose.ts';
import { createKernels, SCRATCH_BLOCK, SCRATCH_BYTES } from '../../aggregator/average/kernels.ts';
import { plainSeedBackend, seedBackend } from '../../aggregator/average/seeds.ts';
import { sumShares, wasmBackend, wasmBackendOn } from '../../aggregator/average/wasm.ts';
import { averageContract } from '../contract/average.ts';

/** Kernels on a memory whose pages behind scratch are the tests'. */
const FREE = 8 * 65_536;
const SIZE = 64 * 65_536;
const kernels = createKernels(
  new WebAssembly.Memory({ initial: SIZE / 65_536, maximum: SIZE / 65_536 }),
  0,
);
const bytes = new Uint8Array(kernels.memory.buffer);

for (const backend of BACKENDS) {
  describe(`average backend ${backend.name}`, () => averageContract(() => backend));
}

describe('average backend wasm on reports in its memory', () => {
  let next = FREE;
  averageContract(
    () => wasmBackendOn(kernels),
    {},
    (report) => {
      const { length } = report;
      if (next + length > SIZE) next = FREE;
      const inside = bytes.subarray(next, next + length);
      inside.set(report);
      next += length + 1;
      return inside;
    },
  );
});

describe('reports in the memory', () => {
  it('are summed where they are, others are copied to scratch', () => {
    const scratch = bytes.subarray(8 * SCRATCH_BLOCK, SCRATCH_BYTES);
    const inside = bytes.subarray(FREE, FREE + 96).fill(1);
    const into = new Float64Array(2);
    scratch.fill(0xaa);
    wasmBackendOn(kernels).sum([inside, inside], 88, into);
    expect(scratch.every((one) => one === 0xaa)).toBe(true);
    wasmBackendOn(kernels).sum([Uint8Array.from(inside)], 88, into);
    expect(scratch.every((one) => one === 0xaa)).toBe(false);
    expect([...into]).toEqual([3 * 0x01010101, 3 * 0x01010101]);
  });

  it('are those of the chosen backend where that is wasm', async () => {
    const choice = await chooseBackend();
    const { backend } = choiceOn(kernels, choice);
    expect([choice.backend, backend.name]).toEqual([wasmBackend, 'wasm']);
    const scratch = bytes.subarray(8 * SCRATCH_BLOCK, SCRATCH_BYTES).fill(0xaa);
    await backend.sum([bytes.subarray(FREE, FREE + 96)], 88, new Float64Array(2));
    expect(scratch.every((one) => one === 0xaa)).toBe(true);
    const plain = await chooseBackend('reference');
    expect(choiceOn(kernels, plain)).toBe(plain);
  });
});

describe('shares', () => {
  it('W9 sumShares adds mod 2^32, in place and copied', () => {
    const word = fc.oneof(fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 31), fc.nat(2 ** 32 - 1));
    const shares = fc.array(fc.array(word, { minLength: 7, maxLength: 7 }), { maxLength: 20 });
    fc.assert(
      fc.property(
        shares,
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        (rows, where) => {
          const reports = rows.map((row, r) => {
            const report = where[r]
              ? bytes.subarray(FREE + 48 * r, FREE + 48 * r + 36)
              : new Uint8Array(36);
            report.fill(0xee);
            report.set(new Uint8Array(Uint32Array.from(row).buffer), 8);
            return report;
          });
          const into = Uint32Array.from([0, 1, 2, 3, 4, 5, 2 ** 32 - 1]);
          const expected = into.map((one, i) =>
            Number(
              BigInt.asUintN(
                32,
                rows.reduce((sum, row) => sum + BigInt(row[i] as number), BigInt(one)),
              ),
            ),
          );
          const own = Uint32Array.from(into);
          sumShares(reports, 8, into, kernels);
          sumShares(reports, 8, own);
          expect(into).toEqual(expected);
          expect(own).toEqual(expected);
        },
      ),
    );
    expect(() => sumShares([new Uint8Array(35)], 8, new Uint32Array(7))).toThrow(/reports\[0\]/);
  });
});

describe('seeds', () => {
  const seedOf = (k: number): Uint8Array =>
    Uint8Array.from({ length: 40 }, (_, i) => (i < 8 ? 0xee : (k * 31 + i * 7) & 0xff));

  it.each([0, 1, 2, 31, 32, 33, 16_383, 16_384, 16_385, 33_001])(
    'PR38 the module and TypeScript make the same %i coordinates',
    (d) => {
      for (const n of [0, 1, 5]) {
        const seeds = Array.from({ length: n }, (_, k) => seedOf(k));
        const [one, other] = [new Float64Array(d).fill(-7), new Float64Array(d).fill(-7)];
        seedBackend.sum(seeds, 8, one);
        plainSeedBackend.sum(seeds, 8, other);
        expect(Buffer.compare(new Uint8Array(one.buffer), new Uint8Array(other.buffer))).toBe(0);
        expect(n > 0 && d > 0 && one.every((x) => x === -7)).toBe(false);
      }
    },
  );

  it('PR38 is exact past the seeds that an int32 holds', () => {
    const n = 3 * 2 ** 16 + 1;
    const one = new Float64Array(1);
    let seed = seedOf(0);
    for (let k = 1; Math.abs(one[0] as number) * n < 2 ** 31; k++) {
      seed = Uint8Array.from({ length: 40 }, (_, i) => (k * (i + 1)) & 0xff);
      plainSeedBackend.sum([seed], 8, one.fill(0));
    }
    const many = new Float64Array(1);
    seedBackend.sum(new Array<Uint8Array>(n).fill(seed), 8, many);
    expect(many[0]).toBe((one[0] as number) * n);
  });

  it('PR38 refuses a report without a whole seed and changes nothing', () => {
    const into = new Float64Array(2);
    const short = [seedOf(1), seedOf(2).subarray(0, 39)];
    expect(() => seedBackend.sum(short, 8, into)).toThrow('reports[1]');
    expect([...into]).toEqual([0, 0]);
  });
});

describe('choice of a backend', () => {
  it('takes the one that is asked for and refuses an unknown one', async () => {
    expect((await chooseBackend('reference')).backend.name).toBe('reference');
    await expect(chooseBackend('abacus')).rejects.toThrow(/abacus/);
    expect((await chooseBackend()).backend.name).not.toBe('reference');
  });

  it('passes over a backend that does not open or sums wrongly, and says why when asked', async () => {
    const broken = { name: 'broken', open: () => Promise.reject(new Error('no adapter')) };
    const wrong = {
      name: 'wrong',
      open: () => ({
        name: 'wrong',
        sum: (_: unknown, __: number, into: Float64Array) => {
          into[3] = 2 ** 31;
        },
      }),
    };
    const candidates = [broken, wrong, ...CANDIDATES];
    expect((await chooseBackend(null, candidates)).backend).toBe(CANDIDATES[0]?.open());
    await expect(chooseBackend('broken', candidates)).rejects.toThrow(/no adapter/);
    await expect(chooseBackend('wrong', candidates)).rejects.toThrow(/wrongly/);
    await expect(chooseBackend(null, [broken])).rejects.toThrow(RangeError);
  });
});

describe('mean', () => {
  it('RD7 known answers', () => {
    expect([...meanOf(Float64Array.of(6, -9), 3, 2)]).toEqual([1, -1.5]);
    expect(() => meanOf(new Float64Array(1), 0, 1)).toThrow(/count/);
  });
});
