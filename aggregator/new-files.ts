/** Texts of the files that `vitrine new` writes: settings of the server, tag of the pages. */
import { join, relative } from 'node:path';
import type { Assets } from './operate/assets.ts';

interface FileInput {
  readonly site: string;
  readonly dir: string;
  readonly endpoint: string;
  readonly helper: { readonly url: string | null } | null;
  readonly dist: { readonly folder: string; readonly assets: Assets } | null;
}

export function settingsText({ endpoint, dist, dir, helper }: FileInput): string {
  const url = new URL(endpoint);
  const port = url.port === '' ? 8787 : Number(url.port);
  const [name] = url.pathname.split('/').filter((part) => part !== '');
  const data = './data';
  const settings = {
    host: '127.0.0.1',
    port,
    // An endpoint with a path is one site of several that a proxy tells apart by it.
    ...(name === undefined ? { data } : { sites: [{ name, data }] }),
    ...(dist !== null && { dist: relative(join(dir, 'server'), dist.folder) }),
    ...(helper?.url != null && { helper: helper.url }),
    origins: '*',
    adminTokenFile: './admin.token',
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

export function snippetOf({ site, endpoint: base, dist }: FileInput, trust: string): string {
  const version = dist === null ? '' : `/${dist.assets.version}`;
  const integrity = dist?.assets.files.get('vitrine.js')?.integrity;
  return [
    `<script async src="${base}${version}/vitrine.js"`,
    ...(integrity === undefined ? [] : [`  crossorigin="anonymous" integrity="${integrity}"`]),
    `  data-site="${site}" data-endpoint="${base}"`,
    `  data-trust="${trust}"></script>`,
    '',
  ].join('\n');
}
