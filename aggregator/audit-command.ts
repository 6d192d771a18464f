/** `vitrine audit`: audits a site from outside. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { assertInteger } from '../shared/assert/assert.ts';
import { hash, integer, literal, object, publicKey, text } from '../shared/protocol/shape.ts';
import { CryptoSource } from '../shared/random/source.ts';
import { type AuditOptions, type AuditState, audit } from './audit/audit.ts';
import { CHECKS } from './audit/check.ts';
import type { Pinned } from './audit/records.ts';
import { auditText, failedChecks, LIMITS } from './audit/text.ts';
import { UsageError } from './audit/web.ts';
import type { Command, CommandOutput } from './command.ts';
import { joinValues } from './flags.ts';
import { webOf } from './web.ts';

const USAGE = `vitrine audit URL --trust "ROOT [HELPER]" [options]

Audits a site's aggregator, and its helper, from outside. ROOT is the site's root key and HELPER the
identity key of the second server, as the page pins them (data-trust).

  --state FILE     compares with what the last audit saw, and keeps what this one sees
  --compare VIEW   compares with another place: a URL, or the --state file of an audit from there
  --report FILE    takes apart a report exported from a browser: its bytes, or the JSON of
                   exportData() or privacyReport()
  --known-input    supplies every report of a round of a task made for the audit, and measures what
                   noise comes back
  --canary         supplies rounds with canaries in them, and guesses which were in
  --task NAME      task of these two, by name or hash; the one whose name begins with 'audit'
  --rounds N       rounds that --known-input supplies; as many as its tests need
  --timeout S      seconds to wait for an answer, and for a round; 60
  --json           prints JSON
  --help           prints this, and what is checked

Exit code: 0 all checks hold, 1 a check failed, 2 bad usage or no answer.
`;

function pinnedOf(trust: string | undefined): Pinned {
  const keys = (trust ?? '').split(/\s+/).filter((key) => key !== '');
  const [root, helper = null] = keys;
  if (root === undefined || keys.length > 2) {
    throw new UsageError('--trust "ROOT [HELPER]" is needed');
  }
  for (const key of keys) {
    if (!/^[A-Za-z0-9_-]{43}$/.test(key)) throw new UsageError(`--trust: '${key}' is no key`);
  }
  return { root, helper };
}

function wholeNumber(flag: string, given: string | undefined, min: number, max: number): number {
  const value = Number(given);
  try {
    assertInteger(flag, value, min, max);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  return value;
}

async function read(flag: string, path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UsageError(`${flag}: ${(error as Error).message}`);
  }
}

const STATE = object({
  version: literal(1),
  site: text(100),
  trust: publicKey,
  serial: integer(0, 2 ** 52),
  log: object({ size: integer(0, 2 ** 52), root: hash }),
});

async function readState(flag: string, path: string): Promise<AuditState> {
  const bytes = await read(flag, path);
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    STATE(value, 'state');
    return value as AuditState;
  } catch (error) {
    throw new UsageError(`${flag}: ${path} is no state of an audit: ${(error as Error).message}`);
  }
}

async function stateAt(path: string | undefined): Promise<AuditState | null> {
  if (path === undefined) return null;
  try {
    await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  }
  return readState('--state', path);
}

async function writeState(path: string, state: AuditState): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, `${JSON.stringify(state)}\n`);
  await rename(part, path);
}

async function viewOf(given: string, timeoutMs: number): Promise<AuditOptions['compare']> {
  const view = /^https?:/.test(given)
    ? webOf(given, timeoutMs)
    : await readState('--compare', given);
  return { place: given, view };
}

async function runAudit(args: readonly string[], { out }: CommandOutput): Promise<number> {
  let parsed: ReturnType<typeof parseFlags>;
  try {
    parsed = parseFlags(args);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    const checks = Object.entries(CHECKS).map(([name, what]) => `  ${name.padEnd(16)} ${what}`);
    out(`${USAGE}\nChecks\n${checks.join('\n')}\n\nNot proved\n${LIMITS.join('\n')}\n`);
    return 0;
  }
  const [url, ...more] = positionals;
  if (url === undefined || more.length > 0) throw new UsageError('one URL is needed');
  const timeoutMs = 1000 * wholeNumber('--timeout', values.timeout, 1, 86_400);
  const { rounds, compare, report } = values;
  const options: AuditOptions = {
    pinned: pinnedOf(values.trust),
    state: await stateAt(values.state),
    compare: compare === undefined ? null : await viewOf(compare, timeoutMs),
    task: values.task ?? null,
    knownInput: values['known-input'],
    canary: values.canary,
    rounds: rounds === undefined ? null : wholeNumber('--rounds', rounds, 1, 10_000),
    report: report === undefined ? null : await read('--report', report),
  };
  const deps = {
    web: webOf(url, timeoutMs),
    source: new CryptoSource(),
    nowMs: Date.now,
    pause: (ms: number) => pause(ms),
    timeoutMs,
  };
  const result = await audit(deps, options);
  const failed = failedChecks(result);
  if (values.json) {
    const { site, checks, statements } = result;
    const json = { url, site, ok: failed.length === 0, failed, checks, statements, limits: LIMITS };
    out(`${JSON.stringify(json, null, 2)}\n`);
  } else out(auditText(result, url));
  if (values.state !== undefined && result.state !== null) {
    await writeState(values.state, result.state);
  }
  return failed.length === 0 ? 0 : 1;
}

function parseFlags(args: readonly string[]) {
  return parseArgs({
    args: joinValues(args, ['--trust']),
    allowPositionals: true,
    options: {
      trust: { type: 'string' },
      state: { type: 'string' },
      compare: { type: 'string' },
      report: { type: 'string' },
      task: { type: 'string' },
      rounds: { type: 'string' },
      timeout: { type: 'string', default: '60' },
      'known-input': { type: 'boolean', default: false },
      canary: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
}

export const auditCommand: Command = {
  summary: 'audits a site, and its helper, from outside',
  usage: USAGE,
  run: runAudit,
};
