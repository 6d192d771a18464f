/**
 * Sections of an encoded catalogue. Vectors and tf-idf values are quantised per row by its
 * largest entry, and rows are brought back to norm 1 after reading, so that coding what was
 * decoded gives the same bytes again.
 */
import type { SparseRows } from './catalogue.ts';
import { CatalogueError, VarintReader, VarintWriter } from './varint.ts';

const INT8 = 127;
const UINT8 = 255;

export function writeVectors(vectors: Float32Array, n: number, k: number): Uint8Array {
  if (vectors.length !== n * k) throw new CatalogueError('vectors must be n × k');
  const bytes = new Int8Array(n * k);
  for (let row = 0; row < n; row++) {
    let largest = 0;
    for (let c = row * k; c < row * k + k; c++) {
      const size = Math.abs(vectors[c] as number);
      if (!Number.isFinite(size)) throw new CatalogueError('vectors must be finite');
      if (size > largest) largest = size;
    }
    if (largest === 0) continue;
    for (let c = row * k; c < row * k + k; c++) {
      bytes[c] = Math.round((INT8 * (vectors[c] as number)) / largest);
    }
  }
  return new Uint8Array(bytes.buffer);
}

export function readVectors(bytes: Uint8Array, n: number, k: number): Float32Array {
  if (bytes.length !== n * k) throw new CatalogueError('vectors have another length');
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const vectors = new Float32Array(n * k);
  for (let row = 0; row < n; row++) {
    let squares = 0;
    for (let c = row * k; c < row * k + k; c++) squares += (signed[c] as number) ** 2;
    if (squares === 0) continue;
    const scale = 1 / Math.sqrt(squares);
    for (let c = row * k; c < row * k + k; c++) vectors[c] = (signed[c] as number) * scale;
  }
  return vectors;
}

/** Columns as row length, first column and gaps; values as one byte, at least 1. */
export function writeSparse(
  matrix: SparseRows,
  n: number,
  name: string,
): { columns: Uint8Array; values: Uint8Array } {
  const { starts, columns, values, width } = matrix;
  const entries = columns.length;
  if (starts.length !== n + 1 || starts[0] !== 0 || starts[n] !== entries) {
    throw new CatalogueError(`${name}.starts must lead from 0 to the number of entries`);
  }
  if (values.length !== entries) throw new CatalogueError(`${name}.values has another length`);
  const writer = new VarintWriter();
  const bytes = new Uint8Array(entries);
  for (let row = 0; row < n; row++) {
    const begin = starts[row] as number;
    const end = starts[row + 1] as number;
    if (end < begin) throw new CatalogueError(`${name}.starts must not fall`);
    writer.push(end - begin);
    let previous = -1;
    let largest = 0;
    for (let e = begin; e < end; e++) {
      const column = columns[e] as number;
      const value = values[e] as number;
      if (column <= previous || column >= width) {
        throw new CatalogueError(`${name}.columns must ascend below the width`);
      }
      if (!(value > 0 && value < Infinity)) {
        throw new CatalogueError(`${name}.values must be finite and above 0`);
      }
      writer.push(column - previous - 1);
      previous = column;
      if (value > largest) largest = value;
    }
    for (let e = begin; e < end; e++) {
      bytes[e] = Math.max(1, Math.round((UINT8 * (values[e] as number)) / largest));
    }
  }
  return { columns: writer.finish(), values: bytes };
}

export function readSparse(
  columnBytes: Uint8Array,
  valueBytes: Uint8Array,
  n: number,
  width: number,
  name: string,
): SparseRows {
  const reader = new VarintReader(columnBytes, `${name} columns`);
  const entries = valueBytes.length;
  const starts = new Uint32Array(n + 1);
  const columns = new Uint32Array(entries);
  const values = new Float32Array(entries);
  let at = 0;
  for (let row = 0; row < n; row++) {
    const length = reader.next(entries - at);
    let previous = -1;
    let squares = 0;
    for (let e = at; e < at + length; e++) {
      previous = previous + 1 + reader.next(width - previous - 2);
      columns[e] = previous;
      const value = valueBytes[e] as number;
      if (value === 0) throw new CatalogueError(`${name} values hold a zero`);
      squares += value * value;
    }
    const scale = length === 0 ? 0 : 1 / Math.sqrt(squares);
    for (let e = at; e < at + length; e++) values[e] = (valueBytes[e] as number) * scale;
    at += length;
    starts[row + 1] = at;
  }
  reader.end();
  if (at !== entries) throw new CatalogueError(`${name} values have another length`);
  return { starts, columns, values, width };
}

/** Integers from −1 to max − 1, stored one higher. */
export function writeIndices(values: ArrayLike<number>, max: number, name: string): Uint8Array {
  const writer = new VarintWriter();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!(Number.isInteger(value) && value >= -1 && value < max)) {
      throw new CatalogueError(`${name} must hold integers from −1 to ${max - 1}`);
    }
    writer.push(value + 1);
  }
  return writer.finish();
}

export function readIndices(bytes: Uint8Array, n: number, max: number, name: string): Int32Array {
  const reader = new VarintReader(bytes, name);
  const values = new Int32Array(n);
  for (let i = 0; i < n; i++) values[i] = reader.next(max) - 1;
  reader.end();
  return values;
}

/** An item's neighbours without itself; missing entries are n and stand last. */
export function writeGraph(graph: Uint32Array, n: number, degree: number): Uint8Array {
  if (graph.length !== n * degree) throw new CatalogueError('graph must be n × degree');
  const writer = new VarintWriter();
  for (let row = 0; row < n; row++) {
    checkNeighbours(graph, row, degree, n);
    for (let e = row * degree + 1; e < (row + 1) * degree; e++) writer.push(graph[e] as number);
  }
  return writer.finish();
}

export function readGraph(bytes: Uint8Array, n: number, degree: number): Uint32Array {
  const reader = new VarintReader(bytes, 'graph');
  const graph = new Uint32Array(n * degree);
  for (let row = 0; row < n; row++) {
    graph[row * degree] = row;
    for (let e = row * degree + 1; e < (row + 1) * degree; e++) graph[e] = reader.next(n);
    checkNeighbours(graph, row, degree, n);
  }
  reader.end();
  return graph;
}

function checkNeighbours(graph: Uint32Array, row: number, degree: number, n: number): void {
  if (graph[row * degree] !== row)
    throw new CatalogueError('graph must name the item itself first');
  const met = new Set<number>();
  let ended = false;
  for (let e = row * degree; e < (row + 1) * degree; e++) {
    const item = graph[e] as number;
    if (item > n) throw new CatalogueError('graph holds an unknown item');
    if (item === n) ended = true;
    else if (ended || met.has(item)) throw new CatalogueError('graph repeats or skips a neighbour');
    met.add(item);
  }
}

/** One uint32 per column; hashes do not compress. */
export function writeTerms(hashes: Uint32Array, width: number, name: string): Uint8Array {
  if (hashes.length !== width) throw new CatalogueError(`${name} must hold ${width} hashes`);
  const bytes = new Uint8Array(4 * width);
  const view = new DataView(bytes.buffer);
  for (const [column, hash] of hashes.entries()) view.setUint32(4 * column, hash, true);
  return bytes;
}

export function readTerms(bytes: Uint8Array, width: number, name: string): Uint32Array {
  if (bytes.length !== 4 * width) throw new CatalogueError(`${name} have another length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Uint32Array.from({ length: width }, (_, column) => view.getUint32(4 * column, true));
}
