import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { launchChromium, serveStatic } from './launch.ts';

let folder: string | null = null;

afterEach(() => {
  vi.unstubAllEnvs();
  if (folder !== null) rmSync(folder, { recursive: true });
  folder = null;
});

describe('launchChromium', () => {
  it('says what a browser that cannot start wrote to stderr', async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-launch-'));
    const path = join(folder, 'chromium');
    writeFileSync(path, '#!/bin/sh\necho "cannot open shared object libfoo" >&2\nexit 3\n');
    chmodSync(path, 0o755);
    vi.stubEnv('CHROME_PATH', path);
    await expect(launchChromium()).rejects.toThrow(
      /\(from CHROME_PATH\) does not start:\ncannot open shared object libfoo/,
    );
  });
});

describe('serveStatic', () => {
  it('serves texts before files, and nothing outside its folders', async () => {
    folder = mkdtempSync(join(tmpdir(), 'vitrine-serve-'));
    writeFileSync(join(folder, 'a.js'), 'file');
    writeFileSync(join(folder, 'b.wasm'), 'binary');
    const inside = join(folder, 'public');
    const server = await serveStatic([folder], { texts: { '/a.js': 'text' } });
    const narrow = await serveStatic([inside]);
    try {
      expect(await (await fetch(`${server.url}/a.js`)).text()).toBe('text');
      const binary = await fetch(`${server.url}/b.wasm`);
      expect(binary.headers.get('content-type')).toBe('application/wasm');
      expect((await fetch(`${server.url}/none`)).status).toBe(404);
      expect((await fetch(`${narrow.url}/..%2fb.wasm`)).status).toBe(404);
    } finally {
      await server.close();
      await narrow.close();
    }
  });
});
