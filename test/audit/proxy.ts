/** A proxy between auditor and aggregator that changes answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy shows in place of the body, or null. */
export type Shown = (path: string, body: Uint8Array) => Promise<Uint8Array | null>;

/** @param client part of the user agents that are shown something else; '' for all. */
export async function proxy(
  target: string,
  shown: Shown,
  client = 'Android',
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/';
      const answer = await fetch(target + path);
      const body = new Uint8Array(await answer.arrayBuffer());
      const chosen = request.headers['user-agent']?.includes(client) ?? false;
      const instead = chosen ? await shown(path, body) : null;
      response.writeHead(instead === null ? answer.status : 200).end(instead ?? body);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}
