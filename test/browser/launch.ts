/** Starts Chromium for a test, and serves files to it from a port of its own. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { findBrowser } from './find.ts';

export interface LaunchOptions {
  /** With a software WebGPU adapter (SwiftShader); without it the browser has no adapter. */
  readonly webgpu?: boolean;
  readonly args?: readonly string[];
  /** Arguments that Playwright gives by itself and that this browser goes without. */
  readonly without?: readonly string[];
}

export interface Launched {
  readonly browser: Browser;
  close(): Promise<void>;
}

const QUIET = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
];
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/**
 * Starts a headless Chromium.
 * @throws Error with what the browser wrote to stderr when it does not start.
 */
export async function launchChromium(options: LaunchOptions = {}): Promise<Launched> {
  const found = findBrowser();
  if (found === null) throw new Error('no Chromium: set CHROME_PATH or put one on PATH');
  try {
    const browser = await chromium.launch({
      executablePath: found.path,
      headless: true,
      chromiumSandbox: process.getuid?.() !== 0,
      ignoreDefaultArgs: [...(options.without ?? [])],
      args: [...QUIET, ...(options.webgpu ? WEBGPU : ['--disable-gpu']), ...(options.args ?? [])],
    });
    return { browser, close: () => browser.close() };
  } catch (error) {
    const what = `${found.path} (from ${found.from}) does not start`;
    throw new Error(`${what}:\n${stderrOf(error)}`, { cause: error });
  }
}

/** The lines `[pid=1][err] …` of Playwright's message, or all of it where there are none. */
function stderrOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split('\n').flatMap((line) => line.split('[err] ').slice(1));
  return lines.length > 0 ? lines.join('\n') : message;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

export interface ServeOptions {
  /** Texts served at exact paths, before any folder: `{ '/': '<!doctype html>…' }`. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Sent with every answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Served {
  /** Origin without a trailing slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves folders (the first that has the file) on loopback, on a free port. */
export async function serveStatic(
  folders: readonly string[],
  options: ServeOptions = {},
): Promise<Served> {
  const server = createServer((request, response) => answer(request, response, folders, options));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  folders: readonly string[],
  { texts = {}, headers = {} }: ServeOptions,
): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
  const type = TYPES[extname(path)] ?? 'text/html; charset=utf-8';
  const head = { 'content-type': type, 'cache-control': 'no-store', ...headers };
  const text = texts[path];
  if (text !== undefined) {
    response.writeHead(200, head).end(text);
    return;
  }
  for (const folder of folders) {
    const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
    if (!file.startsWith(normalize(folder) + sep)) continue;
    if (statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.writeHead(200, head);
      createReadStream(file).pipe(response);
      return;
    }
  }
  response.writeHead(404, head).end();
}
