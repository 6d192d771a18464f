/** One role of a cluster as a process: `--role accept | accumulate | coordinate`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Choice, chooseBackend } from './average/choose.ts';
import { MAX_PARTITIONS } from './cluster/names.ts';
import { agreeOnPartitions } from './cluster/view.ts';
import { startAcceptNode } from './cluster-accept.ts';
import { startAccumulator } from './cluster-accumulate.ts';
import { startCoordinator } from './cluster-coordinate.ts';
import type { NodeOptions, RunningNode } from './cluster-node.ts';
import { ENGINE_ADDRESSES, openEngine } from './engine/open.ts';
import { jsonLogger, type Logger } from './logger.ts';
import { settingsOf } from './settings.ts';
import { closeAtSignal } from './socket.ts';

const ROLES = ['accept', 'accumulate', 'coordinate'] as const;
type Role = (typeof ROLES)[number];

const USUAL_PARTITIONS = 8;
const MIN_SECRET = 16;

const USAGE = `--role ${ROLES.join(' | ')} --engine ADDRESS --secret FILE [options]

  accept       takes reports and answers everything that is public; keeps nothing
  accumulate   writes the partitions that it holds a lease on
  coordinate   opens, closes and publishes rounds once it is elected; --data DIR with site and key

  --engine ADDRESS   ${ENGINE_ADDRESSES.split('\n').join('\n                     ')}
  --accept-risk NAME a weakness of the engine that is accepted, by name; may be repeated
  --secret FILE      holds what the nodes know each other by, ${MIN_SECRET} characters or more
  --host H --port P  where it listens; 127.0.0.1, and a free port
  --url URL          where the other nodes reach it, if not there
  --partitions N     of the cluster, at its first start; ${USUAL_PARTITIONS}
  --lease-ms N       a node that is silent for so long is replaced; 3000
  --data DIR         of the coordinator: aggregator.key, and the site
  --helper URL       of the coordinator: the second server
  --average NAME     averaging backend`;

function integerOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max) {
    throw new RangeError(`--${name} must be an integer from ${min} to ${max}`);
  }
  return value;
}

function roleOf(text: string | undefined): Role {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new RangeError(`--role must be one of ${ROLES.join(', ')}`);
  return role;
}

function secretOf(file: string | undefined): string {
  if (file === undefined) throw new TypeError('--secret FILE is needed');
  const secret = readFileSync(file, 'utf8').trim();
  if (!/^[\x21-\x7e]+$/.test(secret) || secret.length < MIN_SECRET) {
    throw new RangeError(`--secret: ${MIN_SECRET} or more printable characters, without spaces`);
  }
  return secret;
}

/** Where the other nodes reach this one: a host and a port, nothing behind. */
function urlOf(text: string): string {
  if (!URL.canParse(text) || !/^http:\/\/[^/?#@]+\/?$/i.test(text)) {
    throw new RangeError('--url must be http://HOST:PORT');
  }
  return new URL(text).origin;
}

const say = (event: string, url: string): void => {
  process.stdout.write(`${JSON.stringify({ event, url })}\n`);
};

interface Given {
  readonly data?: string | undefined;
  readonly helper?: string | undefined;
  readonly average?: string | undefined;
}

function choose(average: string | null, logger: Logger): Promise<Choice> {
  return chooseBackend(average, undefined, {
    onFall: ({ message }) => logger('warn', 'backend-failed', { reason: message }),
  });
}

async function start(role: Role, options: NodeOptions, given: Given): Promise<RunningNode> {
  const average = given.average ?? null;
  switch (role) {
    case 'accept':
      return startAcceptNode(options);
    case 'accumulate':
      return startAccumulator({ ...options, average: await choose(average, options.logger) });
    case 'coordinate': {
      const { data: dataDir, helper: url } = given;
      if (dataDir === undefined) throw new TypeError('--data DIR is needed');
      const helper = url === undefined ? {} : { helper: { url } };
      const elected = (own: string): void => say('listening', own);
      const running = startCoordinator({ ...options, ...helper, dataDir, average, elected });
      running.done.catch((error: Error) => {
        process.stderr.write(`coordinate: ${error.message}\n`);
        process.exit(1);
      });
      return running;
    }
  }
}

/**
 * Runs one node until a signal. Says `listening` with its URL in a line of JSON: a coordinator when
 * it is elected, and `standing` before that.
 * @throws TypeError, RangeError for its arguments; EngineError, ClusterError, StartError.
 */
export async function serveRole(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ role: text, engine: text, secret: text, url: text, data: text, helper: text },
      ...{ average: text, partitions: text },
      'accept-risk': { type: 'string', multiple: true, default: [] },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      'lease-ms': { type: 'string', default: '3000' },
    },
  });
  const role = roleOf(values.role);
  if (values.engine === undefined) throw new TypeError(`--engine is needed:\n${ENGINE_ADDRESSES}`);
  const secret = secretOf(values.secret);
  const port = integerOf('port', values.port, 0, 65_535);
  const leaseMs = integerOf('lease-ms', values['lease-ms'], 200, 600_000);
  const wanted = values.partitions && integerOf('partitions', values.partitions, 1, MAX_PARTITIONS);
  const advertised = values.url === undefined ? undefined : urlOf(values.url);
  const log = await openEngine(values.engine, { accept: values['accept-risk'] });
  const logger = jsonLogger();
  let running: RunningNode;
  try {
    const partitions = await agreeOnPartitions(log, wanted || null, USUAL_PARTITIONS);
    const { host } = values;
    const options: NodeOptions = {
      ...{ log, secret, host, port, partitions, leaseMs, logger, settings: settingsOf() },
      ...(advertised !== undefined && { advertised }),
    };
    logger('info', 'engine', { engine: log.engine, promise: log.promise });
    running = await start(role, options, values);
  } catch (error) {
    await log.close();
    throw error;
  }
  say(role === 'coordinate' ? 'standing' : 'listening', running.url);
  closeAtSignal(role, async () => {
    await running.close();
    await log.close();
  });
}
