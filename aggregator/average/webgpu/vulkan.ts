/**
 * A Vulkan loader and driver that the system does not know of, such as the ones that a Chromium
 * brings: SwiftShader renders on the CPU, right and slow. Tests use it; a server with a GPU has
 * the driver's own, and needs nothing of this.
 */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

/** glibc's and musl's <dlfcn.h>: the library stays loaded after it is closed. */
const RTLD_NODELETE = 0x1000;

const LOADER = 'libvulkan.so.1';
const DRIVER = 'vk_swiftshader_icd.json';

/** Does a folder hold a Vulkan loader and SwiftShader? */
export function hasVulkan(folder: string): boolean {
  return existsSync(join(folder, LOADER)) && existsSync(join(folder, DRIVER));
}

/**
 * Loads Linux's Vulkan loader into the process, for good: Dawn asks for it by its bare name, and
 * finds it there. Node closes a library again that is no addon of its own, and says so: it stays.
 * @throws Error of the system's when there is none.
 */
export function loadVulkan(path: string = LOADER): void {
  const flags = constants.dlopen.RTLD_LAZY | RTLD_NODELETE;
  try {
    process.dlopen({ exports: {} }, path, flags);
  } catch (error) {
    if (!/self-register/.test((error as Error).message)) throw error;
  }
}

/**
 * Makes this process use the Vulkan loader and SwiftShader of a folder, on Linux. Before the first
 * device is opened, and for good.
 * @throws RangeError when the folder holds no such files.
 */
export function useVulkan(folder: string): void {
  if (!hasVulkan(folder)) throw new RangeError(`${folder} holds no ${LOADER} and ${DRIVER}`);
  process.env.VK_ICD_FILENAMES = join(folder, DRIVER);
  loadVulkan(join(folder, LOADER));
}
