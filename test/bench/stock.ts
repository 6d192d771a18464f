/** The process that runs peer-stock.ts, one epoch at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StockAnswer } from './peer-stock.ts';

export class Stock {
  readonly #child: ChildProcess;
  #stderr = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  static async start(): Promise<Stock> {
    const file = fileURLToPath(new URL('./peer-stock.ts', import.meta.url));
    const stock = new Stock(
      fork(file, {
        execArgv: ['--import', 'tsx'],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        serialization: 'advanced',
      }),
    );
    await stock.#answer();
    return stock;
  }

  async epoch(batch: number): Promise<StockAnswer> {
    const answer = this.#answer();
    this.#child.send({ batch });
    return (await answer) as StockAnswer;
  }

  end(): void {
    this.#child.kill();
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void =>
        reject(new Error(`stock tfjs ended with ${code}: ${this.#stderr}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        resolve(message);
      });
    });
  }
}
