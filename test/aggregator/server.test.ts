/** The aggregator as it runs: real sockets, a real folder, a real process that is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadOrCreateKey, saveKey } from '../../aggregator/keys.ts';
import { SiteError } from '../../aggregator/load.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { KEY_FILE, startAggregator } from '../../aggregator/main.ts';
import { StartError } from '../../aggregator/socket.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS, type ServerStatus } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import { REPORT_CONTENT_TYPE } from '../../shared/protocol/report.ts';
import type { TaskHead } from '../../shared/protocol/task.ts';
import { codeOf, draft, report, SERVER_KEY, site } from './fixture.ts';
import { raw } from './raw.ts';
import { testRandom } from './simulated-disk.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let dataDir = '';

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'vitrine-'));
  await saveKey(join(dataDir, KEY_FILE), SERVER_KEY);
});

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true });
});

function send(url: string, body: Uint8Array, type = REPORT_CONTENT_TYPE): Promise<Response> {
  return fetch(url + PATHS.reports, {
    method: 'POST',
    headers: { 'content-type': type },
    body: body as Uint8Array<ArrayBuffer>,
  });
}

async function openAt(url: string, taskHash: string): Promise<string> {
  const head = (await (await fetch(url + PATHS.head(taskHash))).json()) as TaskHead;
  if (head.round === null) throw new Error('no round is open');
  return recordHash(head.round.record);
}

describe('a running aggregator', () => {
  it('H5 H6 takes reports over sockets and refuses by name without reading what is too large', async () => {
    const { taskHashes } = await site(dataDir, [draft('intent', 3)]);
    const taskHash = taskHashes.intent as string;
    const aggregator = await startAggregator({ dataDir, logger: silentLogger });
    const { url } = aggregator;
    try {
      const roundHash = await openAt(url, taskHash);
      const body = report({ taskHash, roundHash, id: 1, coordinates: [1, 2, 3] });
      const taken = await send(url, body);
      expect(taken.status).toBe(201);
      expect(taken.headers.get('access-control-allow-origin')).toBe('*');
      expect(taken.headers.get('cache-control')).toBe('no-store');
      expect(await codeOf(await send(url, body, 'text/plain'))).toBe('bad-type');
      expect(await codeOf(await send(url, body.subarray(1)))).toBe('bad-length');
      expect(await codeOf(await send(url, new Uint8Array(300_000)))).toBe('too-large');
      expect(
        await codeOf(
          await send(
            url,
            body.map((byte, i) => (i === 0 ? 0 : byte)),
          ),
        ),
      ).toBe('bad-magic');
      const head =
        'POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Type: application/vnd.vitrine.report\r\n';
      const endless = await raw(
        url,
        `${head}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n`,
      );
      expect(endless).toContain('"bad-length"');
      const huge = await raw(
        url,
        `${head}Content-Length: 100000000\r\n\r\n`,
        new Uint8Array(4 << 20),
      );
      expect(huge).toContain('"too-large"');
      const { hostname, port } = new URL(url);
      const gone = connect(Number(port), hostname);
      gone.write(`${head}Content-Length: 100\r\n\r\nVTR1`);
      gone.on('error', () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
      gone.destroy();
      await expect
        .poll(() => aggregator.rounds.status().reports.refused['incomplete-body'])
        .toBe(1);
      expect(aggregator.rounds.slots.inFlight).toBe(0);
      const status = (await (await fetch(url + PATHS.status)).json()) as ServerStatus;
      expect(status.reports.accepted).toBe(1);
      expect(await codeOf(await fetch(`${url}${PATHS.status}?a`))).toBe('query-not-allowed');
    } finally {
      await aggregator.close();
    }
  });

  it('says which port is taken and how to choose another, and touches no journal', async () => {
    await site(dataDir, [draft('intent', 3)]);
    const first = await startAggregator({ dataDir, logger: silentLogger });
    try {
      const port = Number(new URL(first.url).port);
      const second = startAggregator({ dataDir, port, logger: silentLogger });
      await expect(second).rejects.toThrow(
        new RegExp(`port-in-use: port ${port} on 127.0.0.1 is in use; .*--port`),
      );
    } finally {
      await first.close();
    }
  });

  it('frees the port when the folder holds no site or no key, and says so', async () => {
    await expect(startAggregator({ dataDir, logger: silentLogger })).rejects.toThrow(SiteError);
    await site(dataDir, [draft('intent', 3)]);
    await rm(join(dataDir, KEY_FILE));
    await expect(startAggregator({ dataDir, logger: silentLogger })).rejects.toThrow(StartError);
    await loadOrCreateKey(join(dataDir, KEY_FILE));
    await expect(startAggregator({ dataDir, logger: silentLogger })).rejects.toThrow(
      /another aggregator key/,
    );
  });

  it('H8 logs lines of JSON without addresses and ids', async () => {
    const { taskHashes } = await site(dataDir, [draft('intent', 3, { maxReports: 3 })]);
    const taskHash = taskHashes.intent as string;
    const lines: string[] = [];
    const aggregator = await startAggregator({
      dataDir,
      logger: (level, event, fields) => lines.push(JSON.stringify({ level, event, ...fields })),
    });
    const roundHash = await openAt(aggregator.url, taskHash);
    const bodies = [1, 2, 3].map((id) =>
      report({ taskHash, roundHash, id, coordinates: [0, 0, id] }),
    );
    await Promise.all(bodies.map((body) => send(aggregator.url, body)));
    await aggregator.close();
    const text = lines.join('\n');
    expect(text).toContain('"round-published"');
    expect(text).not.toMatch(/127\.0\.0\.1|[0-9a-f]{16}/);
  });
});

interface Child {
  readonly process: ChildProcess;
  readonly url: string;
}

/** The server in one file, so that a start is short. */
async function bundle(): Promise<string> {
  const outDir = join(dataDir, 'bundle');
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: 'aggregator/main.ts',
      outDir,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: 'main.mjs' } },
    },
  });
  return join(outDir, 'main.mjs');
}

function start(main: string): Promise<Child> {
  const child = spawn(process.execPath, [main, '--data', dataDir, '--port', '0'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('exit', (code) => reject(new Error(`exit ${code} before listening: ${errors}`)));
    createInterface({ input: child.stdout }).once('line', (line) => {
      child.removeAllListeners('exit');
      resolve({ process: child, url: (JSON.parse(line) as { url: string }).url });
    });
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', (code) => resolve(code)));
}

describe('a process that is killed', () => {
  it('RD3 RD8 twenty times under load: every report exactly once in the sum', async () => {
    const KILLS = 20;
    const N = 6000;
    const D = 28;
    const tasks = [draft('intent', D, { minReports: N, maxReports: N, windowMs: 24 * 3_600_000 })];
    const { taskHashes } = await site(dataDir, tasks);
    const taskHash = taskHashes.intent as string;
    const random = testRandom(5);
    const row = (id: number) =>
      Array.from({ length: D }, (_, i) => ((id * 31 + i * 17) % 120_001) - 60_000);
    const main = await bundle();
    let server = await start(main);
    const roundHash = await openAt(server.url, taskHash);
    let next = 0;
    let acked = 0;
    let done = false;
    const worker = async (): Promise<void> => {
      while (next < N) {
        const id = next++;
        const body = report({ taskHash, roundHash, id, coordinates: row(id) });
        for (let taken = false; !taken; ) {
          try {
            const response = await send(server.url, body);
            taken = response.status === 201;
            if (taken) acked += 1;
            // The load lasts as long as the kills: what is left waits for the last start.
            if (acked > N - 200 && !done) await new Promise((wake) => setTimeout(wake, 20));
          } catch {
            await new Promise((wake) => setTimeout(wake, 5));
          }
        }
      }
    };
    const load = Promise.all(Array.from({ length: 12 }, worker));
    for (let kill = 0; kill < KILLS; kill++) {
      await new Promise((wake) => setTimeout(wake, 20 + random() * 80));
      server.process.kill('SIGKILL');
      await ended(server.process);
      server = await start(main);
    }
    done = true;
    await load;
    expect(acked).toBe(N);
    let head = (await (await fetch(server.url + PATHS.head(taskHash))).json()) as TaskHead;
    await expect
      .poll(
        async () => {
          head = (await (await fetch(server.url + PATHS.head(taskHash))).json()) as TaskHead;
          return head.model?.record.type === 'model' ? head.model.record.reports : 0;
        },
        { timeout: 10_000 },
      )
      .toBe(N);
    const bytes = await (
      await fetch(server.url + PATHS.model(head.model?.record.model ?? ''))
    ).arrayBuffer();
    const sum = Array.from({ length: D }, (_, i) => {
      let total = 0n;
      for (let id = 0; id < N; id++) total += BigInt(row(id)[i] as number);
      return total;
    });
    const expected = sum.map((total, i) => Math.fround(i / 8 + Number(total) / (N * 65_536)));
    expect([...decodeModel(new Uint8Array(bytes), D)]).toEqual(expected);
    server.process.kill('SIGTERM');
    expect(await ended(server.process)).toBe(0);
  }, 300_000);
});
