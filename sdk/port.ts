/**
 * Calls in both directions over one port, so that an answer never overtakes what was told before
 * it. Comlink does the same with more; the tag has no room for it.
 */

/** The part of Worker, of a Worker's own global, and of MessagePort that is used. */
export interface Port {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  start?(): void;
}

type Method = (...parameters: never[]) => unknown;

/** A call, 0 for one without an answer; or the answer to one. */
type Message =
  | readonly [id: number, method: string, parameters: readonly never[]]
  | readonly [id: number, done: boolean, value: unknown];

/** The other end: its methods by name. */
export interface Other<Api> {
  /** Waits for nothing. */
  tell<K extends keyof Api & string>(
    method: K,
    ...parameters: Api[K] extends (...all: infer P) => unknown ? P : never
  ): void;
  /** @throws an Error with the `code` and the message that the other end threw */
  ask<K extends keyof Api & string>(
    method: K,
    ...parameters: Api[K] extends (...all: infer P) => unknown ? P : never
  ): Promise<Api[K] extends (...all: never[]) => infer R ? Awaited<R> : never>;
}

/** @param own what the other end may call, and nothing else */
export function talk<Api>(port: Port, own: object): Other<Api> {
  const waiting = new Map<number, readonly [(value: never) => void, (error: Error) => void]>();
  let last = 0;
  port.addEventListener('message', ({ data }) => {
    const [id, what, value] = data as Message;
    if (typeof what === 'string') {
      const answer = (done: boolean, result: unknown): void => {
        if (id > 0) port.postMessage([id, done, result]);
      };
      new Promise((resolve) => resolve((own as Record<string, Method>)[what]?.(...value)))
        .then((result) => answer(true, result))
        .catch((error: unknown) => {
          const { code, message } = (error ?? {}) as Record<string, unknown>;
          answer(false, { code: `${code ?? 'failed'}`, message: `${message ?? error}` });
        });
      return;
    }
    const [resolve, reject] = waiting.get(id) ?? [];
    waiting.delete(id);
    if (what) resolve?.(value as never);
    else reject?.(Object.assign(new Error(), value));
  });
  port.start?.();
  return {
    tell: (method, ...parameters) => port.postMessage([0, method, parameters]),
    ask: (method, ...parameters) =>
      new Promise((resolve, reject) => {
        waiting.set(++last, [resolve, reject]);
        port.postMessage([last, method, parameters]);
      }),
  };
}
