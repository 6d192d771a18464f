/** Is this a report that its task allows? Refused by name before anything is written. */
import { normBound } from '../../shared/field/fixed.ts';
import { sigmaOf } from '../../shared/privacy/mechanism.ts';
import { Refusal } from '../../shared/protocol/refusals.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  REPORT_CONTENT_TYPE,
  REPORT_HEADER_BYTES,
  reportLength,
} from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';

/** A discrete Gaussian exceeds 12 standard deviations with probability below 4e-33. */
const BOUND_SIGMAS = 12;

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Largest |coordinate| of an honest report, integer units: B′ after rounding, and 12 standard
 * deviations of the tier's noise, whose sensitivity is 2B′ in the local tier.
 */
export function coordinateBound(task: Task): number {
  const bound = normBound(2 ** task.scaleBits, task.d);
  const sigma = sigmaOf(task.mechanism);
  return Math.min(2 ** 31 - 1, Math.ceil(bound + BOUND_SIGMAS * sigma * 2 * bound));
}

/**
 * Length that a body may have, from its headers, before a byte of it is read.
 * @param lengths the exact lengths of the tasks that are known here.
 * @throws Refusal bad-type, bad-length or too-large.
 */
export function admittedLength(
  contentType: string | null | undefined,
  contentLength: string | null | undefined,
  lengths: ReadonlySet<number>,
): number {
  const isReport =
    contentType === REPORT_CONTENT_TYPE ||
    contentType?.trim().toLowerCase() === REPORT_CONTENT_TYPE;
  if (!isReport) throw new Refusal('bad-type');
  if (contentLength === null || contentLength === undefined || !/^\d{1,15}$/.test(contentLength)) {
    throw new Refusal('bad-length', 'a content-length is needed');
  }
  const length = Number(contentLength);
  if (lengths.has(length)) return length;
  const largest = Math.max(0, ...lengths);
  if (length > largest) throw new Refusal('too-large', `${length} bytes, at most ${largest}`);
  throw new Refusal('bad-length', `${length} bytes are the length of no task`);
}

/** Task of a body. @throws Refusal of `decodeReportHeader`, or unknown-task, wrong-tier or bad-length. */
export function decodeReport<T extends { readonly task: Task }>(
  body: Uint8Array,
  findTask: (taskHash: Uint8Array) => T | undefined,
): T {
  const header = decodeReportHeader(body);
  const found = findTask(header.taskHash);
  if (found === undefined) throw new Refusal('unknown-task');
  const { task } = found;
  if (header.tier !== task.tier) {
    throw new Refusal('wrong-tier', `${header.tier}, expected ${task.tier}`);
  }
  if (body.length !== reportLength(task)) {
    throw new Refusal('bad-length', `${body.length} bytes, expected ${reportLength(task)}`);
  }
  return found;
}

/**
 * Bits that any of the magnitudes has: m = x, or −x − 1 where x is negative. All magnitudes are at
 * most what is returned. An engine with SIMD may be given for it, since this is the longest loop
 * between socket and disk.
 */
export type MagnitudeBits = (x: Int32Array) => number;

/** Four at a time. */
function magnitudeBits(x: Int32Array): number {
  let bits = 0;
  const whole = x.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const a = x[i] as number;
    const b = x[i + 1] as number;
    const c = x[i + 2] as number;
    const e = x[i + 3] as number;
    bits |= (a ^ (a >> 31)) | (b ^ (b >> 31)) | (c ^ (c >> 31)) | (e ^ (e >> 31));
  }
  for (let i = whole; i < x.length; i++) bits |= (x[i] as number) ^ ((x[i] as number) >> 31);
  return bits;
}

/**
 * Checks what a server can see of a payload: coordinates against `coordinateBound`. A seed and a
 * share are uniform, so that every one of them is as good as another.
 * @param bits a faster one, for where the body lies.
 * @throws Refusal value-out-of-range, without saying which coordinate or value.
 */
export function checkPayload(
  body: Uint8Array,
  task: Task,
  bound: number,
  bits: MagnitudeBits = magnitudeBits,
): void {
  if (task.tier === 'split' || task.mechanism.name === 'privunit') return;
  checkCoordinates(body, task.d, bound, bits);
}

function checkCoordinates(body: Uint8Array, d: number, bound: number, bits: MagnitudeBits): void {
  const start = body.byteOffset + REPORT_HEADER_BYTES;
  let good = false;
  if (LITTLE_ENDIAN && start % 4 === 0) {
    const x = new Int32Array(body.buffer, start, d);
    good = bits(x) < bound || x.every((one) => one <= bound && one >= -bound);
  } else {
    good = decodeCoordinates(body, d).every((one) => one <= bound && one >= -bound);
  }
  if (!good) throw new Refusal('value-out-of-range', `the bound of the task is ${bound}`);
}
