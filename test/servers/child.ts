/**
 * A server as a child that cannot outlive its test: a shell starts it and kills it when its own
 * standard input ends, which it does when the test process is gone, however it went. The shell ends
 * with the server, so that one that fell by itself is seen.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const GUARD =
  'exec 3<&0; "$@" 3<&- & server=$!; echo $server; ' +
  '(read -r line <&3; kill -9 $server) & killer=$!; wait $server; kill $killer';
const DEADLINE_MS = 60_000;

export interface Server {
  readonly pid: number;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** What it wrote, for the message of a test that cannot start it. */
  output(): string;
  exited(): boolean;
}

export interface ServerOptions {
  readonly log: string;
  /** User and group to run as; the test's own unless given. */
  readonly as?: { readonly uid: number; readonly gid: number };
}

async function pidOf(guard: ChildProcess): Promise<number> {
  if (guard.stdout === null) throw new Error('the guard has no output');
  for await (const line of createInterface({ input: guard.stdout })) return Number(line);
  throw new Error('the guard ended before it had started the server');
}

/** Starts `command`; whether it is ready is for the caller to find out. */
export async function startServer(
  command: readonly string[],
  { log, as }: ServerOptions,
): Promise<Server> {
  const output = openSync(log, 'a');
  const guard = spawn('sh', ['-c', GUARD, 'sh', ...command], {
    stdio: ['pipe', 'pipe', output],
    ...as,
  });
  closeSync(output);
  const ended = once(guard, 'exit');
  const pid = await pidOf(guard);
  return {
    pid,
    kill: async () => {
      guard.stdin?.end();
      await ended;
    },
    output: () => readFileSync(log, 'utf8'),
    exited: () => guard.exitCode !== null || guard.signalCode !== null,
  };
}

/** Waits for a condition. @throws after a minute. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await delay(20);
  }
}
