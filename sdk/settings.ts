/** Options of `init`, checked once and with their defaults. */
import { assertInteger, assertPositive, assertString } from '../shared/assert/assert.ts';
import type { InitOptions, ReportPreview } from './api.ts';
import type { ShopEvent } from './capture/event.ts';
import type { Consent, Retention } from './database/database.ts';
import type { BackendName } from './learn/learner.ts';

export interface Settings {
  readonly site: string;
  readonly databaseName: string;
  readonly endpoint: string;
  readonly trust: string;
  readonly assetBase: string;
  readonly consent: 'required' | Consent;
  readonly maxEpsilon: number;
  readonly maxTotalEpsilon: number;
  readonly backend: 'auto' | BackendName;
  readonly allowSoftwareGpu: boolean;
  readonly allowTestTier: boolean;
  readonly retention: Retention;
  /** Folder of the page's own origin, or null. */
  readonly workerUrl: string | null;
  readonly signals: Signs;
  readonly capture: Ears;
  readonly trainWhenSaveData: boolean;
  readonly debug: boolean;
  readonly hooks: Hooks;
}

/** Signs of consent that are listened to. */
export interface Signs {
  readonly tcf: boolean;
  readonly consentMode: boolean;
  readonly shopify: boolean;
  readonly gpc: 'no-upload' | 'ignore';
}

/** Ways of hearing the shop. */
export interface Ears {
  /** Name of the array, or null. */
  readonly dataLayer: string | null;
  readonly jsonLd: boolean;
  readonly microdata: boolean;
  readonly attributes: boolean;
  readonly shopify: boolean;
  readonly woocommerce: boolean;
  readonly autocapture: boolean;
}

/** The shop's own say; in a Worker each asks the page, and answers later. */
export interface Hooks {
  readonly beforeCapture:
    | ((event: ShopEvent) => ShopEvent | null | Promise<ShopEvent | null>)
    | null;
  readonly beforeContribute: ((report: ReportPreview) => boolean | Promise<boolean>) | null;
}

export const NO_CONSENT: Consent = { personalise: false, contribute: false };

const DAY_MS = 24 * 3600 * 1000;
const BACKENDS = ['auto', 'webgpu', 'wasm', 'cpu'];

/** @throws TypeError for the wrong kind and RangeError for the wrong value, naming the option. */
export function readSettings(site: string, options: InitOptions): Settings {
  assertString('site', site, 100);
  if (site === '') throw new RangeError('site must not be empty');
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('options must be an object');
  }
  for (const name of ['endpoint', 'trust', 'assetBase'] as const) {
    assertString(name, options[name], 2000);
  }
  const trust = options.trust.trim().replace(/\s+/g, ' ');
  if (!/^[A-Za-z0-9_-]{43}( [A-Za-z0-9_-]{43})?$/.test(trust)) {
    throw new RangeError('trust must be one or two Ed25519 public keys in base64url');
  }
  const [root, helper] = trust.split(' ');
  if (root === helper) throw new RangeError('trust must name two different keys, or one');
  if (/[?#]/.test(options.endpoint)) {
    throw new RangeError('endpoint must have no query and no fragment');
  }
  const { maxEpsilon = 8, maxTotalEpsilon = 32, backend = 'auto', storage = {} } = options;
  const { maxEvents = 5000, retentionDays = 180 } = storage;
  assertPositive('maxEpsilon', maxEpsilon);
  assertPositive('maxTotalEpsilon', maxTotalEpsilon);
  assertInteger('storage.maxEvents', maxEvents, 1, 100_000);
  assertPositive('storage.retentionDays', retentionDays);
  if (!BACKENDS.includes(backend)) {
    throw new RangeError(`backend must be one of ${BACKENDS.join(', ')}`);
  }
  return {
    site,
    databaseName: `vitrine/${site}`,
    endpoint: options.endpoint.replace(/\/+$/, ''),
    trust,
    assetBase: options.assetBase.replace(/\/*$/, '/'),
    consent: readConsentOption(options.consent),
    maxEpsilon,
    maxTotalEpsilon,
    backend,
    allowSoftwareGpu: options.allowSoftwareGpu === true,
    allowTestTier: options.allowTestTier === true,
    retention: { maxEvents, maxAgeMs: retentionDays * DAY_MS },
    workerUrl: workerUrlOf(options.workerUrl),
    signals: signsOf(options.signals),
    capture: earsOf(options.capture),
    trainWhenSaveData: group('training', options.training).whenSaveData === true,
    debug: options.debug === true,
    hooks: {
      beforeCapture: hook('beforeCapture', options.beforeCapture),
      beforeContribute: hook('beforeContribute', options.beforeContribute),
    },
  };
}

function workerUrlOf(url: string | undefined): string | null {
  if (url === undefined) return null;
  assertString('workerUrl', url, 2000);
  return url.replace(/\/*$/, '/');
}

function group<T extends object>(name: string, value: T | undefined): T {
  if (value !== undefined && (typeof value !== 'object' || value === null)) {
    throw new TypeError(`${name} must be an object`);
  }
  return value ?? ({} as T);
}

/** @returns true for each name but those that are off */
function switches<K extends string>(
  of: string,
  names: readonly K[],
  given: Readonly<Partial<Record<K, unknown>>>,
): Record<K, boolean> {
  const all = names.map((name) => {
    const value = given[name] ?? true;
    if (typeof value !== 'boolean') throw new TypeError(`${of}.${name} must be true or false`);
    return [name, value] as const;
  });
  return Object.fromEntries(all) as Record<K, boolean>;
}

function signsOf(options: InitOptions['signals']): Signs {
  const given = group('signals', options);
  const { gpc = 'no-upload' } = given;
  if (gpc !== 'no-upload' && gpc !== 'ignore') {
    throw new RangeError("signals.gpc must be 'no-upload' or 'ignore'");
  }
  return { ...switches('signals', ['tcf', 'consentMode', 'shopify'], given), gpc };
}

function earsOf(options: InitOptions['capture']): Ears {
  const given = group('capture', options);
  const { dataLayer = true, autocapture = false } = given;
  if (typeof dataLayer !== 'boolean') assertString('capture.dataLayer', dataLayer, 100);
  const named = dataLayer === true ? 'dataLayer' : dataLayer || null;
  const on = ['jsonLd', 'microdata', 'attributes', 'shopify', 'woocommerce'] as const;
  return {
    ...switches('capture', on, given),
    ...switches('capture', ['autocapture'], { autocapture }),
    dataLayer: named,
  };
}

function hook<T>(name: string, value: T | undefined): T | null {
  if (value !== undefined && typeof value !== 'function') {
    throw new TypeError(`${name} must be a function`);
  }
  return value ?? null;
}

function readConsentOption(consent: InitOptions['consent']): 'required' | Consent {
  if (consent === undefined || consent === 'required') return 'required';
  if (typeof consent !== 'object' || consent === null) {
    throw new TypeError("consent must be 'required' or { personalise, contribute }");
  }
  return readConsent(consent);
}

/** Only `true` is consent, and contributing presupposes personalising. */
export function readConsent(value: unknown): Consent {
  const { personalise, contribute } = (value ?? {}) as Partial<Consent>;
  return {
    personalise: personalise === true,
    contribute: personalise === true && contribute === true,
  };
}

/** The endpoint as an absolute address; as given when the page cannot resolve it. */
export function absoluteEndpoint(
  { endpoint }: Settings,
  environment: { resolve(url: string): string },
): string {
  try {
    // With its slash: the empty address is that of the page, and '/' that of its origin.
    return environment.resolve(`${endpoint}/`).replace(/\/+$/, '');
  } catch {
    return endpoint;
  }
}

/** Where the scripts lie, absolute: the page's own folder first. */
export function folders(
  { workerUrl, assetBase }: Settings,
  { resolve }: { resolve(url: string): string },
): string[] {
  return [...(workerUrl === null ? [] : [resolve(workerUrl)]), resolve(assetBase)];
}
