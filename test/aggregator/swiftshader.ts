/** The software GPU that comes with Chromium, for tests of what runs on a GPU. */
import { readFileSync, realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { hasVulkan, useVulkan } from '../../aggregator/average/webgpu/vulkan.ts';
import { findBrowser } from '../browser/find.ts';

/** Where a browser's own files may lie: beside it, or where Debian's starting script names. */
function foldersOf(browser: string): string[] {
  const beside = dirname(realpathSync(browser));
  const head = readFileSync(browser).subarray(0, 4096).toString('latin1');
  const named = head.startsWith('#!') ? [/^LIBDIR=(\S+)/m.exec(head)?.[1]] : [];
  const debian = named.map((path) => path?.replace(/\$APPNAME/, 'chromium') ?? '');
  return [beside, ...debian].filter((folder) => folder !== '');
}

/** Folder of Chromium's Vulkan loader and SwiftShader, or null. */
export function swiftShaderFolder(): string | null {
  const found = findBrowser();
  if (found === null || process.platform !== 'linux') return null;
  return foldersOf(found.path).find(hasVulkan) ?? null;
}

/** Makes this process see SwiftShader. @throws Error where Chromium has none. */
export function useSwiftShader(): void {
  const folder = swiftShaderFolder();
  if (folder === null) throw new Error('no Chromium with SwiftShader: set CHROME_PATH to one');
  useVulkan(folder);
}
