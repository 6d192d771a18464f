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

/** Never throws. */
export function readRequest(value: unknown): Request {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  let isBad = value !== undefined && value !== null && !isObject;
  const fields = (isObject ? value : {}) as Readonly<Record<string, unknown>>;
  const read = <T>(name: keyof RecommendRequest, fits: (one: unknown) => one is T): T | null => {
    const one = fields[name];
    if (one === undefined || one === null) return null;
    if (fits(one)) return one;
    isBad = true;
    return null;
  };
  const asked = read('model', (one): one is Request['model'] => MODELS.includes(one as string));
  const among = read('among', Array.isArray);
  const model = asked ?? 'for-you';
  if (model === 're-rank' && among === null) isBad = true;
  const bought = read('bought', (one): one is string => one === 'hide' || one === 'show');
  const limit = read(
    'limit',
    (one): one is number => typeof one === 'number' && !Number.isNaN(one),
  );
  const ids = among === null ? null : [...new Set(texts(among))];
  const most = model === 're-rank' && ids !== null ? ids.length : DEFAULT_LIMIT;
  return {
    model,
    itemId: read('itemId', (one): one is string => typeof one === 'string'),
    limit: Math.max(0, Math.min(MAX_LIMIT, Math.floor(limit ?? most))),
    among: ids,
    exclude: new Set(texts(read('exclude', Array.isArray) ?? [])),
    hideBought: bought === null ? HIDING.includes(model) : bought === 'hide',
    replenish: new Set(texts(read('replenish', Array.isArray) ?? [])),
    diversity: read(
      'diversity',
      (one): one is number => typeof one === 'number' && one >= 0 && one <= 1,
    ),
    isBad,
  };
}

function texts(list: readonly unknown[]): string[] {
  return list.slice(0, MAX_IDS).filter((one): one is string => typeof one === 'string');
}
