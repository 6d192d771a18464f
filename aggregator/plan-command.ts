/** `vitrine plan`: what a shop of this size should train under this budget, and why. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Plan } from '../shared/plan/planner.ts';
import { type GoodsFields, PlanError } from '../shared/plan/request.ts';
import type { Mechanism } from '../shared/privacy/mechanism.ts';
import { UsageError } from './audit/web.ts';
import { readFeed } from './catalogue/feed.ts';
import type { Command, CommandOutput } from './command.ts';
import { type AutoPlan, autoPlan, type PlanInput, type TierChoice } from './plan-auto.ts';
import { bestItems, readBestSellers } from './plan-best-sellers.ts';
import { planSummary, planTable } from './plan-table.ts';

const USAGE = `vitrine plan --shoppers N --epsilon E [options]

Chooses what a shop of this size should train under this budget, how large and in how many rounds,
and predicts the error of each part. It reads no history and sends nothing.

  --shoppers N         browsers that contribute and come back, in one storage epoch
  --epsilon E          the whole budget of one browser in an epoch, as its ledger counts it
  --delta D            1e-6
  --participations K   equal shares into which the budget is cut; 24 (local: 8)
  --items N            goods of the catalogue, with all fields; 3686
  --catalogue FILE     the shop's goods instead: their number, and which fields they have
  --best-sellers FILE  ids of the goods that sell best, best first, one a line: pairs among the first
                       512, 256, 128 or 64 are counted, not the item graph's. With --catalogue
                       those that it has count, else as many as FILE names
  --visits V           visits of a shopper in a week; 1
  --tier TIER          local (one server), split (two), or auto, which takes split where that
                       switches more on; auto
  --json               prints JSON
  --help               prints this

aggregator/PLANNING.md says how it decides.
`;

/** As many goods as the study had whose figures the planner goes by. */
const USUAL_ITEMS = 3686;
const ALL: GoodsFields = { prices: true, texts: true, brands: true, categories: true };

interface Goods {
  readonly items: number;
  readonly has: GoodsFields;
  /** Null without a catalogue. */
  readonly ids: readonly string[] | null;
}

/** What the goods of a feed have; a field that one good in ten lacks counts, with fewer it does not. */
function goodsOf(feed: string): Goods {
  const items = readFeed(feed);
  const most = (has: (item: (typeof items)[number]) => boolean): boolean =>
    items.filter(has).length >= 0.1 * items.length;
  return {
    items: items.length,
    ids: items.map(({ id }) => id),
    has: {
      prices: most(({ priceCents }) => priceCents !== undefined),
      texts: most(({ title, description }) => `${title}${description}`.trim() !== ''),
      brands: most(({ brand }) => brand !== undefined),
      categories: most(({ category }) => category !== undefined),
    },
  };
}

function numberOf(flag: string, text: string, whole: boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
    throw new UsageError(`${flag} must be ${whole ? 'an integer' : 'a number'}`);
  }
  return value;
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ shoppers: text, epsilon: text, delta: text, participations: text, items: text },
        ...{ catalogue: text, 'best-sellers': text, visits: text, tier: text },
        ...{ json: flag, help: flag },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

type Flags = ReturnType<typeof parse>;

function tierOf(text = 'auto'): TierChoice {
  if (text === 'auto' || text === 'local' || text === 'split') return text;
  throw new UsageError('--tier must be local, split or auto');
}

async function goodsFor({ items, catalogue }: Flags): Promise<Goods> {
  if (catalogue === undefined) {
    return {
      items: items === undefined ? USUAL_ITEMS : numberOf('--items', items, true),
      ...{ has: ALL, ids: null },
    };
  }
  if (items !== undefined) throw new UsageError('--items or --catalogue, not both');
  try {
    return goodsOf(await readFile(catalogue, 'utf8'));
  } catch (error) {
    throw new UsageError(`--catalogue: ${(error as Error).message}`);
  }
}

/** How many best sellers are known. @throws PlanError */
function knownOf(best: readonly string[], { items, ids }: Goods): number {
  return ids === null ? Math.min(best.length, items) : bestItems(best, ids).length;
}

/** Goods that are counted are places in a list of ids, which only a catalogue makes items of. */
const told = (key: string, value: unknown): unknown => (key === 'among' ? undefined : value);

/** A plan without what only a signed task needs. */
function json({ plan, reason, epsilonPerParticipation, order }: AutoPlan): string {
  const { request, epsilon, delta, participations, spare, ranker, parts } = plan as Plan<Mechanism>;
  const shown = {
    ...{ request, epsilon, delta, order, participations, epsilonPerParticipation, spare, reason },
    ranker,
    parts: parts.map(({ chosen, ...part }) => part),
  };
  return `${JSON.stringify(shown, told, 2)}\n`;
}

async function runPlan(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  const flags = parse(args);
  if (flags.help) {
    out(USAGE);
    return 0;
  }
  const { shoppers, epsilon } = flags;
  if (shoppers === undefined) throw new UsageError('--shoppers is needed');
  if (epsilon === undefined) throw new UsageError('--epsilon is needed');
  const tier = tierOf(flags.tier);
  const goods = await goodsFor(flags);
  const listed = flags['best-sellers'];
  const best = listed === undefined ? null : await readBestSellers(listed);
  const { items, has } = goods;
  const input: PlanInput = {
    ...{ items, has, tier },
    shoppers: numberOf('--shoppers', shoppers, true),
    epsilon: numberOf('--epsilon', epsilon, false),
    ...(flags.delta !== undefined && { delta: numberOf('--delta', flags.delta, false) }),
    ...(flags.participations !== undefined && {
      participations: numberOf('--participations', flags.participations, true),
    }),
    ...(flags.visits !== undefined && { visitsPerWeek: numberOf('--visits', flags.visits, false) }),
  };
  try {
    const known = best && { bestSellers: knownOf(best, goods) };
    const made = autoPlan({ ...input, ...known });
    if (flags.json) out(json(made));
    else {
      const { plan, reason, epsilonPerParticipation } = made;
      out(`${planSummary(plan, epsilonPerParticipation)}${reason}\n\n${planTable(plan)}`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    err(`vitrine: ${error.message}\n`);
    return 1;
  }
}

export const planCommand: Command = {
  summary: 'chooses what to train for a number of shoppers and a budget, and says why',
  usage: USAGE,
  run: runPlan,
};
