/**
 * A GPU for sums in Node: Dawn (Vulkan, Metal or D3D12) through the npm package `webgpu`, an
 * optional peer. Nothing is put on globalThis.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Buffers, type Flags } from './buffers.ts';
import { GpuError } from './error.ts';
import { loadVulkan } from './vulkan.ts';

/** What is used of the package. */
export interface Dawn {
  create(options: string[]): GPU;
  readonly globals: object;
}

export interface DeviceOptions {
  /** Takes SwiftShader or llvmpipe too: right, and slower than the CPU's own sums. */
  readonly allowSoftware?: boolean;
  /** Largest buffer, bytes; less than what the device has, to be tested with small shapes. */
  readonly maxBytes?: number;
  /** Is a GPU plausible at all? Looked at before Dawn, which writes warnings where none is. */
  readonly hasGpu?: () => boolean;
  /** Brings the package. */
  readonly load?: () => Promise<Dawn>;
}

/** 64 MiB a buffer: enough to keep a GPU busy, and no more than any device must offer. */
const MAX_BYTES = 64 << 20;

/** A command on a lost device may fail before the loss is told: as long after it, it counts as one. */
const GRACE_MS = 50;

/** Names under which software renderers present themselves. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|\bwarp\b|basic render/i;

/** By which Linux shows a GPU: Mesa's, NVIDIA's, and that of the Windows around it. */
const NODES = ['/dev/dri', '/dev/nvidia0', '/dev/nvidiactl', '/dev/dxg'];

function hasNodes(): boolean {
  return process.platform !== 'linux' || NODES.some((node) => existsSync(node));
}

/** Not written as a constant in the import: the built command must not swallow the addon. */
async function loadDawn(name = 'webgpu'): Promise<Dawn> {
  return import(/* @vite-ignore */ name) as Promise<typeof import('webgpu')>;
}

async function packageOf(load: () => Promise<Dawn>): Promise<Dawn> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_MODULE_NOT_FOUND' && /'webgpu'/.test(message)) {
      throw new GpuError('missing-package', 'webgpu is not installed: npm i webgpu', {
        cause,
      });
    }
    throw new GpuError('broken-addon', `the package webgpu does not load: ${message}`, { cause });
  }
}

/** Without the loader Dawn writes warnings, and finds nothing. */
function assertVulkan(): void {
  if (process.platform !== 'linux') return;
  try {
    loadVulkan();
  } catch (cause) {
    const why = "no libvulkan.so.1: it comes with the GPU's driver, or as libvulkan1";
    throw new GpuError('no-adapter', why, { cause });
  }
}

/** Vendor, architecture and name, and whether it is a CPU that plays a GPU. */
function identify(adapter: GPUAdapter): { readonly label: string; readonly software: boolean } {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const names = [vendor, architecture, device, description].filter((name) => name !== '');
  const label = names.join(' ') || 'unnamed adapter';
  return { label, software: (isFallbackAdapter ?? false) || SOFTWARE.test(label) };
}

async function adapterOf(gpu: GPU, allowSoftware: boolean): Promise<GPUAdapter> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    throw new GpuError('no-adapter', 'Dawn finds no GPU: is its driver installed?');
  }
  const { label, software } = identify(adapter);
  if (software && !allowSoftware) {
    throw new GpuError('software-adapter', `${label} renders on the CPU; ask for webgpu by name`);
  }
  return adapter;
}

/** One device, and one piece of work on it at a time. */
export class Device {
  readonly label: string;
  readonly software: boolean;
  /** Largest buffer that is made, bytes. */
  readonly maxBytes: number;
  readonly flags: Flags;
  readonly device: GPUDevice;
  /** Dawn lives as long as this does. */
  readonly gpu: GPU;
  #lost: GpuError | null = null;
  /** Told of the loss. A race with `lost` would keep a little of every sum for good. */
  readonly #waiting = new Set<(error: GpuError) => void>();
  /** Resolves when the device is gone. */
  readonly lost: Promise<GpuError>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(gpu: GPU, adapter: GPUAdapter, device: GPUDevice, flags: Flags, maxBytes: number) {
    this.gpu = gpu;
    this.device = device;
    this.flags = flags;
    const { label, software } = identify(adapter);
    this.label = label;
    this.software = software;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    this.maxBytes = Math.min(maxBytes, maxBufferSize, maxStorageBufferBindingSize);
    this.lost = device.lost.then(({ reason, message }) => {
      this.#lost = new GpuError('device-lost', `${label}: ${message || reason}`);
      for (const reject of this.#waiting) reject(this.#lost);
      return this.#lost;
    });
  }

  /** The outcome of `work`, or the loss of the device, whichever is first. */
  #orLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== null) reject(this.#lost);
      this.#waiting.add(reject);
      const done = () => this.#waiting.delete(reject);
      work.then(resolve, reject).then(done, done);
    });
  }

  /**
   * Runs `work` when all work before it has ended. Buffers that it makes are freed behind it.
   * @throws GpuError when the device was lost, or refused a command of the work.
   */
  async run<T>(work: (buffers: Buffers) => Promise<T>): Promise<T> {
    const before = this.#last;
    const mine = before.then(() => this.#alone(work));
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  async #alone<T>(work: (buffers: Buffers) => Promise<T>): Promise<T> {
    if (this.#lost !== null) throw this.#lost;
    const buffers = new Buffers(this.device, this.flags);
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('internal');
    this.device.pushErrorScope('validation');
    try {
      const done = work(buffers);
      const outcome = await this.#orLost(settled(done));
      const found = await this.#orLost(this.#errors());
      if (found !== null) throw found;
      if ('reason' in outcome) throw outcome.reason;
      return outcome.value;
    } catch (cause) {
      if (!(cause instanceof GpuError)) await Promise.race([this.lost, sleep(GRACE_MS)]);
      throw this.#lost ?? cause;
    } finally {
      buffers.free();
    }
  }

  /** What the driver refused, of the three scopes that were opened. */
  async #errors(): Promise<GpuError | null> {
    let found: GpuError | null = null;
    for (const code of ['refused', 'refused', 'out-of-memory'] as const) {
      const error = await this.device.popErrorScope();
      if (error !== null) found ??= new GpuError(code, `${this.label}: ${error.message}`);
    }
    return found;
  }

  /** A compute pipeline with one entry point, `main`; compiled when it is first asked for. */
  pipeline(code: string): () => Promise<GPUComputePipeline> {
    let compiled: Promise<GPUComputePipeline> | null = null;
    return () => {
      compiled ??= this.#compile(code);
      return compiled;
    };
  }

  #compile(code: string): Promise<GPUComputePipeline> {
    return this.run(async () => {
      const module = this.device.createShaderModule({ code });
      const compute = { module, entryPoint: 'main' };
      return this.device.createComputePipelineAsync({ layout: 'auto', compute });
    });
  }

  /** Gives the GPU back; work that is under way fails with `device-lost`. */
  close(): void {
    this.device.destroy();
  }
}

type Outcome<T> = { readonly value: T } | { readonly reason: unknown };

function settled<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    (value) => ({ value }),
    (reason: unknown) => ({ reason }),
  );
}

/**
 * Opens the fastest GPU that Dawn finds.
 * @throws GpuError
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const { allowSoftware = false, maxBytes = MAX_BYTES, hasGpu = hasNodes, load } = options;
  if (!allowSoftware && !hasGpu()) {
    throw new GpuError('no-adapter', `none of ${NODES.join(', ')} is there`);
  }
  const { create, globals } = await packageOf(load ?? loadDawn);
  assertVulkan();
  const gpu = create([]);
  const adapter = await adapterOf(gpu, allowSoftware);
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice();
  } catch (cause) {
    const { label } = identify(adapter);
    throw new GpuError('no-adapter', `${label} gives no device`, { cause });
  }
  return new Device(gpu, adapter, device, globals as Flags, maxBytes);
}
