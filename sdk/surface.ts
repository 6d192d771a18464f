/** The public object: every method guarded, so that the shop's page never sees our exceptions. */
import { Answers } from './answers.ts';
import type { InitOptions, Vitrine, VitrineEvents } from './api.ts';
import { Client } from './client.ts';
import type { Environment } from './environment.ts';
import { NO_REPORT, nothing } from './none.ts';
import { NO_PROFILE } from './profile/none.ts';
import { readSettings, type Settings } from './settings.ts';

export interface OpenClient {
  readonly vitrine: Vitrine;
  readonly client: Client;
}

/**
 * The client of one page, in an environment that a test may replace.
 * @throws TypeError or RangeError for options of the wrong kind or value.
 */
export function createClient(
  site: string,
  options: InitOptions,
  environment: Environment,
): Vitrine {
  return openClient(readSettings(site, options), environment).vitrine;
}

/** @param listen called before anything has happened */
export function openClient(
  settings: Settings,
  environment: Environment,
  listen: (vitrine: Vitrine) => void = () => undefined,
): OpenClient {
  const client = new Client(settings, environment);
  const answers = new Answers(client);

  const guarded = async <T>(run: () => Promise<T>, otherwise: () => T): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      client.events.report(error);
      return otherwise();
    }
  };
  const quietly = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      client.events.report(error);
    }
  };
  const subscribe = <K extends keyof VitrineEvents | 'consent'>(
    name: K,
    listener: unknown,
  ): (() => void) => {
    if (typeof listener === 'function') return client.events.on(name, listener as never);
    client.events.problem('bad-listener', `on('${name}') needs a function`);
    return () => undefined;
  };

  const ready = (): void =>
    void answers.status().then((status) => client.events.emit('ready', status));
  const vitrine: Vitrine = {
    track: (name, parameters) => quietly(() => client.hear({ kind: 'call', name, parameters })),
    recommend: (request) =>
      guarded(
        () => answers.recommend(request),
        () => nothing(request),
      ),
    describe: (ids) =>
      guarded(
        () => answers.describe(ids),
        () => [],
      ),
    profile: () =>
      guarded(
        () => answers.profile(),
        () => NO_PROFILE,
      ),
    segments: () =>
      guarded(
        () => answers.segments(),
        () => [],
      ),
    traits: (values) =>
      guarded(
        () => answers.traits(values),
        () => ({}),
      ),
    statistics: () =>
      guarded(
        () => answers.statistics(),
        () => [],
      ),
    consent: {
      get: () => client.consent,
      set: (consent) =>
        guarded(
          () => client.setConsent(consent),
          () => undefined,
        ),
      onChange: (listener) => subscribe('consent', listener),
    },
    privacyReport: () =>
      guarded(
        () => answers.privacyReport(),
        () => NO_REPORT,
      ),
    reportBytes: (reportId) =>
      guarded(
        () => answers.reportBytes(reportId),
        () => null,
      ),
    exportData: () =>
      guarded(
        () => answers.exportData(),
        () => ({}),
      ),
    erase: () => client.erase(),
    on: (name, listener) => subscribe(name, listener),
    status: (language) => answers.status(language),
    shutdown: () =>
      guarded(
        () => client.shutdown(),
        () => undefined,
      ),
  };
  listen(vitrine);
  quietly(() => client.start(ready));
  return { vitrine, client };
}
