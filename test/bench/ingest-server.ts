/**
 * A server for `ingest` and `soak`, run as a process of its own: `ingest-server.ts MODE DIR PORT`.
 * `bare` reads and drops the body on node:http, `volatile` is the aggregator on a disk that forgets
 * journals, `durable` the aggregator as it is. Prints `{ url }`, and on a line from standard input
 * its CPU seconds and its bytes in memory; on the line `gc` it collects garbage first.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { AppendFile, Disk } from '../../aggregator/accumulate/disk.ts';
import { nodeDisk } from '../../aggregator/accumulate/node-disk.ts';
import { silentLogger } from '../../aggregator/logger.ts';
import { startAggregator } from '../../aggregator/main.ts';

/** Takes journals and drops them; everything else is on the real disk. */
function forgetful(disk: Disk): Disk {
  return {
    ...disk,
    open: async (path) => {
      const file = await disk.open(path);
      if (!path.endsWith('.journal')) return file;
      let length = 0;
      const dropped: AppendFile = {
        get length() {
          return length;
        },
        append: async (parts) => {
          for (const part of parts) length += part.length;
        },
        sync: async () => undefined,
        truncate: async () => undefined,
        close: () => file.close(),
      };
      return dropped;
    },
  };
}

async function start(mode: string | undefined, dataDir: string, port: number): Promise<string> {
  if (mode === 'bare') {
    const server = createServer((request, response) => {
      request.on('data', () => undefined);
      request.on('end', () => {
        response.writeHead(201, { 'content-type': 'application/json', 'content-length': 2 });
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const disk = mode === 'volatile' ? forgetful(nodeDisk(dataDir)) : nodeDisk(dataDir);
  return (await startAggregator({ dataDir, disk, port, logger: silentLogger })).url;
}

function memory(): { readonly rss: number; readonly heap: number } {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const [mode, dataDir = '', port = '0'] = process.argv.slice(2);
const url = await start(mode, dataDir, Number(port));
process.stdout.write(`${JSON.stringify({ url })}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line === 'gc') collect();
    const { user, system } = process.cpuUsage();
    const usage = { cpuSeconds: (user + system) / 1e6, ...memory() };
    process.stdout.write(`${JSON.stringify(usage)}\n`);
  })
  .on('close', () => process.exit(0));
