/**
 * The public object of a page: small, and it answers at once. What it is asked, the engine does.
 */
import type { InitOptions, Vitrine } from './api.ts';
import type { Undo } from './environment.ts';
import type { Told } from './link.ts';
import { NO_REPORT, nothing } from './none.ts';
import { joined } from './pieces.ts';
import { NO_PROFILE } from './profile/none.ts';
import { NO_CONSENT, readConsent, readSettings } from './settings.ts';
import { openTag } from './tag-core.ts';
import { type OwnElement, type StartEngine, startEngine } from './tag-engine.ts';
import { type TagPage, tagPage } from './tag-page.ts';

/**
 * @param own what the script tag's element says; nothing for the npm entry
 * @throws TypeError or RangeError for options of the wrong kind or value; nothing else, ever.
 */
export function createTag(
  site: string,
  options: InitOptions,
  own: OwnElement = { nonce: '', pinned: false },
  page: TagPage = tagPage(),
  start: StartEngine = startEngine,
): Vitrine {
  const settings = readSettings(site, options);
  const core = openTag(settings, own, page, start);
  const { ask, decide, problem } = core;

  const on = (name: keyof Told, listener: unknown): Undo => {
    if (typeof listener === 'function') return core.events.on(name, listener as never);
    problem({ code: 'bad-listener', message: `on('${name}') needs a function` });
    return () => undefined;
  };
  let adapted: Undo = () => undefined;
  try {
    if (page.secure() && settings.consent === 'required')
      adapted = page.adapt(settings, (said) => void decide(said).catch(problem));
  } catch (error) {
    problem(error);
  }
  return {
    track(name, parameters) {
      try {
        core.hear({ kind: 'call', name, parameters });
      } catch (error) {
        problem(error);
      }
    },
    recommend: (request) => ask('recommend', [request], () => nothing(request)),
    describe: (ids) => ask('describe', [ids], () => []),
    profile: () => ask('profile', [], () => NO_PROFILE),
    segments: () => ask('segments', [], () => []),
    traits: (...values) =>
      ask('traits', values, () => {
        if (values[0] !== undefined) {
          problem({ code: 'no-consent', message: 'traits: there is no consent to personalise' });
        }
        return {};
      }),
    statistics: () => ask('statistics', [], () => []),
    consent: {
      get: core.consent,
      set(value) {
        // The page's own word stands above what its consent manager says.
        adapted();
        return decide(readConsent(value)).catch(problem);
      },
      onChange: (listener) => on('consent', listener),
    },
    privacyReport: () => ask('privacyReport', [], () => NO_REPORT),
    reportBytes: (reportId) => ask('reportBytes', [reportId], () => null),
    exportData: () => joined((index) => ask('exportPiece', [index], () => null)),
    erase: () => decide(NO_CONSENT, 'erase'),
    on: (name, listener) => on(name, listener),
    status: core.status,
    shutdown() {
      adapted();
      return core.shutdown();
    },
  };
}
