/**
 * A small WebDriver BiDi client (w3c.github.io/webdriver-bidi) and a headless Firefox to speak to,
 * with a profile of its own in a temporary folder.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { WebSocket } from 'ws';

const NAMES = ['firefox-esr', 'firefox'];
/** A cold start of Firefox beside other tests. */
const START_MS = 60_000;
const ANSWER_MS = 60_000;

/** Nothing asked of the outside, no first page, no update. */
const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  'app.normandy.enabled': false,
  'app.update.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage': 'about:blank',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': '',
};

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** FIREFOX_PATH, then PATH; null when there is none. */
export function findFirefox(): string | null {
  const given = process.env.FIREFOX_PATH;
  if (given !== undefined && given !== '') return executable(given) ? given : null;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (folder !== '' && executable(path)) return path;
    }
  }
  return null;
}

/** What the page wrote on its console, or threw. */
export interface LogEntry {
  readonly type: string;
  readonly level: string;
  readonly text: string;
}

/** A request as the browser sent it. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface Firefox {
  readonly log: readonly LogEntry[];
  readonly requests: readonly SentRequest[];
  /** Version as the browser says it. */
  readonly version: string;
  /** Resolves when the page has loaded. */
  goto(url: string): Promise<void>;
  /**
   * The value of an expression in the page, promises awaited; what JSON can hold.
   * @throws Error with what the page threw.
   */
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

/** @throws Error with what Firefox wrote when it does not start. */
export async function launchFirefox(path: string): Promise<Firefox> {
  const profile = await mkdtemp(join(tmpdir(), 'vitrine-firefox-'));
  const lines = Object.entries(PREFERENCES).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, 'user.js'), `${lines.join('\n')}\n`);
  const process_ = spawn(
    path,
    ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port=0'],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, MOZ_HEADLESS: '1' } },
  );
  const ended = new Promise<void>((resolve) => process_.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    process_.kill();
    const force = setTimeout(() => process_.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(force);
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const session = await connect(await addressOf(process_));
    return await openPage(session, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

function addressOf(firefox: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why: string): void => reject(new Error(`Firefox ${why}:\n${said}`));
    const timer = setTimeout(() => fail(`gave no address in ${START_MS} ms`), START_MS);
    firefox.once('error', (error) => fail(error.message));
    firefox.once('exit', (code) => fail(`ended with ${code}`));
    firefox.stderr?.on('data', (part: Buffer) => {
      said += part.toString();
      const found = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(said);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found[1] as string);
    });
  });
}

type Fields = Record<string, unknown>;
type Pending = { resolve(value: Fields): void; reject(error: Error): void };

interface Session {
  send(method: string, params: Fields): Promise<Fields>;
  on(listener: (method: string, params: Fields) => void): void;
  close(): void;
}

async function connect(address: string): Promise<Session> {
  const socket = new WebSocket(`${address}/session`);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  const pending = new Map<number, Pending>();
  const listeners: ((method: string, params: Fields) => void)[] = [];
  let last = 0;
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Fields;
    if (message.type === 'event') {
      for (const listener of listeners) listener(String(message.method), message.params as Fields);
      return;
    }
    const asked = pending.get(message.id as number);
    pending.delete(message.id as number);
    if (message.type === 'success') asked?.resolve(message.result as Fields);
    else asked?.reject(new Error(`${message.error}: ${message.message}`));
  });
  socket.on('close', () => {
    for (const one of pending.values()) one.reject(new Error('Firefox has closed the connection'));
    pending.clear();
  });
  return {
    send: (method, params) =>
      new Promise((resolve, reject) => {
        last += 1;
        const id = last;
        const late = (): void => reject(new Error(`${method}: no answer in ${ANSWER_MS} ms`));
        const timer = setTimeout(late, ANSWER_MS);
        const done = (): void => clearTimeout(timer);
        pending.set(id, {
          resolve: (value) => {
            done();
            resolve(value);
          },
          reject: (error) => {
            done();
            reject(error);
          },
        });
        socket.send(JSON.stringify({ id, method, params }));
      }),
    on: (listener) => void listeners.push(listener),
    close: () => socket.close(),
  };
}

async function openPage(session: Session, stop: () => Promise<void>): Promise<Firefox> {
  const log: LogEntry[] = [];
  const requests: SentRequest[] = [];
  session.on((method, params) => {
    if (method === 'log.entryAdded') {
      const { type, level, text } = params;
      log.push({ type: String(type), level: String(level), text: String(text) });
    } else if (method === 'network.beforeRequestSent') requests.push(requestOf(params));
  });
  const { capabilities } = await session.send('session.new', { capabilities: {} });
  await session.send('session.subscribe', {
    events: ['log.entryAdded', 'network.beforeRequestSent'],
  });
  const { context } = await session.send('browsingContext.create', { type: 'tab' });
  return {
    log,
    requests,
    version: String((capabilities as Fields).browserVersion),
    async goto(url) {
      await session.send('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async evaluate<T>(expression: string): Promise<T> {
      const answer = await session.send('script.evaluate', {
        expression: `(async () => JSON.stringify([await (${expression})]))()`,
        target: { context },
        awaitPromise: true,
      });
      if (answer.type !== 'success') {
        throw new Error(String((answer.exceptionDetails as Fields).text));
      }
      return (JSON.parse(String((answer.result as Fields).value)) as [T])[0];
    },
    async close() {
      await session.send('session.end', {}).catch(() => undefined);
      session.close();
      await stop();
    },
  };
}

function requestOf(params: Fields): SentRequest {
  const request = params.request as {
    method: string;
    url: string;
    headers: { name: string; value: { value?: string } }[];
  };
  const pairs = request.headers.map(
    ({ name, value }) => [name.toLowerCase(), value.value ?? ''] as const,
  );
  return { method: request.method, url: request.url, headers: new Map(pairs) };
}
