/** In how many texts a 32-bit hash occurs: open addressing, as millions of them are counted. */
export class Frequency {
  #keys: Uint32Array = new Uint32Array(1 << 12);
  #counts: Uint32Array = new Uint32Array(1 << 12);
  #size = 0;

  /** One more text. */
  add(key: number): void {
    if (2 * this.#size >= this.#keys.length) this.#grow();
    const slot = this.#slot(key);
    if (this.#counts[slot] === 0) this.#size++;
    this.#keys[slot] = key;
    this.#counts[slot] = (this.#counts[slot] as number) + 1;
  }

  of(key: number): number {
    return this.#counts[this.#slot(key)] as number;
  }

  #slot(key: number): number {
    const mask = this.#keys.length - 1;
    let slot = key & mask;
    while (this.#counts[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Uint32Array(2 * keys.length);
    this.#counts = new Uint32Array(2 * keys.length);
    for (const [i, count] of counts.entries()) {
      if (count === 0) continue;
      const slot = this.#slot(keys[i] as number);
      this.#keys[slot] = keys[i] as number;
      this.#counts[slot] = count;
    }
  }
}
