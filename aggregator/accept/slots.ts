/** A bounded number of bodies in flight, and of bytes for them, in buffers that are used again. */
import { assertInteger } from '../../shared/assert/assert.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';

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

  /** Gives the buffer back; nobody may read it afterwards. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#giveBack(this.bytes);
  }
}

export class SlotPool {
  readonly #limit: number;
  readonly #limitBytes: number;
  readonly #free = new Map<number, Uint8Array[]>();
  readonly #giveBack = (bytes: Uint8Array): void => this.#release(bytes);
  #inFlight = 0;
  /** Bytes of all buffers, in flight and free. */
  #held = 0;

  /** @param limitBytes for all buffers together; a single larger one is taken when alone. */
  constructor(limit: number, limitBytes: number) {
    assertInteger('limit', limit, 1);
    assertInteger('limitBytes', limitBytes, 1);
    this.#limit = limit;
    this.#limitBytes = limitBytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get heldBytes(): number {
    return this.#held;
  }

  /** @throws Refusal no-slots */
  take(length: number): Slot {
    if (this.#inFlight >= this.#limit) throw new Refusal('no-slots');
    const bytes = this.#free.get(length)?.pop() ?? this.#make(length);
    this.#inFlight += 1;
    return new Slot(bytes, this.#giveBack);
  }

  #make(length: number): Uint8Array {
    if (this.#held + length > this.#limitBytes) this.#dropFree();
    if (this.#held + length > this.#limitBytes && this.#held > 0) throw new Refusal('no-slots');
    this.#held += length;
    return new Uint8Array(new ArrayBuffer(length));
  }

  #dropFree(): void {
    for (const [length, buffers] of this.#free) this.#held -= length * buffers.length;
    this.#free.clear();
  }

  #release(bytes: Uint8Array): void {
    this.#inFlight -= 1;
    const free = this.#free.get(bytes.length);
    if (free === undefined) this.#free.set(bytes.length, [bytes]);
    else free.push(bytes);
  }
}
