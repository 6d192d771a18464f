/** Places for bodies in one memory: how many there are, that they never meet, and that they return. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LooseSlots, planSlots, SlotPool, WASM_PAGE } from '../../aggregator/accept/slots.ts';

const FROM = 1000;

function pool(lengths: readonly number[], limit: number, limitBytes: number): SlotPool {
  return new SlotPool(planSlots({ lengths, limit, limitBytes, from: FROM }));
}

/** Takes slots of a length until there is none. */
function drain(from: SlotPool, length: number): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (;;) {
    try {
      taken.push(from.take(length).bytes);
    } catch (error) {
      expect((error as Error).message).toContain('no-slots');
      return taken;
    }
  }
}

describe('slots', () => {
  it('H7 holds no more bodies than it may, and hands released ones out again', () => {
    const slots = pool([400, 200], 3, 10_000);
    const [a, b, c] = [slots.take(400), slots.take(400), slots.take(200)];
    expect(() => slots.take(200)).toThrow(/no-slots/);
    expect(slots.inFlight).toBe(3);
    const held = slots.heldBytes;
    for (const slot of [a, b, b, c]) slot.release();
    expect([slots.inFlight, slots.heldBytes]).toEqual([0, held]);
    expect(slots.take(400).bytes).toBe(b.bytes);
    expect(slots.heldBytes).toBe(held);
  });

  it('H7 keeps to its bytes, and bodies of one length never take the place of another', () => {
    const slots = pool([120, 40_088, 4_000_088], 1024, 16 << 20);
    expect(drain(slots, 4_000_088)).toHaveLength(2);
    expect(drain(slots, 40_088).length).toBeGreaterThan(200);
    expect(drain(slots, 120).length).toBeGreaterThan(500);
    expect(slots.heldBytes).toBeLessThanOrEqual(16 << 20);
    expect(slots.inFlight).toBeLessThanOrEqual(1024);
  });

  it('H7 a body that is larger than its bytes is taken alone', () => {
    const slots = pool([5000, 10], 8, 1000);
    expect(drain(slots, 5000)).toHaveLength(1);
    expect(drain(slots, 10).length).toBeGreaterThan(1);
  });

  it('all lie apart in the memory, behind what is not theirs, coordinates at a multiple of 16', () => {
    const lengths = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 200_000 }), (all, limitBytes) => {
        const plan = planSlots({ lengths: all, limit: 40, limitBytes, from: FROM });
        const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages });
        let end = FROM;
        const views = all.flatMap((length) => drain(new SlotPool(plan, memory), length));
        for (const view of views.sort((a, b) => a.byteOffset - b.byteOffset)) {
          expect(view.buffer).toBe(memory.buffer);
          expect(view.byteOffset).toBeGreaterThanOrEqual(end);
          expect((view.byteOffset + 88) % 16).toBe(0);
          end = view.byteOffset + view.length;
        }
        expect(end).toBeLessThanOrEqual(plan.pages * WASM_PAGE);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a length that nobody planned for, and a memory that is too small', () => {
    expect(() => pool([100], 1, 1000).take(101)).toThrow(RangeError);
    const plan = planSlots({ lengths: [100_000], limit: 4, limitBytes: 1 << 20, from: 0 });
    const small = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    expect(() => new SlotPool(plan, small)).toThrow(/pages/);
    const lengths = [3 * 2 ** 30, 2 ** 31];
    expect(() => planSlots({ lengths, limit: 1, limitBytes: 1, from: 0 })).toThrow(RangeError);
    expect(planSlots({ lengths: [], limit: 1, limitBytes: 1, from: 0 }).pages).toBe(1);
  });

  it('H5 takes exactly the declared bytes', () => {
    const slot = pool([10], 1, 100).take(10);
    slot.push(new Uint8Array(6).fill(1));
    expect(() => slot.finish()).toThrow(/incomplete-body: 6 of 10/);
    expect(() => slot.push(new Uint8Array(5))).toThrow(/bad-length/);
    slot.push(new Uint8Array(4).fill(2));
    expect([...slot.finish()]).toEqual([1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
  });
});

describe('slots in memory of their own', () => {
  it('H7 keep to their number and their bytes, but one body is taken however long it is', () => {
    const slots = new LooseSlots({ limit: 3, limitBytes: 1000 });
    const [a, b] = [slots.take(500), slots.take(500)];
    expect(() => slots.take(1)).toThrow(/no-slots/);
    a.release();
    a.release();
    expect(() => slots.take(501)).toThrow(/no-slots/);
    const small = [slots.take(1), slots.take(2)];
    expect(() => slots.take(1)).toThrow(/no-slots/);
    for (const slot of [b, ...small]) slot.release();
    expect(slots.take(5000).bytes).toHaveLength(5000);
    expect(() => slots.take(1)).toThrow(/no-slots/);
  });
});
