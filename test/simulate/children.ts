/** Child processes of the launcher: started with tsx, heard line by line, stopped within seconds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { FlagError } from './flags.ts';

export interface Child {
  readonly name: string;
  readonly process: ChildProcess;
  /** Resolves with words when the process has ended: "exit code 1", "signal SIGKILL". */
  readonly ended: Promise<string>;
  /** The newest lines of its stderr, for the message of its end. */
  errors(): string;
  stop(): Promise<void>;
}

const KEPT_LINES = 20;
const PATIENCE_MS = 5_000;

/**
 * @param file TypeScript file to run.
 * @param onLine one line of its stdout.
 */
export function startChild(
  name: string,
  file: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Child {
  const child = spawn(process.execPath, ['--import', 'tsx', file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const errors: string[] = [];
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      // The aggregator's log of ordinary events says nothing about an end.
      if (line.includes('"level":"info"')) return;
      errors.push(line);
      if (errors.length > KEPT_LINES) errors.shift();
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  return {
    name,
    process: child,
    ended,
    errors: () => errors.join('\n'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** @throws FlagError naming the flag when something else listens on the port. */
export async function claimPort(flag: string, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.on('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? 'another program listens there'
          : `it cannot be used (${error.code})`;
      reject(new FlagError(`port ${port} is taken: ${why}. Choose another: ${flag} P`));
    });
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}
