/** The network as the SDK uses it: three verbs, no cookies, no referrer, no redirects, no query. */

import type { Sender } from '../post/sender.ts';

export type NetworkState = 'offline' | 'server' | 'not-found' | 'too-large' | 'bad-body';

/** A request that did not bring what was asked for; `state` is its name. */
export class NetworkError extends Error {
  readonly state: NetworkState;

  constructor(state: NetworkState, message: string) {
    super(`${state}: ${message}`);
    this.name = 'NetworkError';
    this.state = state;
  }
}

export interface Transport extends Sender {
  /** GET of a JSON document; refuses bodies over `maxBytes`. @throws NetworkError */
  json(path: string, maxBytes?: number): Promise<unknown>;
  /** GET of an immutable object, or of the log's checkpoint. @throws NetworkError */
  bytes(path: string, maxBytes: number): Promise<Uint8Array>;
}

const nowhere = (): Promise<never> =>
  Promise.reject(new NetworkError('offline', 'only what is stored is read'));

export const NO_NETWORK: Transport = { json: nowhere, bytes: nowhere, report: nowhere };
