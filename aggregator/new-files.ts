/** Files that `vitrine new` writes for the server: its settings, and what browsers load from it. */
import { type Assets, INTEGRITY_FILE } from './operate/assets.ts';
import type { SiteFolder } from './site-folder.ts';

interface SettingsInput {
  readonly endpoint: string;
  readonly helper: { readonly url: string | null } | null;
  readonly assets: Assets | null;
}

export function settingsText({ endpoint, assets, helper }: SettingsInput): string {
  const url = new URL(endpoint);
  const port = url.port === '' ? 8787 : Number(url.port);
  const [name] = url.pathname.split('/').filter((part) => part !== '');
  const data = './data';
  const settings = {
    host: '127.0.0.1',
    port,
    // An endpoint with a path is one site of several that a proxy tells apart by it.
    ...(name === undefined ? { data } : { sites: [{ name, data }] }),
    ...(assets !== null && { dist: './assets' }),
    ...(helper?.url != null && { helper: helper.url }),
    origins: '*',
    adminTokenFile: './admin.token',
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/**
 * Puts this version beside the older ones, which pages may name still. What says which files there
 * are comes last: a version that was cut off is no version.
 */
export async function writeRelease(folder: SiteFolder, { version, files }: Assets): Promise<void> {
  const base = `server/assets/${version}`;
  for (const [name, { bytes }] of files) {
    if (name !== INTEGRITY_FILE) await folder.copy(base, name, bytes);
  }
  const listed = files.get(INTEGRITY_FILE);
  if (listed !== undefined) await folder.copy(base, INTEGRITY_FILE, listed.bytes);
}
