/** A request as a page may send it, made fit to answer: wrong fields are passed over, and told of. */
import type { RecommendRequest } from './result.ts';

export interface Request {
  readonly model: NonNullable<RecommendRequest['model']>;
  readonly itemId: string | null;
  readonly limit: number;
  /** Each id once, in the order given; null without any. */
  readonly among: readonly string[] | null;
  readonly exclude: ReadonlySet<string>;
  readonly hideBought: boolean;
  readonly replenish: ReadonlySet<string>;
  readonly diversity: number | null;
  readonly isBad: boolean;
}

const MODELS: readonly string[] = ['for-you', 'related', 'similar', 'together', 're-rank'];
const HIDING: readonly string[] = ['for-you', 'related', 'together'];
const DEFAULT_LIMIT = 12;
const MAX_LIMIT = 1000;
const MAX_IDS = 10_000;

/** Never throws: an object whose fields cannot be read counts as of the wrong kind. */
export function readRequest(value: unknown): Request {
  try {
    return read(value, value !== undefined && value !== null && !isRecord(value));
  } catch {
    return read(undefined, true);
  }
}

const isRecord = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function read(value: unknown, isWrong: boolean): Request {
  let isBad = isWrong;
  const fields = (isRecord(value) ? value : {}) as Readonly<Record<string, unknown>>;
  const field = <T>(name: keyof RecommendRequest, fits: (one: unknown) => one is T): T | null => {
    const one = fields[name];
    if (one === undefined || one === null) return null;
    if (fits(one)) return one;
    isBad = true;
    return null;
  };
  const asked = field('model', (one): one is Request['model'] => MODELS.includes(one as string));
  const among = field('among', Array.isArray);
  const model = asked ?? 'for-you';
  if (model === 're-rank' && among === null) isBad = true;
  const bought = field('bought', (one): one is string => one === 'hide' || one === 'show');
  const limit = field(
    'limit',
    (one): one is number => typeof one === 'number' && !Number.isNaN(one),
  );
  const ids = among === null ? null : [...new Set(texts(among))];
  const most = model === 're-rank' && ids !== null ? ids.length : DEFAULT_LIMIT;
  return {
    model,
    itemId: field('itemId', (one): one is string => typeof one === 'string'),
    limit: limit === null ? most : Math.max(0, Math.min(MAX_LIMIT, Math.floor(limit))),
    among: ids,
    exclude: new Set(texts(field('exclude', Array.isArray) ?? [])),
    hideBought: bought === null ? HIDING.includes(model) : bought === 'hide',
    replenish: new Set(texts(field('replenish', Array.isArray) ?? [])),
    diversity: field(
      'diversity',
      (one): one is number => typeof one === 'number' && one >= 0 && one <= 1,
    ),
    isBad,
  };
}

function texts(list: readonly unknown[]): string[] {
  return list.slice(0, MAX_IDS).filter((one): one is string => typeof one === 'string');
}
