/** What the page of bench `train` asks of its two Workers, and how. */
import type { Page } from 'playwright-core';
import type { Shape, TimedKind } from './train-shape.ts';

export interface StepsRequest {
  readonly kind: TimedKind;
  readonly shape: Shape;
  readonly steps: number;
}

export interface RoundsRequest {
  readonly rounds: number;
  readonly warmUp: number;
  readonly goods: number;
  /** Rounds of the wide ranker and of small towers in turn. */
  readonly towers: boolean;
}

export type OwnRequest = { readonly backend: 'wasm' | 'webgpu' } & (StepsRequest | RoundsRequest);

export interface Answer {
  readonly losses: readonly number[];
  /** Of each step. */
  readonly ms: readonly number[];
  /** Work that each step gave to the GPU. */
  readonly dispatches?: readonly number[];
}

/** A Worker of the page, which lives until the page closes. */
export class PageWorker {
  readonly #page: Page;
  readonly #name: string;

  private constructor(page: Page, name: string) {
    this.#page = page;
    this.#name = name;
  }

  static async start(page: Page, name: string): Promise<PageWorker> {
    await page.evaluate((name) => {
      Object.assign(globalThis, { [name]: new Worker(`/${name}.js`) });
    }, name);
    return new PageWorker(page, name);
  }

  /** @throws Error with what the Worker says of its failure. */
  ask<T>(request: object): Promise<T> {
    return this.#page.evaluate(
      ([name, request]) =>
        new Promise<never>((resolve, reject) => {
          const worker = (globalThis as unknown as Record<string, Worker>)[name] as Worker;
          worker.onerror = ({ message }) => reject(new Error(`${name}: ${message}`));
          worker.onmessage = ({ data }) => {
            if (data.error === undefined) resolve(data.answer as never);
            else reject(new Error(`${name}: ${data.error}`));
          };
          worker.postMessage(request);
        }),
      [this.#name, request] as const,
    );
  }
}
