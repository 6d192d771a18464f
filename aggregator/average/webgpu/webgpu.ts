/** What a GPU does for the aggregator, behind WebGPU: sums, vectors from seeds, Gram matrices. */
import type { AverageBackend } from '../backend.ts';
import type { Gram } from '../robust/gram.ts';
import { denseBackend } from './dense.ts';
import { type DeviceOptions, openDevice } from './device.ts';
import type { GpuError } from './error.ts';
import { gramOn } from './gram.ts';
import { seedsBackend } from './seeds.ts';

export interface Webgpu {
  /** Vendor, architecture and name of the adapter. */
  readonly label: string;
  /** A CPU that plays a GPU. */
  readonly software: boolean;
  readonly dense: AverageBackend;
  readonly seeds: AverageBackend;
  readonly gram: Gram;
  /** Resolves, with the reason, when the device is gone. */
  readonly lost: Promise<GpuError>;
  /** Gives the GPU back. Work under way, and all later work, fails with `device-lost`. */
  close(): void;
}

/**
 * Opens the fastest GPU that Dawn finds. What it runs is compiled at its first use.
 * @throws GpuError
 */
export async function openWebgpu(options: DeviceOptions = {}): Promise<Webgpu> {
  const device = await openDevice(options);
  const { label, software, lost } = device;
  return {
    ...{ label, software, lost },
    dense: denseBackend(device),
    seeds: seedsBackend(device),
    gram: gramOn(device),
    close: () => device.close(),
  };
}

const shared = new Map<boolean, Promise<Webgpu>>();

/**
 * The process's one opened GPU. One that failed or is lost is opened anew for the next caller.
 * @throws GpuError
 */
export function sharedWebgpu(allowSoftware: boolean): Promise<Webgpu> {
  const known = shared.get(allowSoftware) ?? openWebgpu({ allowSoftware });
  shared.set(allowSoftware, known);
  const forget = () => {
    if (shared.get(allowSoftware) === known) shared.delete(allowSoftware);
  };
  known.then(({ lost }) => lost.then(forget), forget);
  return known;
}
