/** A report that this room refuses to make, by name. */
export class NoiseError extends Error {
  readonly code: 'unsupported-tier' | 'wrong-mechanism' | 'reused-noise' | 'wrong-noise';

  constructor(code: NoiseError['code'], message: string) {
    super(`${code}: ${message}`);
    this.name = 'NoiseError';
    this.code = code;
  }
}
