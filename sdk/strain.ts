/**
 * What a device says of itself that training respects: a battery that runs low (Battery Status
 * API, where there is one) and the wish to save data (Network Information API).
 */

export type Strain = 'low-battery' | 'save-data';

/** Below this, a battery that is not charging is low. */
const LOW_LEVEL = 0.2;

interface Battery extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

interface Device {
  getBattery?(): Promise<Battery>;
  readonly connection?: EventTarget & { readonly saveData?: boolean };
}

/**
 * Tells what strains the device, as soon as that is known and on every change. Never throws.
 * @param tell first called when something does; with null when nothing does any more
 * @returns the undo
 */
export function watchStrain(
  navigator: Navigator,
  tell: (strain: Strain | null) => void,
): () => void {
  const device = navigator as Device;
  const end = new AbortController();
  const { signal } = end;
  let battery: Battery | undefined;
  let last: Strain | null = null;
  const look = (): void => {
    const low = battery?.charging === false && battery.level < LOW_LEVEL;
    const now = low ? 'low-battery' : device.connection?.saveData ? 'save-data' : null;
    if (now === last || signal.aborted) return;
    last = now;
    tell(now);
  };
  const hear = (target: EventTarget | undefined, names: string[]): void => {
    // NetworkInformation fires no events in some browsers.
    for (const name of names) target?.addEventListener?.(name, look, { signal });
    look();
  };
  hear(device.connection, ['change']);
  new Promise<Battery | undefined>((resolve) => resolve(device.getBattery?.())).then(
    (one) => {
      battery = one;
      hear(one, ['chargingchange', 'levelchange']);
    },
    // A permissions policy may forbid it: nothing is known then.
    () => undefined,
  );
  return () => end.abort();
}
