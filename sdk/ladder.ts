/**
 * Starts a Worker of ours past the policies of a page: from its own origin, else fetched with its
 * hash into a blob, else imported by a blob. A fresh Worker on each rung.
 */

/** The part of Worker that is used. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject): void;
  terminate(): void;
}

/** What starting a Worker needs of a page, or of the Worker that starts another. */
export interface LadderHost {
  /** Of this global; 'null' where it is opaque. */
  readonly origin: string;
  /** Throws in Chromium when a policy forbids it; elsewhere the Worker fires 'error'. */
  create(url: string): WorkerLike;
  /** Body of a script. Rejects when it may not be read, or has another hash. */
  fetchScript(url: string, integrity: string | undefined): Promise<string>;
  /** Address of a script given as text, and its undo. */
  scriptUrl(text: string): { readonly url: string; revoke(): void };
  /** Listens to what policies refuse; the result ends it and says what they would have to allow. */
  watchPolicy(): () => Promise<string>;
  after(ms: number, run: () => void): () => void;
}

export interface Script {
  readonly file: string;
  /** Absolute folders, each with a trailing slash, in the order in which they are tried. */
  readonly folders: readonly string[];
  readonly integrity: string | undefined;
  /** Whether nothing may run that has not been compared with its hash, but from the own origin. */
  readonly pinned: boolean;
}

export interface Started<Answer> {
  readonly answer: Answer;
  /** Rejects when the Worker dies by an error of its own; never resolves. */
  readonly failed: Promise<never>;
  terminate(): void;
}

/** The first message to a Worker, and what it answers. `folder` is where its files lie. */
export type Greet<Answer> = (worker: WorkerLike, folder: string) => Promise<Answer>;

interface Address {
  readonly url: string;
  readonly folder: string;
  revoke?(): void;
}

/**
 * @param limitMs how long one may take to answer; one that loads and is silent ends the ladder
 * @throws Error that names what failed on each rung; what the Worker itself answered, if it
 * refused; the signal's reason
 */
export async function climb<Answer>(
  script: Script,
  host: LadderHost,
  greet: Greet<Answer>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<Started<Answer>> {
  const failures = new Set<string>();
  const missing = host.watchPolicy();
  for (const rung of rungs(script, host)) {
    let tried: Awaited<ReturnType<typeof attempt<Answer>>>;
    try {
      const address = await rung();
      try {
        tried = await attempt(address, host, greet, limitMs, signal);
      } finally {
        address.revoke?.();
      }
    } catch (error) {
      signal?.throwIfAborted();
      failures.add(messageOf(error));
      continue;
    }
    void missing();
    if ('refusal' in tried) throw tried.refusal;
    return tried;
  }
  const advice = await missing();
  throw new Error(advice || [...failures].join('; '));
}

function rungs(
  { file, folders, integrity, pinned }: Script,
  host: LadderHost,
): (() => Promise<Address>)[] {
  const own = folders.filter((folder) => new URL(folder).origin === host.origin);
  const folder = folders.at(-1) as string;
  const blob = (text: string): Address => ({ folder, ...host.scriptUrl(text) });
  const all = own.map((one) => async () => ({ folder: one, url: one + file }) as Address);
  all.push(async () => blob(await host.fetchScript(folder + file, integrity)));
  // importScripts compares nothing.
  if (!pinned) all.push(async () => blob(`importScripts(${JSON.stringify(folder + file)});`));
  return all;
}

async function attempt<Answer>(
  { url, folder }: Address,
  host: LadderHost,
  greet: Greet<Answer>,
  limitMs: number,
  signal: AbortSignal | undefined,
): Promise<Started<Answer> | { readonly refusal: unknown }> {
  const worker = host.create(url);
  const terminate = (): void => worker.terminate();
  let starting = true;
  const failed = new Promise<never>((_, reject) => {
    worker.addEventListener('error', ((event: ErrorEvent) => {
      // The next rung is tried: no error of the page.
      if (starting) event.preventDefault?.();
      reject(new Error(event.message ? String(event.message) : `${url} did not load`));
    }) as EventListener);
  });
  failed.catch(() => undefined);
  let end = (): void => undefined;
  const given = new Promise<{ readonly refusal: unknown }>((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    const cancel = host.after(limitMs, () =>
      resolve({ refusal: new Error(`no answer in ${limitMs} ms`) }),
    );
    end = () => {
      signal?.removeEventListener('abort', onAbort);
      cancel();
    };
  });
  const greeted = greet(worker, folder).then(
    (answer) => ({ answer, failed, terminate }),
    (refusal: unknown) => ({ refusal }),
  );
  try {
    const result = await Promise.race([greeted, failed, given]);
    if ('refusal' in result) terminate();
    return result;
  } catch (error) {
    terminate();
    throw error;
  } finally {
    starting = false;
    end();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
