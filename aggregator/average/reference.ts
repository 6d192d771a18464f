/** The plain loop over big integers: slow, obvious, what the others are compared with. */
import { assertReports, type SyncBackend } from './backend.ts';

export const referenceBackend: SyncBackend = {
  name: 'reference',
  sum(reports, offset, into) {
    assertReports(reports, offset, into);
    for (let i = 0; i < into.length; i++) {
      let total = BigInt(into[i] as number);
      for (const report of reports) {
        const view = new DataView(report.buffer, report.byteOffset, report.byteLength);
        total += BigInt(view.getInt32(offset + 4 * i, true));
      }
      into[i] = Number(total);
    }
  },
};
