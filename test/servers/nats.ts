/** A nats-server with JetStream in a folder of its own, on ports that it picks itself. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Server, startServer, until } from './child.ts';
import { findNats } from './find.ts';

export interface Nats {
  readonly url: string;
  /** Address of its monitoring, for /varz. */
  readonly monitor: string;
  kill(): Promise<void>;
  /** Starts it again on the same ports and data. */
  start(): Promise<void>;
  /** kill -9, and the folder is removed. */
  stop(): Promise<void>;
}

export interface NatsOptions {
  /** Lines of its configuration file, beside the ports and the folder. */
  readonly config?: string;
}

interface Ports {
  readonly nats: readonly string[];
  readonly monitoring: readonly string[];
}

function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', () => resolve(false));
    // The server speaks first.
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** @throws when nats-server is missing or does not start. */
export async function startNats({ config = '' }: NatsOptions = {}): Promise<Nats> {
  const program = findNats();
  if (program === null) throw new Error('nats-server is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'vitrine-nats-'));
  const file = join(folder, 'nats.conf');
  const log = join(folder, 'nats.log');
  writeFileSync(file, config);
  let server: Server | null = null;
  let ports: Ports | null = null;

  function readPorts(): Ports | null {
    const name = readdirSync(folder).find((one) => one.endsWith('.ports'));
    if (name === undefined) return null;
    try {
      return JSON.parse(readFileSync(join(folder, name), 'utf8')) as Ports;
    } catch {
      return null;
    }
  }

  async function start(): Promise<void> {
    const port = ports === null ? '-1' : new URL(ports.nats[0] as string).port;
    const monitor = ports === null ? '-1' : new URL(ports.monitoring[0] as string).port;
    const flags = ['-a', '127.0.0.1', '-js', '-sd', folder, '--ports_file_dir', folder];
    const started = await startServer(
      [program as string, '-c', file, ...flags, '-p', port, '-m', monitor, '-l', log],
      { log },
    );
    server = started;
    await until(async () => {
      if (started.exited()) throw new Error(`nats-server does not start:\n${started.output()}`);
      ports ??= readPorts();
      return ports !== null && (await answers(ports.nats[0] as string));
    }, 'nats-server');
  }

  async function kill(): Promise<void> {
    await server?.kill();
    server = null;
  }

  async function stop(): Promise<void> {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const { nats, monitoring } = ports as unknown as Ports;
  return { url: nats[0] as string, monitor: monitoring[0] as string, kill, start, stop };
}
