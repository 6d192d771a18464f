/** Requests between the nodes of a cluster: kept-alive connections, a time limit, bounded answers. */

import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Ask {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A node did not answer, or not in time; whether it has acted is unknown. */
export class NodeUnreachable extends Error {
  readonly code = 'node-unreachable';

  constructor(message: string, options?: ErrorOptions) {
    super(`node-unreachable: ${message}`, options);
    this.name = 'NodeUnreachable';
  }
}

/** Asks one node. @throws NodeUnreachable */
export type Send = (url: string, ask: Ask) => Promise<Answer>;

/** A public file, or the result of a partition. */
const MAX_ANSWER_BYTES = 1 << 30;

/** @returns what asks, and what closes its connections. */
export function httpSend(timeoutMs: number): { readonly send: Send; readonly close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const send: Send = (url, { method, path, headers = {}, body }) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(new NodeUnreachable(`${url}: ${error.message}`, { cause: error }));
      const length = body === undefined ? {} : { 'content-length': String(body.length) };
      if (!URL.canParse(url)) {
        fail(new Error('no address'));
        return;
      }
      const { hostname, port } = new URL(url);
      const host = hostname.replace(/^\[(.*)\]$/, '$1');
      const asked = request(
        { host, port, path, method, agent, headers: { ...headers, ...length } },
        (response) => {
          const parts: Uint8Array[] = [];
          let bytes = 0;
          response.on('data', (part: Uint8Array) => {
            bytes += part.length;
            if (bytes > MAX_ANSWER_BYTES) asked.destroy(new Error('its answer is too long'));
            parts.push(part);
          });
          response.on('error', fail);
          response.on('end', () => {
            clearTimeout(timer);
            const { statusCode: status = 0 } = response;
            resolve({ status, headers: response.headers, body: Buffer.concat(parts) });
          });
        },
      );
      const timer = setTimeout(() => asked.destroy(new Error('no answer in time')), timeoutMs);
      asked.on('error', (error) => {
        clearTimeout(timer);
        fail(error);
      });
      asked.end(body);
    });
  return { send, close: () => agent.destroy() };
}
