/** What can go wrong with a GPU, by name. A sum that failed has changed nothing. */

export type GpuErrorCode =
  /** The npm package is not installed. */
  | 'missing-package'
  /** It is installed, and its addon does not load. */
  | 'broken-addon'
  | 'no-adapter'
  /** Only a software renderer is there, and nobody asked for one. */
  | 'software-adapter'
  | 'out-of-memory'
  | 'device-lost'
  /** The driver refused a command: an error of this code, or of the driver. */
  | 'refused';

export class GpuError extends Error {
  readonly code: GpuErrorCode;

  constructor(code: GpuErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'GpuError';
    this.code = code;
  }
}
