/** The doors of both servers and the decoders behind them, each with specimens that it takes. */
import { decodeReport } from '../../aggregator/accept/validate.ts';
import { signerOf } from '../../aggregator/keys.ts';
import { concatBytes } from '../../shared/bytes/concat.ts';
import { toHex } from '../../shared/bytes/hex.ts';
import { fromUtf8, utf8 } from '../../shared/bytes/utf8.ts';
import { LogError, parseCheckpoint, parseNote } from '../../shared/protocol/checkpoint.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import {
  decodeOpenRequest,
  decodePrepare,
  decodePrepareAnswer,
} from '../../shared/protocol/opening.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { signRequest } from '../../shared/protocol/peer.ts';
import {
  decodeHead,
  decodeModelRecord,
  decodeOpening,
  decodeRound,
  decodeSignedTask,
  decodeSite,
} from '../../shared/protocol/records.ts';
import { REFUSALS, Refusal } from '../../shared/protocol/refusals.ts';
import { ShapeError } from '../../shared/protocol/shape.ts';
import { decodeBundle, parseTilePath } from '../../shared/protocol/tiles.ts';
import { headOf, openRound, post, SERVER_KEY } from '../aggregator/fixture.ts';
import { D, type SplitWorld, splitReport } from '../aggregator/split-world.ts';

/** What an input came to: taken, refused by name, or one of what must not be. */
export type Verdict = 'taken' | 'refused' | 'unnamed' | 'server-error';

/** Takes one input. */
export type Door = (input: Uint8Array) => Verdict | Promise<Verdict>;

export interface Specimens {
  readonly reports: readonly Uint8Array[];
  readonly files: readonly Uint8Array[];
  readonly paths: readonly string[];
  /** Bodies of messages between the servers, by path. */
  readonly messages: readonly (readonly [string, Uint8Array])[];
  /** Records and what holds them. */
  readonly json: readonly unknown[];
}

const NAMED = [Refusal, ShapeError, RangeError, LogError];

function verdictOf(decode: () => unknown): Verdict {
  try {
    decode();
    return 'taken';
  } catch (error) {
    return NAMED.some((kind) => error instanceof kind) ? 'refused' : 'unnamed';
  }
}

/** Every decoder of bytes takes every input. */
export function byteDecoders(): readonly Door[] {
  const text =
    (decode: (given: string) => unknown): Door =>
    (input) =>
      verdictOf(() => {
        let given: string;
        try {
          given = fromUtf8(input);
        } catch {
          return;
        }
        decode(given);
      });
  const bytes =
    (decode: (given: Uint8Array) => unknown): Door =>
    (input) =>
      verdictOf(() => decode(input));
  return [
    bytes((input) => decodeReport(input, () => undefined)),
    bytes((input) => decodeModel(input, D)),
    bytes(decodePrepare),
    bytes((input) => decodeBundle(input, 3)),
    text(parseNote),
    text(parseCheckpoint),
    text(parseTilePath),
  ];
}

export function jsonDecoders(): readonly ((value: unknown) => Verdict)[] {
  const decoders = [
    ...[decodeSignedTask, decodeSite, decodeRound, decodeModelRecord, decodeHead, decodeOpening],
    ...[decodePrepareAnswer, decodeOpenRequest],
  ];
  return decoders.map((decode) => (value) => verdictOf(() => decode(value)));
}

/** An answer of a server: below 400, a problem with a name from the list, or neither. */
async function verdictOfResponse(response: Response): Promise<Verdict> {
  const { status } = response;
  const text = await response.text();
  if (status < 400) return 'taken';
  if (status >= 500 && status !== 503) return 'server-error';
  // HEAD has no body.
  if (text === '') return 'refused';
  const { code } = JSON.parse(text) as { readonly code?: string };
  return Object.hasOwn(REFUSALS, code ?? '') ? 'refused' : 'unnamed';
}

export function reportDoor({ up }: SplitWorld): Door {
  return async (input) => verdictOfResponse(await post(up.app, input));
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'] as const;

/** The input is a path; its length decides the method. */
export function routeDoor({ up }: SplitWorld): Door {
  return async (input) => {
    const path = `/${Buffer.from(input).toString('latin1').replace(/^\/+/, '')}`;
    const method = METHODS[input.length % METHODS.length] as string;
    let request: Request;
    try {
      request = new Request(new URL(path, 'http://localhost'), { method });
    } catch {
      return 'refused';
    }
    return verdictOfResponse(await up.app.request(request));
  };
}

/** Messages to the helper, signed by the aggregator's key: a hostile leader. */
export function helperDoor({ helperApp }: SplitWorld, path: string): Door {
  return async (body) => {
    const headers = await signRequest(signerOf(SERVER_KEY), 'POST', path, body);
    const response = await helperApp?.request(path, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(body.length) },
      body: body as Uint8Array<ArrayBuffer>,
    });
    return response === undefined ? 'server-error' : verdictOfResponse(response);
  };
}

/** Takes specimens from a site whose first round was opened and whose second one is open. */
export async function specimensOf(world: SplitWorld): Promise<Specimens> {
  const messages: [string, Uint8Array][] = [];
  world.wire = async (path, init, pass) => {
    messages.push([path, Uint8Array.from(init.body as Uint8Array)]);
    return pass();
  };
  await world.send([1, 2, 3, 4, 5], [2]);
  await world.settle();
  const { app } = world.up;
  const round = await openRound(app, world.taskHash);
  const ids = [11, 12, 13];
  const reports = await Promise.all(
    ids.map((id) => splitReport(world.task, [world.taskHash, round], id)),
  );
  const head = await headOf(app, world.taskHash);
  const files = [...world.disk.files()].filter(([path]) => !path.startsWith('rounds/'));
  const log = files.find(([path]) => path === 'log.jsonl')?.[1] ?? new Uint8Array();
  const entries = Buffer.from(log).toString().split('\n').filter(Boolean);
  const json = entries.map(
    (line) => (JSON.parse(line) as { entry: Record<string, unknown> }).entry,
  );
  const signed = json
    .flatMap((entry) => Object.values(entry))
    .filter((one) => typeof one === 'object');
  const records = signed.map((one) => (one as { record?: unknown }).record);
  const asked = messages.filter(([, body]) => body[0] === 0x7b);
  const { model } = head;
  if (model === null) throw new Error('the first round was not published');
  return {
    reports,
    files: [
      ...files.map(([, bytes]) => bytes),
      ...reports,
      utf8(world.up.service.published.checkpoint),
    ],
    paths: [
      ...[PATHS.livez, PATHS.readyz, PATHS.status, PATHS.site, PATHS.keys, PATHS.checkpoint],
      ...[PATHS.reports, PATHS.task(world.taskHash), PATHS.head(world.taskHash)],
      ...[PATHS.round(world.taskHash, 1), PATHS.ids(world.taskHash, 1)],
      ...[PATHS.model(toHex(new Uint8Array(32))), `${PATHS.tiles}/0/000.p/3`],
    ],
    messages,
    json: [head, ...signed, ...records, ...asked.map(([, body]) => JSON.parse(fromUtf8(body)))],
  };
}

/** Bytes of an HTTP request with a report, as a client sends it. */
export function requestBytes(body: Uint8Array): Uint8Array {
  const head = [
    `POST ${PATHS.reports} HTTP/1.1`,
    ...['Host: x', 'Content-Type: application/vnd.vitrine.report'],
    ...[`Content-Length: ${body.length}`, 'Connection: close', '', ''],
  ];
  return concatBytes(utf8(head.join('\r\n')), body);
}
