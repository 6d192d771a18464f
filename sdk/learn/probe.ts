/** Is there a WebGPU adapter worth training on? Asked by the page, before any Worker is fetched. */

export interface AdapterProbe {
  readonly ok: boolean;
  /** Names the adapter, or why there is none; goes into `BackendReport.tried`. */
  readonly reason: string;
}

interface AdapterIdentity {
  readonly software: boolean;
  readonly label: string;
}

/** Names under which software renderers present themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|\bwarp\b|basic render/i;

/** What an adapter says of itself. */
export function identifyAdapter(adapter: GPUAdapter): AdapterIdentity {
  const info = adapter.info as GPUAdapterInfo | undefined;
  const names = [info?.vendor, info?.architecture, info?.device, info?.description]
    .filter((name) => name !== undefined && name !== '')
    .join(' ');
  const older = (adapter as GPUAdapter & { isFallbackAdapter?: boolean }).isFallbackAdapter;
  const software = (info?.isFallbackAdapter ?? older ?? false) || SOFTWARE.test(names);
  return { software, label: names === '' ? 'unnamed adapter' : names };
}

/**
 * Asks for an adapter in this page or Worker. Software adapters are slower than WASM and are
 * refused unless `allowSoftware`. Never rejects.
 */
export async function probeAdapter(allowSoftware: boolean): Promise<AdapterProbe> {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (gpu === undefined) return { ok: false, reason: 'no WebGPU in this browser' };
  try {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) return { ok: false, reason: 'no WebGPU adapter' };
    const { software, label } = identifyAdapter(adapter);
    if (!software) return { ok: true, reason: `hardware adapter: ${label}` };
    if (!allowSoftware) return { ok: false, reason: `software adapter refused: ${label}` };
    return { ok: true, reason: `software adapter, asked for: ${label}` };
  } catch (error) {
    return { ok: false, reason: `WebGPU failed: ${(error as Error).message}` };
  }
}
