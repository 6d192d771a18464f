/** What the aggregator's operator asks for: metrics, and what a round's fate may need. */
import type { Context, Hono } from 'hono';
import { Refusal } from '../shared/protocol/refusals.ts';
import type { Signed, SiteRecord } from '../shared/protocol/task.ts';
import type { Logger } from './logger.ts';
import type { MetricSource, Metrics } from './operate/metrics.ts';
import {
  type AdminOptions,
  allowOnly,
  closedReply,
  listenFor,
  METRICS_PATH,
  OperatorRefusal,
  operatorApp,
  type RunningAdmin,
} from './operator-app.ts';
import { jsonReply } from './replies.ts';
import type { Service } from './service.ts';

/** A site as the listener knows it, whether or not it could start. */
export interface SiteState {
  readonly name: string;
  readonly notReady: string | null;
}

export interface AdminDeps {
  readonly services: ReadonlyMap<string, Service>;
  readonly doors: readonly SiteState[];
  readonly metrics: Metrics | null;
  readonly logger: Logger;
}

export const ADMIN_PATHS = {
  metrics: METRICS_PATH,
  status: '/admin/status',
  action: '/admin/sites/:site/tasks/:task/:action',
} as const;

const MAX_BODY_BYTES = 1024;

/** A JSON object of at most a kilobyte; none is empty. @throws Refusal bad-message, too-large */
async function bodyOf({ req }: Context): Promise<Readonly<Record<string, unknown>>> {
  if (Number(req.header('content-length') ?? 0) > MAX_BODY_BYTES) throw new Refusal('too-large');
  const text = await req.text();
  if (text.length > MAX_BODY_BYTES) throw new Refusal('too-large');
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // As what is no object.
  }
  throw new Refusal('bad-message', 'the body must be a JSON object, or empty');
}

/** @throws Refusal bad-message for a field that is not `name`, or that `check` does not take. */
function only<T>(
  body: Readonly<Record<string, unknown>>,
  name: string | null,
  check: (value: unknown) => value is T,
): T | undefined {
  for (const key of Object.keys(body)) {
    if (key !== name) throw new Refusal('bad-message', `${key} is not taken here`);
    if (!check(body[key])) throw new Refusal('bad-message', `${key} has not the declared form`);
  }
  return name === null ? undefined : (body[name] as T | undefined);
}

const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isVersion = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

type Body = Readonly<Record<string, unknown>>;
type Action = (service: Service, taskHash: string, body: Body) => Promise<object>;

export const ACTIONS: Readonly<Record<string, Action>> = {
  async open(service, taskHash, body) {
    only(body, null, isFlag);
    await service.resume(taskHash);
    return {};
  },
  async pause(service, taskHash, body) {
    await service.pause(taskHash, only(body, 'close', isFlag) ?? false);
    return {};
  },
  async abandon(service, taskHash, body) {
    only(body, null, isFlag);
    return { round: await service.abandon(taskHash) };
  },
  async restore(service, taskHash, body) {
    const version = only(body, 'version', isVersion);
    if (version === undefined) throw new Refusal('bad-message', 'version is needed');
    return { modelVersion: await service.restore(taskHash, version) };
  },
};

function lastBatches(service: Service): ReadonlyMap<string, number> {
  const sizes = service.status().tasks.flatMap(({ name, hash }) => {
    const record = service.task(hash).head.model?.record;
    return record?.type === 'model' ? [[name, record.reports] as const] : [];
  });
  return new Map(sizes);
}

function sourceOf({ services }: AdminDeps, { name, notReady }: SiteState): MetricSource {
  const service = services.get(name);
  const ready = notReady === null;
  if (service === undefined) return { site: name, ready, running: null };
  const { record } = JSON.parse(service.siteText) as Signed<SiteRecord>;
  const status = service.status();
  return {
    site: name,
    ready,
    running: {
      status,
      tasks: status.tasks.map(({ hash }) => service.task(hash).task),
      budgetEpsilon: record.budget.epsilon,
      slots: service.slots,
      lastBatch: lastBatches(service),
    },
  };
}

/** The operator's routes as a Hono app. */
export function createAdminApp(token: string, deps: AdminDeps): Hono {
  const { services, doors, metrics, logger } = deps;
  const app = operatorApp(token, logger, async () => {
    const sources = doors.map((door) => sourceOf(deps, door));
    return (await metrics?.scrape(sources, Date.now())) ?? null;
  });
  app.get(ADMIN_PATHS.status, () => {
    const sites = doors.map(({ name, notReady }) => {
      const status = services.get(name)?.status() ?? null;
      return { name, notReady, status };
    });
    return closedReply(jsonReply(200, { sites }));
  });
  app.post(ADMIN_PATHS.action, async (c) => {
    const { site, task, action } = c.req.param();
    const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
    if (act === undefined) throw new Refusal('not-found');
    const service = services.get(site);
    if (service === undefined) throw new OperatorRefusal('unknown-site');
    const found = service.status().tasks.find(({ name }) => name === task);
    if (found === undefined) throw new OperatorRefusal('unknown-task');
    const done = await act(service, found.hash, await bodyOf(c));
    logger('info', 'operated', { site, task, action });
    const now = service.status().tasks.find(({ name }) => name === task);
    return closedReply(jsonReply(200, { ...done, task: now }));
  });
  allowOnly(app, ADMIN_PATHS.status, 'GET, HEAD');
  allowOnly(app, ADMIN_PATHS.action, 'POST');
  return app;
}

/** Listens for the operator. @throws StartError port-in-use, port-forbidden */
export function startAdmin(options: AdminOptions, deps: AdminDeps): Promise<RunningAdmin> {
  return listenFor(createAdminApp(options.token, deps), options, deps.logger);
}
