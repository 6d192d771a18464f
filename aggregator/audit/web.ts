/** The aggregator's HTTP interface as an auditor needs it; the command brings the real one. */
import { fromUtf8 } from '../../shared/bytes/utf8.ts';
import type { FetchFile } from '../../shared/protocol/tiles.ts';

export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

export type Headers = Readonly<Record<string, string>>;

/** Both reject with Unreachable. */
export interface Web {
  /** @throws Error for an answer of more than `maxBytes`. */
  get(path: string, maxBytes: number, headers?: Headers): Promise<Answer>;
  post(path: string, body: Uint8Array, type: string): Promise<Answer>;
}

/** There is no answer to judge: the network, or a server that does not speak HTTP. */
export class Unreachable extends Error {
  readonly code = 'unreachable';

  constructor(detail: string, options?: ErrorOptions) {
    super(`unreachable: ${detail}`, options);
    this.name = 'Unreachable';
  }
}

/** The command was asked for something that it does not do; `message` says what. */
export class UsageError extends Error {
  readonly code = 'usage';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

const MAX_JSON_BYTES = 4 << 20;

/** GET of a public file; any status but 200 is an error that names it. */
export function filesOf(web: Web, headers?: Headers): FetchFile {
  return async (path, maxBytes) => {
    const { status, body } = await web.get(path, maxBytes, headers);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
    return body;
  };
}

/** @throws Unreachable; Error or what `decode` throws for what is not there or not well formed. */
export async function readJson<T>(
  web: Web,
  path: string,
  decode: (value: unknown) => T,
  headers?: Headers,
): Promise<T> {
  const { status, body } = await web.get(path, MAX_JSON_BYTES, headers);
  if (status >= 500) throw new Unreachable(`GET ${path} answered ${status}`);
  if (status !== 200) throw new Error(`GET ${path} answered ${status}`);
  return decode(JSON.parse(fromUtf8(body)));
}

/** What is wrong with an answer, in words; without an answer there is no audit. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unreachable || error instanceof UsageError) throw error;
  return error instanceof Error ? error.message : String(error);
}
