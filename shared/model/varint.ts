/** Unsigned LEB128 streams (DWARF 5 §7.6), canonical: the shortest spelling only, below 2³². */

/** A catalogue that cannot be encoded, or bytes that are not one. */
export class CatalogueError extends RangeError {
  constructor(message: string) {
    super(`catalogue: ${message}`);
    this.name = 'CatalogueError';
  }
}

export class VarintWriter {
  #bytes = new Uint8Array(1024);
  #length = 0;

  push(value: number): void {
    if (this.#length + 5 > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }
}

export class VarintReader {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#name = name;
  }

  /** @throws CatalogueError at the end, above `max`, or for a spelling that is not the shortest. */
  next(max: number): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new CatalogueError(`${this.#name} ends early`);
      this.#at++;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) throw new CatalogueError(`${this.#name} holds a padded number`);
        if (value > max) throw new CatalogueError(`${this.#name} holds a number above ${max}`);
        return value;
      }
      factor *= 128;
    }
    throw new CatalogueError(`${this.#name} holds a number of more than five bytes`);
  }

  /** Bytes that have been read. */
  get at(): number {
    return this.#at;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw new CatalogueError(
        `${this.#name} has ${this.#bytes.length - this.#at} bytes left over`,
      );
    }
  }
}

/** @throws CatalogueError where there are fewer. */
export function skipVarints(reader: VarintReader, count: number): void {
  for (let i = 0; i < count; i++) reader.next(0xffff_ffff);
}
