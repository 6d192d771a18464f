/** Nodes of a cluster as processes of this machine: started, killed, frozen and woken. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../aggregator/main.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');
/** USER_HZ of Linux. */
const TICKS_PER_SECOND = 100;

export type Role = 'accept' | 'accumulate' | 'coordinate';

export interface NodePlan {
  readonly role: Role;
  /** Of the engine, see engine/open.ts. */
  readonly engine: string;
  /** Weaknesses of the engine that are accepted, by name. */
  readonly accept: readonly string[];
  readonly secretFile: string;
  readonly partitions: number;
  readonly leaseMs: number;
  /** Of a coordinator. */
  readonly dataDir?: string;
  readonly port?: number;
}

/** The command line of a node behind `npx tsx aggregator/main.ts`. */
export function argumentsOf(plan: NodePlan): string[] {
  const { role, engine, accept, secretFile, partitions, leaseMs, dataDir, port } = plan;
  return [
    ...['--role', role, '--engine', engine, '--secret', secretFile],
    ...['--partitions', String(partitions), '--lease-ms', String(leaseMs)],
    ...accept.flatMap((name) => ['--accept-risk', name]),
    ...(port === undefined ? [] : ['--port', String(port)]),
    ...(dataDir === undefined ? [] : ['--data', dataDir]),
  ];
}

export class RunningProcess {
  readonly plan: NodePlan;
  /** Lines of its standard error, the newest last. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #url = '';
  #waiting: (() => void)[] = [];

  constructor(plan: NodePlan) {
    this.plan = plan;
    this.#child = spawn(process.execPath, ['--import', TSX, MAIN, ...argumentsOf(plan)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit').then(() => this.#wake());
    const out = this.#child.stdout;
    const err = this.#child.stderr;
    if (out === null || err === null) throw new Error('a node has no output');
    createInterface({ input: out }).on('line', (line) => {
      const { event, url } = JSON.parse(line) as { event: string; url: string };
      if (event === 'listening') this.#url = url;
      this.#wake();
    });
    createInterface({ input: err }).on('line', (line) => {
      this.lines.push(line);
      if (this.lines.length > 200) this.lines.shift();
    });
  }

  /** Where it listens; '' before, and of a coordinator before it is elected. */
  get url(): string {
    return this.#url;
  }

  /** CPU that it has used, seconds; null where there is no /proc. */
  get cpuSeconds(): number | null {
    try {
      const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8');
      // Behind the name in brackets: state is the third field, user and system time 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    } catch {
      return null;
    }
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves when it listens. @throws when it ends instead, with what it said. */
  async listening(): Promise<string> {
    while (this.#url === '') {
      if (this.ended) throw new Error(`${this.plan.role} has ended:\n${this.lines.join('\n')}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.#url;
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal);
    await this.#ended;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
