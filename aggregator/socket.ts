/** A server's port, taken and given back. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The server cannot start; `message` says what to do. */
export class StartError extends Error {
  readonly code: 'port-in-use' | 'port-forbidden' | 'no-key';

  constructor(code: StartError['code'], message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'StartError';
    this.code = code;
  }
}

/** Takes a port; returns its URL. @throws StartError port-in-use, port-forbidden */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        const message = `port ${port} on ${host} is in use; choose another with --port`;
        reject(new StartError('port-in-use', message, { cause: error }));
      } else if (error.code === 'EACCES') {
        const message = `port ${port} needs more rights; choose another with --port`;
        reject(new StartError('port-forbidden', message, { cause: error }));
      } else reject(error);
    });
    server.listen(port, host, () => {
      const { address, family, port: taken } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`);
    });
  });
}

/** Closes a server at SIGTERM or SIGINT and ends its process; a second signal ends it at once. */
export function closeAtSignal(name: string, close: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(130);
      stopping = true;
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

/** Takes no more connections, and ends those that are left after `drainMs`. */
export async function stopServer(server: Server, drainMs: number): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), drainMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(timer);
}
