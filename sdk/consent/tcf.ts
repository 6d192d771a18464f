/**
 * IAB Transparency and Consent Framework 2.2, by `addEventListener` alone: `getTCData` is
 * deprecated, and TC strings are never parsed.
 *
 * To personalise needs the shopper's consent, not a legitimate interest, to purposes
 *   1 "Store and/or access information on a device",
 *   5 "Create profiles to personalise content" and
 *   6 "Use profiles to select personalised content";
 * to contribute, also to
 *   9 "Understand audiences through statistics or combinations of data from different sources" and
 *   10 "Develop and improve services".
 * Recommendations of the shop's own goods on its own pages are content, not advertising (3 and 4).
 * Vendors are not asked for: nothing goes to one.
 */
import { type Listen, quietly } from './word.ts';

const PERSONALISE = [1, 5, 6];
const CONTRIBUTE = [9, 10];

/** How often, and how many times, a manager that is not there yet is looked for: 20 s in all. */
const LOOK_MS = 250;
const LOOKS = 80;

interface TcData {
  readonly gdprApplies?: boolean;
  readonly cmpStatus?: string;
  readonly eventStatus?: string;
  readonly listenerId?: number;
  readonly purpose?: { readonly consents?: Readonly<Record<number, unknown>> };
}

type Tcf = (
  command: string,
  version: 2,
  callback: (data: TcData | null, success: boolean) => void,
  listener?: number,
) => void;

/** Waits for a manager that comes later; a stub that is there queues the call itself. */
export const hearTcf: Listen = (page, tell, signal) => {
  const ask = (...all: Parameters<Tcf>): void =>
    quietly(() => (page as { __tcfapi?: Tcf }).__tcfapi?.(...all));
  const hear = (data: TcData | null, success: boolean): void => {
    const { gdprApplies, cmpStatus, eventStatus, purpose, listenerId } = data ?? {};
    const all = (ids: number[]): boolean => ids.every((id) => purpose?.consents?.[id] === true);
    if (signal.aborted) ask('removeEventListener', 2, () => undefined, listenerId);
    // Where the GDPR does not apply, TCF has nothing to say, which is no consent.
    else if (success && gdprApplies === false) tell(null);
    else if (
      success &&
      cmpStatus === 'loaded' &&
      /^(tcloaded|useractioncomplete)$/.test(eventStatus ?? '')
    )
      tell({ personalise: all(PERSONALISE), contribute: all([...PERSONALISE, ...CONTRIBUTE]) });
  };
  const look = (left: number): void => {
    if ('__tcfapi' in page) ask('addEventListener', 2, hear);
    else if (left > 0 && !signal.aborted) page.setTimeout(look, LOOK_MS, left - 1);
  };
  look(LOOKS);
};
