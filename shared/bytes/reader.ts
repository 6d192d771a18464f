/** Little-endian reading and writing of fixed layouts; the reader refuses left-over bytes. */
import { assertBytes, assertInteger } from '../assert/assert.ts';

/** Reads a byte string from front to back. Every method throws RangeError past the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    assertBytes('bytes', bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** Returns a copy of the next `length` bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    assertInteger('length', length, 0);
    const start = this.#take(length);
    return Uint8Array.from(this.#bytes.subarray(start, start + length));
  }

  /** Throws RangeError when bytes are left over. */
  end(): void {
    if (this.remaining !== 0) throw new RangeError(`${this.remaining} bytes are left over`);
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new RangeError(`needs ${length} bytes, only ${this.remaining} are left`);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

/** Writes a byte string from front to back; `finish()` returns a copy of what was written. */
export class ByteWriter {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    assertInteger('value', value, 0, 0xff);
    // First grow, then touch the view: growing replaces it.
    const start = this.#grow(1);
    this.#view.setUint8(start, value);
    return this;
  }

  u16(value: number): this {
    assertInteger('value', value, 0, 0xffff);
    const start = this.#grow(2);
    this.#view.setUint16(start, value, true);
    return this;
  }

  u32(value: number): this {
    assertInteger('value', value, 0, 0xffff_ffff);
    const start = this.#grow(4);
    this.#view.setUint32(start, value, true);
    return this;
  }

  i32(value: number): this {
    assertInteger('value', value, -0x8000_0000, 0x7fff_ffff);
    const start = this.#grow(4);
    this.#view.setInt32(start, value, true);
    return this;
  }

  bytes(value: Uint8Array): this {
    assertBytes('value', value);
    const start = this.#grow(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(length: number): number {
    const start = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return start;
  }
}
