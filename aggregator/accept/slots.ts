/**
 * Bodies in flight: a bounded number of them, each in a slot of its task's exact length, all slots
 * in one WebAssembly memory. What follows (bound check, sum) reads them there, without a copy.
 *
 * The memory is as large from the start as it will ever be, so that views stay valid; pages that no
 * body has touched cost nothing.
 */
import { assertInteger } from '../../shared/assert/assert.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import { REPORT_HEADER_BYTES } from '../../shared/protocol/report.ts';

/** Coordinates begin on a cache line: a load of 16 bytes never touches two. */
const LINE = 64;
const LEAD = LINE - (REPORT_HEADER_BYTES % LINE);

export const WASM_PAGE = 65_536;
/** 4 GiB less a page: every address behind a byte is one of 32 bits. */
const MAX_PAGES = 65_535;

export interface SlotLimits {
  /** Exact body lengths of the known tasks. */
  readonly lengths: Iterable<number>;
  /** Bodies in flight at most, whatever their length. */
  readonly limit: number;
  /** Memory for them, bytes; every length has one slot at least. */
  readonly limitBytes: number;
  /** Bytes of the memory that are somebody else's, from address 0 on. */
  readonly from: number;
}

/** Slots of one length. */
interface Share {
  readonly length: number;
  readonly stride: number;
  readonly count: number;
  /** Address of the first one. */
  readonly at: number;
}

export interface SlotPlan {
  readonly shares: readonly Share[];
  readonly limit: number;
  /** Pages of the memory that holds them. */
  readonly pages: number;
}

/**
 * Divides the memory: the shortest lengths first, each up to `limit` slots and up to an equal part
 * of what is left, so that one task's bodies cannot take the place of another's.
 * @throws RangeError when even one slot a length is more than a memory can hold.
 */
export function planSlots({ lengths, limit, limitBytes, from }: SlotLimits): SlotPlan {
  assertInteger('limit', limit, 1);
  assertInteger('limitBytes', limitBytes, 1);
  assertInteger('from', from, 0);
  const sorted = [...new Set(lengths)].sort((a, b) => a - b);
  const start = Math.ceil(from / LINE) * LINE;
  let left = Math.min(limitBytes, MAX_PAGES * WASM_PAGE - start);
  let at = start;
  const shares = sorted.map((length, i) => {
    assertInteger('lengths', length, 1);
    const stride = Math.ceil((LEAD + length) / LINE) * LINE;
    const fit = Math.floor(left / (sorted.length - i) / stride);
    const share = { length, stride, count: Math.max(1, Math.min(limit, fit)), at };
    at += stride * share.count;
    left = Math.max(0, left - stride * share.count);
    return share;
  });
  const pages = Math.max(1, Math.ceil(at / WASM_PAGE));
  if (pages > MAX_PAGES) throw new RangeError('lengths are more than one memory can hold');
  return { shares, limit, pages };
}

/** One body on its way: exactly `bytes.length` bytes are taken. */
export class Slot {
  readonly bytes: Uint8Array;
  readonly #giveBack: (bytes: Uint8Array) => void;
  #filled = 0;
  #released = false;

  constructor(bytes: Uint8Array, giveBack: (bytes: Uint8Array) => void) {
    this.bytes = bytes;
    this.#giveBack = giveBack;
  }

  /** @throws Refusal bad-length when more comes than was declared. */
  push(chunk: Uint8Array): void {
    const { length } = this.bytes;
    if (this.#filled + chunk.length > length) {
      throw new Refusal('bad-length', `more than the ${length} bytes that were declared`);
    }
    this.bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  /** @throws Refusal incomplete-body when less came than was declared. */
  finish(): Uint8Array {
    const { length } = this.bytes;
    if (this.#filled < length) {
      throw new Refusal('incomplete-body', `${this.#filled} of ${length} bytes`);
    }
    return this.bytes;
  }

  /** Gives the place back; nobody may read it afterwards. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#giveBack(this.bytes);
  }
}

/** Slots of one length that are free: used ones last in, first out, then places never used. */
class FreeList {
  readonly #memory: WebAssembly.Memory;
  readonly #share: Share;
  readonly #used: Uint8Array[] = [];
  #made = 0;
  readonly giveBack: (bytes: Uint8Array) => void;

  constructor(memory: WebAssembly.Memory, share: Share, released: () => void) {
    this.#memory = memory;
    this.#share = share;
    this.giveBack = (bytes) => {
      this.#used.push(bytes);
      released();
    };
  }

  get touchedBytes(): number {
    return this.#made * this.#share.stride;
  }

  take(): Uint8Array | null {
    const used = this.#used.pop();
    if (used !== undefined) return used;
    const { at, stride, count, length } = this.#share;
    if (this.#made === count) return null;
    const address = at + this.#made * stride + LEAD;
    this.#made += 1;
    return new Uint8Array(this.#memory.buffer, address, length);
  }
}

export class SlotPool {
  readonly #limit: number;
  readonly #free = new Map<number, FreeList>();
  #inFlight = 0;

  /** @param memory of at least `plan.pages`; it must not grow. A new one when left out. */
  constructor(
    { shares, limit, pages }: SlotPlan,
    memory = new WebAssembly.Memory({ initial: pages, maximum: pages }),
  ) {
    if (memory.buffer.byteLength < pages * WASM_PAGE) {
      throw new RangeError(`memory must have ${pages} pages`);
    }
    this.#limit = limit;
    const released = (): void => {
      this.#inFlight -= 1;
    };
    for (const share of shares) {
      this.#free.set(share.length, new FreeList(memory, share, released));
    }
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Bytes of the places that were ever used: what the slots cost so far. */
  get heldBytes(): number {
    let held = 0;
    for (const list of this.#free.values()) held += list.touchedBytes;
    return held;
  }

  /**
   * @param length one of those that were planned for.
   * @throws Refusal no-slots; RangeError for another length.
   */
  take(length: number): Slot {
    const list = this.#free.get(length);
    if (list === undefined) throw new RangeError(`no slot has ${length} bytes`);
    if (this.#inFlight >= this.#limit) throw new Refusal('no-slots');
    const bytes = list.take();
    if (bytes === null) throw new Refusal('no-slots');
    this.#inFlight += 1;
    return new Slot(bytes, list.giveBack);
  }
}

/** Slots of any length, each in memory of its own, for a node whose tasks come and go. */
export class LooseSlots {
  readonly #limits: Pick<SlotLimits, 'limit' | 'limitBytes'>;
  #inFlight = 0;
  #bytes = 0;

  constructor(limits: Pick<SlotLimits, 'limit' | 'limitBytes'>) {
    this.#limits = limits;
  }

  /** One body is taken however long it is. @throws Refusal no-slots */
  take(length: number): Slot {
    const { limit, limitBytes } = this.#limits;
    const tooMuch = this.#inFlight > 0 && this.#bytes + length > limitBytes;
    if (this.#inFlight >= limit || tooMuch) throw new Refusal('no-slots');
    this.#inFlight += 1;
    this.#bytes += length;
    return new Slot(new Uint8Array(length), () => {
      this.#inFlight -= 1;
      this.#bytes -= length;
    });
  }
}
