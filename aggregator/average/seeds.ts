/**
 * PrivUnitG: reports are seeds, and the sum is over the vectors made from them (PR38). Nothing but
 * one block of a vector is held at a time. Coordinates are int16 and n ≤ 2^22, so that every sum is
 * an integer below 2^53 and the order of arrival leaves no trace.
 */
import { PRIVUNIT_SEED_BYTES } from '../../shared/protocol/report.ts';
import { addPrivUnit } from '../../shared/random/privunit.ts';
import type { AverageBackend } from './backend.ts';

export const seedBackend: AverageBackend = {
  name: 'seeds',
  sum(reports, offset, into) {
    for (const [i, report] of reports.entries()) {
      if (report.length < offset + PRIVUNIT_SEED_BYTES) {
        throw new RangeError(`reports[${i}] is shorter than a seed`);
      }
      addPrivUnit(report.subarray(offset, offset + PRIVUNIT_SEED_BYTES), into);
    }
  },
};
