/** What a piece of work on a GPU allocates and submits. */

/** Constants of WebGPU, which Node has no globals for. */
export type Flags = Pick<typeof globalThis, 'GPUBufferUsage' | 'GPUMapMode'>;

/** Buffers of one piece of work, and the commands on them. */
export class Buffers {
  readonly #device: GPUDevice;
  readonly #flags: Flags;
  readonly #made: GPUBuffer[] = [];

  constructor(device: GPUDevice, flags: Flags) {
    this.#device = device;
    this.#flags = flags;
  }

  /** Zeroed storage that commands read and write. */
  storage(bytes: number): GPUBuffer {
    const { STORAGE, COPY_SRC, COPY_DST } = this.#flags.GPUBufferUsage;
    return this.#make(bytes, STORAGE | COPY_SRC | COPY_DST);
  }

  /** A few u32 that a shader reads as its shape. */
  shape(words: readonly number[]): GPUBuffer {
    const { UNIFORM, COPY_DST } = this.#flags.GPUBufferUsage;
    // WGSL §14.4.1: the size of a uniform buffer is a multiple of 16.
    const buffer = this.#make(Math.ceil(words.length / 4) * 16, UNIFORM | COPY_DST);
    this.write(buffer, Uint32Array.from(words));
    return buffer;
  }

  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    this.#device.queue.writeBuffer(buffer, 0, data);
  }

  /** Submits one dispatch; `bindings` in the shader's order. */
  dispatch(
    pipeline: GPUComputePipeline,
    bindings: readonly GPUBuffer[],
    groups: readonly [number, number],
  ): void {
    const device = this.#device;
    const entries = bindings.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const layout = pipeline.getBindGroupLayout(0);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
    pass.dispatchWorkgroups(...groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
  }

  /** The first `bytes` of storage as int32, after all that was submitted. */
  async read(buffer: GPUBuffer, bytes: number): Promise<Int32Array<ArrayBuffer>> {
    const [device, flags] = [this.#device, this.#flags];
    const { MAP_READ, COPY_DST } = flags.GPUBufferUsage;
    const target = this.#make(bytes, MAP_READ | COPY_DST);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, target, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(flags.GPUMapMode.READ);
    const words = new Int32Array(target.getMappedRange().slice(0));
    target.destroy();
    return words;
  }

  /** Waits until the GPU has done what was submitted, so that uploads do not pile up. */
  async done(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
  }

  free(): void {
    for (const buffer of this.#made) buffer.destroy();
  }

  #make(size: number, usage: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ size, usage });
    this.#made.push(buffer);
    return buffer;
  }
}
