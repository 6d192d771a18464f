/** A bounded number of bodies in flight, in buffers that are used again. */
import { assertInteger } from '../../shared/assert/assert.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';

/** One body on its way: exactly `bytes.length` bytes are taken. */
export interface Slot {
  readonly bytes: Uint8Array;
  /** @throws Refusal bad-length when more comes than was declared. */
  push(chunk: Uint8Array): void;
  /** @throws Refusal incomplete-body when less came than was declared. */
  finish(): Uint8Array;
  /** Gives the buffer back; nobody may read it afterwards. */
  release(): void;
}

export class SlotPool {
  readonly #limit: number;
  readonly #free = new Map<number, Uint8Array[]>();
  #inFlight = 0;

  constructor(limit: number) {
    assertInteger('limit', limit, 1);
    this.#limit = limit;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** @throws Refusal no-slots */
  take(length: number): Slot {
    if (this.#inFlight >= this.#limit) throw new Refusal('no-slots');
    this.#inFlight += 1;
    const free = this.#free.get(length) ?? [];
    this.#free.set(length, free);
    const bytes = free.pop() ?? new Uint8Array(new ArrayBuffer(length));
    let filled = 0;
    let released = false;
    return {
      bytes,
      push: (chunk) => {
        if (filled + chunk.length > length) {
          throw new Refusal('bad-length', `more than the ${length} bytes that were declared`);
        }
        bytes.set(chunk, filled);
        filled += chunk.length;
      },
      finish: () => {
        if (filled < length) throw new Refusal('incomplete-body', `${filled} of ${length} bytes`);
        return bytes;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#inFlight -= 1;
        free.push(bytes);
      },
    };
  }
}
