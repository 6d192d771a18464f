/**
 * What Node's server calls: finds the site by host and prefix, takes a token of the address's bucket
 * where there is one, and hands reports over on the short way, everything else through Hono.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { PATHS } from '../shared/protocol/paths.ts';
import { Refusal } from '../shared/protocol/refusals.ts';
import { type AppDeps, createApp } from './app.ts';
import { addressKeys, cameByTls, clientAddress } from './operate/address.ts';
import { RateLimiter } from './operate/rate.ts';
import { jsonReply, type Reply, refusalReply, replyOf, sendReply } from './replies.ts';
import { handleReport } from './reports.ts';

/**
 * Letters, digits and slashes, `.p/` of a partial tile, and a file of the build: what paths.ts,
 * tiles.ts and assets.ts can make. No escapes, hosts or fragments.
 */
const TARGET =
  /^\/(?:[A-Za-z0-9/]*(?:\.p\/\d{1,3})?|(?:(?:latest|\d+\.\d+\.\d+)\/)?[a-z-]+\.(?:js|json|wasm))$/;

/** A year, as the lists of browsers ask for at least (RFC 6797). */
const HSTS = 'max-age=31536000';

type Serve = (request: IncomingMessage, response: ServerResponse, asks: boolean) => void;

/** Where a site is asked for. */
export interface SiteAddress {
  readonly name: string;
  /** '' or such as '/shop-a'. */
  readonly prefix: string;
  /** Any, when empty. */
  readonly hosts: readonly string[];
}

/** A site's place in the listener: it answers `not-ready` until it is opened. */
export interface Door extends SiteAddress {
  /** Why it does not take reports, or null; what `/readyz` of the whole server says of it. */
  readonly notReady: string | null;
  open(deps: AppDeps): void;
  /** From now on the site answers that it could not start. */
  fail(code: string): void;
}

export interface ListenerOptions {
  readonly trustProxy: number;
  /** Whether this server speaks TLS itself. */
  readonly tls: boolean;
}

/** The part of a server, of HTTP or HTTPS, that is used. */
interface Requests {
  on(
    event: 'request' | 'checkContinue',
    listener: (request: IncomingMessage, response: ServerResponse) => void,
  ): unknown;
}

function reply(request: IncomingMessage, response: ServerResponse, answer: Reply): void {
  request.resume();
  sendReply(response, answer);
}

/** Answers of a site without a service. */
function closed(reason: string): Serve {
  return (request, response) => {
    const { url } = request;
    if (url === PATHS.livez) reply(request, response, jsonReply(200, { status: 'ok' }));
    else if (url === PATHS.readyz) {
      reply(request, response, jsonReply(503, { status: 'not-ready', reason }));
    } else reply(request, response, refusalReply(new Refusal('not-ready', reason), 1));
  };
}

/** Why a request target is none of ours before any route is looked at, or null. */
function targetRefusal(target: string): Refusal | null {
  if (target.includes('?')) return new Refusal('query-not-allowed');
  return TARGET.test(target) ? null : new Refusal('not-found');
}

/** Takes one token for a request. @throws RateLimited */
type Take = (request: IncomingMessage) => void;

function takeOf({ service }: AppDeps, { trustProxy }: ListenerOptions): Take {
  const { rateLimit, ratePerMinute: perMinute, rateBurst: burst } = service.settings;
  if (rateLimit === 'off') return () => undefined;
  const limiter = new RateLimiter({ perMinute, burst, nowMs: () => performance.now() });
  const keyOf = addressKeys();
  return ({ headers, socket: { remoteAddress: socketAddress }, url }) => {
    if (url === PATHS.livez || url === PATHS.readyz) return;
    limiter.take(keyOf(clientAddress({ headers, socketAddress }, trustProxy)));
  };
}

function serveWith(deps: AppDeps, options: ListenerOptions): Serve {
  const { service, logger } = deps;
  const viaHono = getRequestListener(createApp(deps).fetch, {
    overrideGlobalObjects: false,
    // HTTP/1.0 sends no Host; nothing here depends on it.
    hostname: 'localhost',
    errorHandler: () => {
      const { status, headers, text } = refusalReply(new Refusal('not-found'), 1);
      return new Response(text, { status, headers });
    },
  });
  const take = takeOf(deps, options);
  const refuse = (request: IncomingMessage, response: ServerResponse, refusal: Refusal): void => {
    const { retryAfterSeconds, origins } = service.settings;
    const { reply } = replyOf(refusal, retryAfterSeconds, (reason) =>
      logger('error', 'request-failed', { reason }),
    );
    request.resume();
    sendReply(response, reply, origins);
  };
  return (request, response, asks) => {
    const { method, url = '' } = request;
    const isReport = method === 'POST' && url === PATHS.reports;
    try {
      take(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (isReport) handleReport(deps, request, response, asks, error);
      else {
        service.countRefusal(error.code);
        refuse(request, response, error);
      }
      return;
    }
    if (isReport) {
      handleReport(deps, request, response, asks);
      return;
    }
    const refusal = targetRefusal(url);
    if (refusal !== null) {
      refuse(request, response, refusal);
      return;
    }
    if (asks) response.writeContinue();
    void viaHono(request, response);
  };
}

class SiteDoor implements Door {
  readonly name: string;
  readonly prefix: string;
  readonly hosts: readonly string[];
  serve: Serve = closed('starting');
  readonly #options: ListenerOptions;
  #notReady: () => string | null = () => 'starting';

  constructor({ name, prefix, hosts }: SiteAddress, options: ListenerOptions) {
    this.name = name;
    this.prefix = prefix;
    this.hosts = hosts;
    this.#options = options;
  }

  get notReady(): string | null {
    return this.#notReady();
  }

  open(deps: AppDeps): void {
    this.serve = serveWith(deps, this.#options);
    this.#notReady = () => deps.service.notReady;
  }

  fail(code: string): void {
    this.serve = closed(code);
    this.#notReady = () => code;
  }

  /** Whether a request is for this site. */
  takes(host: string, url: string): boolean {
    if (this.hosts.length > 0 && !this.hosts.includes(host)) return false;
    return this.prefix === '' || url.startsWith(`${this.prefix}/`);
  }
}

/** The whole server's answers, where no site is asked for. */
function outside(doors: readonly Door[]): Serve {
  return (request, response) => {
    const { url } = request;
    if (url === PATHS.livez) reply(request, response, jsonReply(200, { status: 'ok' }));
    else if (url === PATHS.readyz) {
      const sites = Object.fromEntries(
        doors.map(({ name, notReady }) => [name, notReady ?? 'ready']),
      );
      const ready = doors.some(({ notReady }) => notReady === null);
      const status = ready ? 'ready' : 'not-ready';
      reply(request, response, jsonReply(ready ? 200 : 503, { status, sites }));
    } else reply(request, response, refusalReply(new Refusal('not-found'), 1));
  };
}

/** The most particular first: by host and prefix, by host, by prefix. */
const particular = ({ hosts, prefix }: SiteAddress): number =>
  (hosts.length > 0 ? 2 : 0) + (prefix === '' ? 0 : 1);

/**
 * Answers the server's requests; each site says that it is starting until its door is opened.
 * @returns the doors in the order of `addresses`.
 */
export function attach(
  server: Requests,
  addresses: readonly SiteAddress[],
  options: ListenerOptions,
): readonly Door[] {
  const doors = addresses.map((address) => new SiteDoor(address, options));
  const ordered = [...doors].sort((a, b) => particular(b) - particular(a));
  const elsewhere = outside(doors);
  const byHost = doors.some(({ hosts }) => hosts.length > 0);
  const serve: Serve = (request, response, asks) => {
    const { headers, url = '' } = request;
    if (options.tls || cameByTls({ headers }, options.trustProxy)) {
      response.setHeader('strict-transport-security', HSTS);
    }
    const host = byHost ? (headers.host ?? '').replace(/:\d+$/, '').toLowerCase() : '';
    const door = ordered.find((one) => one.takes(host, url));
    if (door === undefined) {
      elsewhere(request, response, asks);
      return;
    }
    if (door.prefix !== '') request.url = url.slice(door.prefix.length);
    door.serve(request, response, asks);
  };
  server.on('request', (request, response) => serve(request, response, false));
  server.on('checkContinue', (request, response) => serve(request, response, true));
  return doors;
}
