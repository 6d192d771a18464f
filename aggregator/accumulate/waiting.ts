/** A report that is on its way to the disk. */
export class Waiting {
  readonly id: string;
  readonly body: Uint8Array;
  readonly done: Promise<void>;
  #settle: { resolve(): void; reject(reason: unknown): void } | null = null;

  constructor(id: string, body: Uint8Array) {
    this.id = id;
    this.body = body;
    this.done = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  resolve(): void {
    this.#settle?.resolve();
  }

  reject(reason: unknown): void {
    this.#settle?.reject(reason);
  }
}
