/**
 * A server as a child that cannot outlive its test: a shell starts it and waits for its own standard
 * input to end, which it does when the test process is gone, however it went.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const GUARD = '"$@" & server=$!; echo $server; read -r line; kill -9 $server; wait $server';
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

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
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
      await until(() => !alive(pid), 'the server to go');
    },
    output: () => readFileSync(log, 'utf8'),
    exited: () => !alive(pid),
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
