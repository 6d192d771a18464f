/** The goods that sell best, as a shop lists them: a text file of ids, best first, one a line. */
import { createReadStream } from 'node:fs';
import { PlanError } from '../shared/plan/request.ts';
import { UsageError } from './audit/web.ts';
import { encodingOf } from './catalogue/feed-encoding.ts';
import { inMemory } from './catalogue/feed-rows.ts';

/** Of a longer file nothing is read: no list of best sellers is that long. */
const MOST_BYTES = 10_000_000;

/** Ids that a refusal names, and the characters of each. */
const NAMED = 3;
const SHOWN = 40;

const refuse = (what: string): never => {
  throw new UsageError(`--best-sellers: ${what}`);
};

/** Up to one byte more than is allowed, of a pipe too. */
async function bytesOf(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of createReadStream(path, { end: MOST_BYTES })) chunks.push(chunk);
  } catch (error) {
    refuse((error as Error).message);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads the list, in any encoding of a feed; spaces around an id, empty lines and further mentions
 * of an id count for nothing.
 *
 * @throws UsageError for a file that cannot be read, has no id or has more than 10 MB.
 */
export async function readBestSellers(path: string): Promise<readonly string[]> {
  const bytes = await bytesOf(path);
  if (bytes.length > MOST_BYTES) refuse(`${path} has more than ${MOST_BYTES / 1e6} MB`);
  const text = new TextDecoder(await encodingOf(inMemory(bytes))).decode(bytes);
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const ids = [...new Set(lines.filter((line) => line !== ''))];
  return ids.length === 0 ? refuse(`${path} has no id`) : ids;
}

/**
 * Items of the catalogue in the order of the list; what the catalogue lacks is left out.
 *
 * @param best ids, each once
 * @param ids ids[i] is item i
 * @throws PlanError bad-request where it has none of them.
 */
export function bestItems(best: readonly string[], ids: readonly string[]): number[] {
  const itemOf = new Map(ids.map((id, item) => [id, item]));
  const items = best.flatMap((id) => itemOf.get(id) ?? []);
  if (items.length > 0) return items;
  const some = best.slice(0, NAMED).map((id) => JSON.stringify(id.slice(0, SHOWN)));
  const named = `${some.join(', ')}${best.length > NAMED ? ', …' : ''}`;
  throw new PlanError(
    'bad-request',
    `the catalogue has none of the best sellers, one id a line: ${named}`,
  );
}
