/** A server's port, taken and given back. */
import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

type Server = HttpServer | HttpsServer;

/** The server cannot start; `message` says what to do. */
export class StartError extends Error {
  readonly code: 'port-in-use' | 'port-forbidden' | 'bad-host' | 'no-key' | 'bad-tls';

  constructor(code: StartError['code'], message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'StartError';
    this.code = code;
  }
}

export interface ListenOptions {
  readonly scheme?: 'http' | 'https';
  /** What names the port on the command line. */
  readonly flag?: string;
}

/** What a name or an address is answered with that is not of this machine. */
const NO_ADDRESS = ['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL'];

/** Takes a port; returns its URL. @throws StartError port-in-use, port-forbidden, bad-host */
export function listen(
  server: Server,
  host: string,
  port: number,
  { scheme = 'http', flag = '--port' }: ListenOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        const message = `port ${port} on ${host} is in use; choose another with ${flag}`;
        reject(new StartError('port-in-use', message, { cause: error }));
      } else if (error.code === 'EACCES') {
        const message = `port ${port} needs more rights; choose another with ${flag}`;
        reject(new StartError('port-forbidden', message, { cause: error }));
      } else if (NO_ADDRESS.includes(error.code ?? '')) {
        const message = `${flag.replace('port', 'host')} ${host} is no address of this machine`;
        reject(new StartError('bad-host', message, { cause: error }));
      } else reject(error);
    });
    server.listen(port, host, () => {
      const { address, family, port: taken } = server.address() as AddressInfo;
      resolve(`${scheme}://${family === 'IPv6' ? `[${address}]` : address}:${taken}`);
    });
  });
}

/** Ctrl-C under npx comes twice, from the terminal and from npm: one wish. */
const SAME_WISH_MS = 500;

/** Closes a server at SIGTERM or SIGINT and ends its process; a second wish ends it at once. */
export function closeAtSignal(name: string, close: () => Promise<void>): void {
  let firstMs: number | null = null;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (firstMs !== null) {
        if (performance.now() - firstMs >= SAME_WISH_MS) process.exit(130);
        return;
      }
      firstMs = performance.now();
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${name}: ${(error as Error).message}\n`);
          process.exit(1);
        },
      );
    });
  }
}

const IDLE_CHECK_MS = 20;

/** Takes no more connections, and ends those that are left after `drainMs`. */
export async function stopServer(server: Server, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  // A connection whose request was answered meanwhile would be kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
  clearInterval(idle);
}
