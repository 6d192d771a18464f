/** Options of `init`, checked once and with their defaults. */
import { assertInteger, assertPositive, assertString } from '../shared/assert/assert.ts';
import type { InitOptions } from './api.ts';
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
  readonly debug: boolean;
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
    debug: options.debug === true,
  };
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
