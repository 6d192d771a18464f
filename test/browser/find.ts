/** Finds a Chromium for the browser tests, or installs one, and says what it did. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (folder !== '' && executable(path)) return path;
    }
  }
  return null;
}

function inPlaywrightCache(): string | null {
  const base = process.env.PLAYWRIGHT_BROWSERS_PATH ?? defaultCache();
  if (!existsSync(base)) return null;
  const folders = readdirSync(base).filter((name) => name.startsWith('chromium-'));
  for (const folder of folders.sort().reverse()) {
    for (const tail of [
      ['chrome-linux', 'chrome'],
      ['chrome-linux64', 'chrome'],
      ['chrome-mac', 'Chromium.app', 'Contents', 'MacOS', 'Chromium'],
      ['chrome-win', 'chrome.exe'],
    ]) {
      const path = join(base, folder, ...tail);
      if (executable(path)) return path;
    }
  }
  return null;
}

function defaultCache(): string {
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ms-playwright');
  if (process.platform === 'win32') {
    return join(process.env.LOCALAPPDATA ?? homedir(), 'ms-playwright');
  }
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ms-playwright');
}

/** CHROME_PATH, then PATH, then Playwright's cache; null when none is there. */
export function findBrowser(): { path: string; from: string } | null {
  const given = process.env.CHROME_PATH;
  if (given !== undefined && given !== '') {
    if (executable(given)) return { path: given, from: 'CHROME_PATH' };
    console.error(`CHROME_PATH names ${given}, which is not an executable file; looking further.`);
  }
  const path = onPath();
  if (path !== null) return { path, from: 'PATH' };
  const cached = inPlaywrightCache();
  return cached === null ? null : { path: cached, from: "Playwright's cache" };
}

function install(say: (line: string) => void): void {
  const root = process.getuid?.() === 0;
  if (root && existsSync('/etc/debian_version')) {
    say('No Chromium found: installing the Debian package chromium with apt-get.');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
    const quiet = ['install', '-y', '-qq', '--no-install-recommends', 'chromium'];
    const run = spawnSync('apt-get', quiet, { stdio: ['ignore', 'ignore', 'inherit'], env });
    if (run.status === 0 && findBrowser() !== null) return;
    say("apt-get did not bring one: trying Playwright's installer.");
  } else {
    say("No Chromium found: installing one with Playwright's installer.");
  }
  const cli = join('node_modules', 'playwright-core', 'cli.js');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'inherit' });
}

/** Does the browser start at all? Its stderr when it does not. */
function startFailure(path: string): string | null {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic'];
  const quiet = ['--no-first-run', '--disable-background-networking', '--disable-sync'];
  const run = spawnSync(path, [...flags, ...quiet, '--dump-dom', 'about:blank'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.status === 0) return null;
  return `${run.error?.message ?? `exit ${run.status ?? run.signal}`}\n${run.stderr ?? ''}`.trim();
}

/** Path of a browser, installed if need be; null when there is none, after saying so. */
export async function ensureBrowser(say: (line: string) => void): Promise<string | null> {
  let found = findBrowser();
  if (found === null) {
    install(say);
    found = findBrowser();
  }
  if (found === null) {
    say(
      'No Chromium could be found or installed. Set CHROME_PATH to one; browser tests will fail.',
    );
    return null;
  }
  say(`Browser: ${found.path} (from ${found.from}).`);
  const failure = startFailure(found.path);
  if (failure !== null) say(`The browser does not start, so browser tests will fail:\n${failure}`);
  return found.path;
}
