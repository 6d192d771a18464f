/** `vitrine doctor`: what this machine has, which backends give right answers on it, and which are used. */
import { arch, cpus, freemem, platform, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from './audit/web.ts';
import { CANDIDATES, type Candidate, type Choice, chooseBackend } from './average/choose.ts';
import { examine, type Finding, type Work } from './average/examine.ts';
import { gramOf } from './average/robust/gram.ts';
import { seedBackend } from './average/seeds.ts';
import { GpuError } from './average/webgpu/error.ts';
import { useVulkan } from './average/webgpu/vulkan.ts';
import { openWebgpu, type Webgpu } from './average/webgpu/webgpu.ts';
import type { Command, CommandOutput } from './command.ts';

const USAGE = `vitrine doctor [options]

Says what this machine has, tries every averaging backend on a known answer and times it on a small
batch, and says which the aggregator uses here and why. Rates are rough: npm run bench measures.

  --average NAME   as the aggregator's: what is used when NAME is asked for
  --vulkan FOLDER  uses the Vulkan loader and SwiftShader of a folder, a Chromium's for one (Linux)
  --json           prints JSON
  --help           prints this

Exit code: 0 a backend works, 1 none does, 2 bad usage.
`;

interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  /** WebAssembly SIMD, which the default backend needs. */
  readonly simd: boolean;
  readonly memoryGiB: number;
  readonly freeGiB: number;
  readonly node: string;
  readonly platform: string;
}

interface Used {
  readonly backend: string;
  readonly reason: string;
}

export interface Diagnosis {
  readonly hardware: Hardware;
  readonly findings: readonly Finding[];
  /** Null where no backend works. */
  readonly used: Readonly<Record<Work, Used>> | null;
  readonly ok: boolean;
}

/** A function that drops v128.const 0: WebAssembly SIMD, §binary/instructions. */
const SIMD_MODULE = Uint8Array.from([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
  ...[10, 23, 1, 21, 0, 0xfd, 12, ...new Array<number>(16).fill(0), 0x1a, 0x0b],
]);

const gib = (bytes: number): number => Math.round((10 * bytes) / 2 ** 30) / 10;

function hardware(): Hardware {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    simd: WebAssembly.validate(SIMD_MODULE),
    memoryGiB: gib(totalmem()),
    freeGiB: gib(freemem()),
    node: process.version,
    platform: `${platform()} ${arch()}`,
  };
}

/** One GPU for all that is tried, however often it is asked for. */
class Gpu {
  #opened: Promise<Webgpu> | null = null;

  open = (): Promise<Webgpu> => {
    this.#opened ??= openWebgpu({ allowSoftware: true });
    return this.#opened;
  };

  readonly candidate: Candidate = {
    name: 'webgpu',
    open: async () => (await this.open()).dense,
  };

  /** As the aggregator opens it: a software renderer only where it was asked for. */
  openFor = async (allowSoftware: boolean): Promise<Webgpu> => {
    const gpu = await this.open();
    if (allowSoftware || !gpu.software) return gpu;
    throw new GpuError('software-adapter', `${gpu.label} renders on the CPU`);
  };

  async close(): Promise<void> {
    (await this.#opened?.catch(() => null))?.close();
  }
}

function usedOf({ backend, seeds, gram, reason, gpuReason }: Choice): Record<Work, Used> {
  const on = (cpu: boolean): Used => ({ backend: cpu ? 'cpu' : 'webgpu', reason: gpuReason });
  return {
    dense: { backend: backend.name, reason },
    seeds: on(seeds === seedBackend),
    gram: on(gram === gramOf),
  };
}

/** @throws UsageError when the backend that is asked for is none, or does not work here. */
async function choiceOf(
  average: string | null,
  candidates: readonly Candidate[],
  gpu: Gpu,
): Promise<Choice | null> {
  try {
    return await chooseBackend(average, candidates, { openGpu: gpu.openFor });
  } catch (error) {
    if (average === null) return null;
    throw new UsageError(`--average: ${(error as Error).message}`);
  }
}

/** Tries everything. @param average name of the backend that is asked for, or null. */
export async function diagnose(
  average: string | null,
  candidates: readonly Candidate[] = CANDIDATES,
): Promise<Diagnosis> {
  const gpu = new Gpu();
  try {
    const own = candidates.map((one) => (one.name === 'webgpu' ? gpu.candidate : one));
    const findings = await examine(gpu.open, own);
    const choice = await choiceOf(average, own, gpu);
    const used = choice === null ? null : usedOf(choice);
    return { hardware: hardware(), findings, used, ok: used !== null };
  } finally {
    await gpu.close();
  }
}

const TITLES: Readonly<Record<Work, readonly [string, string]>> = {
  dense: ['Sums of vectors', 'GB/s'],
  seeds: ['Vectors from PrivUnitG seeds', 'billion coordinates/s'],
  gram: ['Gram matrices', 'billion products/s'],
};

function findingLine({ work, backend, label, found, right, why, perSecond }: Finding): string {
  const state = right ? 'right' : found ? 'WRONG' : 'not here';
  const rate = perSecond === null ? '' : `${(perSecond / 1e9).toPrecision(2)} ${TITLES[work][1]}`;
  const more = [rate, why ?? label ?? ''].filter((text) => text !== '').join(', ');
  return `  ${backend.padEnd(10)} ${state.padEnd(9)} ${more}`;
}

/** What a person reads. */
export function diagnosisText({ hardware: machine, findings, used }: Diagnosis): string {
  const { cpu, cores, simd, memoryGiB, freeGiB, node, platform: system } = machine;
  const lines = [
    'This machine',
    `  CPU        ${cpu}, ${cores} cores, WebAssembly SIMD: ${simd ? 'yes' : 'no'}`,
    `  memory     ${memoryGiB} GiB, ${freeGiB} free`,
    `  Node       ${node}, ${system}`,
  ];
  for (const work of Object.keys(TITLES) as Work[]) {
    const mine = findings.filter((finding) => finding.work === work);
    lines.push('', TITLES[work][0], ...mine.map(findingLine));
    lines.push(
      used === null ? '  → none works' : `  → ${used[work].backend} is used: ${used[work].reason}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        average: { type: 'string' },
        vulkan: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function run(args: readonly string[], { out }: CommandOutput): Promise<number> {
  const { average = null, vulkan, json, help } = parseFlags(args);
  if (help) {
    out(USAGE);
    return 0;
  }
  if (vulkan !== undefined) {
    try {
      useVulkan(vulkan);
    } catch (error) {
      throw new UsageError(`--vulkan: ${(error as Error).message}`);
    }
  }
  const diagnosis = await diagnose(average);
  out(json ? `${JSON.stringify(diagnosis, null, 2)}\n` : diagnosisText(diagnosis));
  return diagnosis.ok ? 0 : 1;
}

export const doctorCommand: Command = {
  summary: 'says which averaging backends work on this machine, and which is used',
  usage: USAGE,
  run,
};
