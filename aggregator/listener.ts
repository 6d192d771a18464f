/** What Node's server calls: reports on the short way, everything else through Hono. */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { PATHS } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import { createApp } from './app.ts';
import { jsonReply, refusalReply, sendReply } from './replies.ts';
import { handleReport, type ReportDeps } from './reports.ts';

/**
 * Letters, digits and slashes, and `.p/` of a partial tile: what paths.ts and tiles.ts can make. No
 * escapes, hosts or fragments.
 */
const TARGET = /^\/[A-Za-z0-9/]*(\.p\/\d{1,3})?$/;

/** Answers while the journals are read. */
export const starting: RequestListener = (request, response) => {
  const reply =
    request.url === PATHS.livez
      ? jsonReply(200, { status: 'ok' })
      : refusalReply(new Refusal('not-ready', 'starting'), 1);
  request.resume();
  sendReply(response, reply);
};

/** Why a request target is none of ours before any route is looked at, or null. */
function targetRefusal(target: string): Refusal | null {
  if (target.includes('?')) return new Refusal('query-not-allowed');
  return TARGET.test(target) ? null : new Refusal('not-found');
}

type Serve = (request: IncomingMessage, response: ServerResponse, asks: boolean) => void;

function serveWith(deps: ReportDeps): Serve {
  const viaHono = getRequestListener(createApp(deps).fetch, {
    overrideGlobalObjects: false,
    // HTTP/1.0 sends no Host; nothing here depends on it.
    hostname: 'localhost',
    errorHandler: () => {
      const { status, headers, text } = refusalReply(new Refusal('not-found'), 1);
      return new Response(text, { status, headers });
    },
  });
  return (request, response, asks) => {
    const { method, url = '' } = request;
    if (method === 'POST' && url === PATHS.reports) {
      handleReport(deps, request, response, asks);
      return;
    }
    const refusal = targetRefusal(url);
    if (refusal !== null) {
      request.resume();
      sendReply(response, refusalReply(refusal, 1));
      return;
    }
    if (asks) response.writeContinue();
    void viaHono(request, response);
  };
}

/** Answers the server's requests with `starting`, until the returned function gives it a service. */
export function attach(server: Server): (deps: ReportDeps) => void {
  let serve: Serve = starting;
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  return (deps) => {
    serve = serveWith(deps);
  };
}
