/**
 * A report that a browser exported, taken apart (PR55): what is in it, whether it obeys its task,
 * and whether its norm is one that the noise of the task gives.
 */
import { fromBase64url } from '../../shared/bytes/base64url.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import { normBound } from '../../shared/field/fixed.ts';
import {
  decodeCoordinates,
  decodeReportHeader,
  type ReportHeader,
  reportLength,
} from '../../shared/protocol/report.ts';
import type { Task } from '../../shared/protocol/task.ts';
import { coordinateBound } from '../accept/validate.ts';
import { type Batches, labelOf } from './batches.ts';
import type { Checks } from './check.ts';
import { chiSquaredInterval } from './chi-squared.ts';
import type { History } from './history.ts';
import { browserVariance } from './supply.ts';
import { reasonOf, UsageError } from './web.ts';

const MAGIC = 'VTR1';
/** Two-sided false-alarm rate of the norm's interval. */
const ALARM = 1e-6;

/** One report of the file: its bytes, or why it has none, and what the export says of it. */
interface Exported {
  readonly label: string;
  readonly bytes: Uint8Array | null;
}

interface Outbox {
  readonly outbox?: readonly { readonly reportId?: unknown; readonly body?: unknown }[];
  readonly reports?: readonly { readonly reportId?: unknown }[];
  readonly bytes?: unknown;
}

/**
 * Reports of a file: the raw bytes of one, or the JSON of `exportData()` or `privacyReport()`.
 * @throws UsageError for anything else.
 */
export function readExport(file: Uint8Array): readonly Exported[] {
  if (String.fromCharCode(...file.subarray(0, 4)) === MAGIC) return [{ label: '', bytes: file }];
  let json: Outbox;
  try {
    json = JSON.parse(fromUtf8(file)) as Outbox;
  } catch (error) {
    throw new UsageError(`--report: neither a report nor JSON (${reasonOf(error)})`);
  }
  const entries = Array.isArray(json?.outbox) ? json.outbox : json?.reports;
  if (!Array.isArray(entries)) {
    throw new UsageError('--report: JSON without the outbox or the reports of a browser');
  }
  return entries.map(({ reportId, body }: { reportId?: unknown; body?: unknown }) => ({
    label: String(reportId).slice(0, 32),
    bytes: typeof body === 'string' ? fromBase64url(body) : null,
  }));
}

export interface ReportContext {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly history: History;
  readonly batches: Batches;
}

export function checkReport(
  { label, bytes }: Exported,
  context: ReportContext,
  checks: Checks,
): void {
  if (bytes === null) {
    const why =
      'the browser keeps the bytes of a report until it is sent, and the page that sent it';
    checks.skip('report-form', label, `no bytes in the file: ${why}`);
    return;
  }
  let header: ReportHeader;
  try {
    header = decodeReportHeader(bytes);
  } catch (error) {
    checks.fail('report-form', label, reasonOf(error));
    return;
  }
  const id = toHex(header.id);
  const task = checkNames(header, id, context, checks);
  if (task === null) {
    checks.skip('report-form', id, `${bytes.length} bytes, ${header.tier} tier, of no known task`);
    return;
  }
  const expected = reportLength(task);
  const holds = header.tier === task.tier && bytes.length === expected;
  const form = `${header.tier} tier, ${bytes.length} bytes: 88 of header, ${bytes.length - 88} of payload`;
  const detail = holds ? form : `${form}; the task has ${task.tier} tier, ${expected} bytes`;
  checks.decide(holds, 'report-form', id, detail, { bytes: bytes.length, expected });
  if (holds) checkVector(bytes, task, id, checks);
}

function checkNames(
  header: ReportHeader,
  id: string,
  { tasks, history, batches }: ReportContext,
  checks: Checks,
): Task | null {
  const [taskHash, roundHash] = [toHex(header.taskHash), toHex(header.roundHash)];
  const task = tasks.get(taskHash);
  const round = history.rounds.find(({ hash }) => hash === roundHash);
  if (task === undefined) {
    checks.fail('report-task', id, `task ${taskHash} is none of this site`);
    return null;
  }
  if (round?.taskHash !== taskHash) {
    checks.fail('report-task', id, `round ${roundHash} of task '${task.name}' is not in the log`);
    return task;
  }
  const counted = batches.of(id);
  const outcome =
    counted.length > 0
      ? 'counted in its batch'
      : round.model !== null
        ? 'not counted in its batch'
        : round.abandoned !== null
          ? 'of a round that was abandoned'
          : 'of a round without an outcome yet';
  checks.pass('report-task', id, `${labelOf(round)}, ${outcome}`, { counted: counted.length });
  return task;
}

function checkVector(bytes: Uint8Array, task: Task, id: string, checks: Checks): void {
  if (task.tier === 'split') {
    const why = "the aggregator's share is masked: random to whoever lacks the sealed seed";
    checks.skip('report-values', id, why);
    checks.skip('report-noise', id, why);
    return;
  }
  if (task.mechanism.name === 'privunit') {
    const why = 'a seed of 32 bytes, each as good as another: PrivUnitG noises by its choice';
    checks.skip('report-values', id, why);
    checks.skip('report-noise', id, why);
    return;
  }
  const z = decodeCoordinates(bytes, task.d);
  const bound = coordinateBound(task);
  const largest = z.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  const values = `largest |coordinate| ${largest}, bound ${bound}`;
  checks.decide(largest <= bound, 'report-values', id, values, { largest, bound });
  checkNoise(z, task, id, checks);
}

/** ‖z‖ of a vector of norm at most B′ with N(0, v) in each coordinate. */
function checkNoise(z: Int32Array, task: Task, id: string, checks: Checks): void {
  const variance = Number(browserVariance(task));
  const norm = Math.sqrt(z.reduce((sum, one) => sum + one * one, 0));
  const inUnits = (norm * task.clipL2) / 2 ** task.scaleBits;
  if (variance === 0) {
    const detail = `norm ${inUnits.toPrecision(4)} in units of the update, clip ${task.clipL2}`;
    checks.skip('report-noise', id, `the test tier adds no noise: ${detail}`);
    return;
  }
  const [low, high] = chiSquaredInterval(task.d, ALARM);
  const deviation = Math.sqrt(variance);
  // A vector of norm up to B′ makes ‖z‖² larger in distribution, and ‖z‖ by B′ at most.
  const least = Math.sqrt(low) * deviation;
  const most = Math.sqrt(high) * deviation + normBound(2 ** task.scaleBits, task.d);
  const expected = Math.sqrt(task.d) * deviation;
  const holds = norm >= least && norm <= most;
  const detail =
    `norm ${norm.toPrecision(5)}, noise alone gives about ${expected.toPrecision(5)} ` +
    `(${least.toPrecision(5)} to ${most.toPrecision(5)})`;
  const words = norm < least ? `${detail}: too little noise` : `${detail}: beyond clip and noise`;
  const figures = { norm, expected, least, most, alarm: ALARM };
  checks.decide(holds, 'report-noise', id, holds ? detail : words, figures);
}
