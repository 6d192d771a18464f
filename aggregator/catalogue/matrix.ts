/**
 * Vectors that the shop computed itself, one row per good in the feed's order: NumPy's .npy format,
 * versions 1 to 3 (numpy.lib.format), two dimensions, row by row, little endian numbers of 8 bits
 * (signed), 16, 32 or 64 bits (float).
 */

/** The file is no such matrix; `message` says why. */
export class MatrixError extends Error {
  readonly code = 'bad-matrix';

  constructor(message: string) {
    super(`bad-matrix: ${message}`);
    this.name = 'MatrixError';
  }
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const MAX_COLUMNS = 1 << 16;

type Read = (view: DataView, at: number) => number;
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly read: Read }>> = {
  '|i1': { bytes: 1, read: (view, at) => view.getInt8(at) },
  '<f2': { bytes: 2, read: (view, at) => half(view.getUint16(at, true)) },
  '<f4': { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  '<f8': { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
};

/** @throws MatrixError for another format, a length that does not fit, or a number that is none. */
export function readMatrix(file: Uint8Array): Float32Array[] {
  if (file.length < 12 || MAGIC.some((byte, i) => file[i] !== byte)) {
    throw new MatrixError('not a .npy file');
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const short = file[6] === 1;
  const start = short ? 10 : 12;
  const end = start + (short ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > file.length) throw new MatrixError('the header ends early');
  const header = new TextDecoder().decode(file.subarray(start, end));
  const type = TYPES[/'descr': *'([^']*)'/.exec(header)?.[1] ?? ''];
  const shape = /'shape': *\((\d+), *(\d+),?\)/.exec(header);
  if (type === undefined) throw new MatrixError(`numbers must be ${Object.keys(TYPES).join(', ')}`);
  if (shape === null) throw new MatrixError('two dimensions are needed');
  if (!/'fortran_order': *False/.test(header)) throw new MatrixError('rows must lie end to end');
  const [rows, columns] = [Number(shape[1]), Number(shape[2])];
  if (columns < 1 || columns > MAX_COLUMNS) {
    throw new MatrixError(`1 to ${MAX_COLUMNS} columns are needed`);
  }
  if (file.length - end !== rows * columns * type.bytes) {
    throw new MatrixError(`${rows} × ${columns} numbers are of another length than the file`);
  }
  return Array.from({ length: rows }, (_, row) =>
    Float32Array.from({ length: columns }, (_, column) => {
      const value = Math.fround(type.read(view, end + (row * columns + column) * type.bytes));
      if (!Number.isFinite(value)) throw new MatrixError(`row ${row} holds a number that is none`);
      return value;
    }),
  );
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits >>> 15 === 1 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
