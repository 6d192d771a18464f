/**
 * What a client of the elements may have to show: rich where a real browser would need weeks. What it answers has the types of the public surface, and terms come from the SDK.
 */
import type {
  ItemCard,
  Profile,
  RecommendResult,
  Segment,
  Status,
  TaskStatus,
} from '../../../sdk/api.ts';
import { NO_PROFILE } from '../../../sdk/profile/none.ts';
import { termsIn } from '../../../sdk/terms.ts';
import { encodeReport } from '../../../shared/protocol/report.ts';

const DAY_MS = 86_400_000;
/** 18 November 2026, noon UTC. */
export const NOW_MS = 1_795_003_200_000;

const TITLES: readonly (readonly [string, string])[] = [
  ['Ash lamp', '白蜡木台灯'],
  [
    'A very long title of a good that nobody could ever put on a single line of a card',
    '一件名字长得任何卡片的一行都放不下的商品，长到第二行也许还是放不下，只好省略',
  ],
  ['Kettle', '水壶'],
  ['Linen shirt', '亚麻衬衫'],
  ['Fern pot', '蕨类花盆'],
  ['Reading chair', '阅读椅'],
  ['Oak board', '橡木砧板'],
  ['Wool blanket', '羊毛毯'],
  ['Paper stars', '纸星星'],
  ['Camp stove', '露营炉'],
];

export function cards(isChinese: boolean): ItemCard[] {
  return TITLES.map((titles, i) => ({
    id: `g${i}`,
    title: titles[isChinese ? 1 : 0],
    url: `/goods/g${i}`,
    image: `/pictures/${i}.svg`,
    price: i === 3 ? null : 12.5 * (i + 1),
    currency: isChinese ? 'CNY' : 'EUR',
    brand: i % 2 === 0 ? (isChinese ? '蕨' : 'Fern') : null,
    category: 'home',
  }));
}

const interest = (id: string, weight: number, ago: number) => ({
  id,
  weight,
  lastMs: NOW_MS - ago * 3_600_000,
  why: [
    { event: 'view_item' as const, count: 12 },
    { event: 'add_to_cart' as const, count: 2 },
  ],
  latest: [{ event: 'view_item' as const, atMs: NOW_MS - ago * 3_600_000, item: 'g1' }],
});

const cause = (item: string) => [{ event: 'view_item' as const, atMs: NOW_MS - DAY_MS, item }];

const profile: Profile = {
  ...NO_PROFILE,
  state: 'ready',
  events: 212,
  sessions: 9,
  interests: {
    category: [
      interest('lamps', 0.46, 2),
      interest('kitchen', 0.31, 30),
      interest('camping', 0.23, 200),
    ],
    brand: [interest('Fern', 0.7, 2), interest('Fable', 0.3, 100)],
    priceBand: [interest('1', 0.5, 2), interest('2', 0.35, 3), interest('4', 0.15, 400)],
  },
  intent: {
    probability: 0.62,
    source: 'model',
    version: 7,
    method: 'exact',
    why: [
      { input: 'basket-value', amount: 1.4, events: cause('g2') },
      { input: '~orders@30', amount: 0.5, events: [] },
      { input: 'bias', amount: -0.9, events: [] },
      { input: 'list-pages*weekend', amount: -0.35, events: cause('g4') },
    ],
  },
  value: {
    probability: 0.71,
    source: 'rule',
    version: 0,
    method: 'rule',
    tier: 'high',
    why: [
      { input: 'orders', amount: 0.33, events: cause('g3') },
      { input: 'high-price-share', amount: 0.21, events: [] },
    ],
  },
  priceSensitivity: {
    probability: 0.24,
    source: 'rule',
    version: 0,
    method: 'rule',
    why: [{ input: 'discount-share', amount: 0.24, events: cause('g6') }],
  },
};

const segments: Segment[] = [
  {
    id: 'about-to-buy',
    label: 'Basket filled and likely to buy now',
    member: true,
    score: 1,
    problem: null,
    why: [
      {
        test: 'basket-value > 0',
        op: '>',
        actual: 62.5,
        value: 0,
        fields: [],
        holds: true,
        problem: null,
      },
      {
        test: 'intent >= 0.5',
        op: '>=',
        actual: 0.62,
        value: 0.5,
        fields: [],
        holds: true,
        problem: null,
      },
    ],
  },
  {
    id: 'lapsing',
    label: 'Bought before, stays away longer than usual',
    member: false,
    score: 0.4,
    problem: null,
    why: [
      {
        test: 'churn >= 0.6',
        op: '>=',
        actual: null,
        value: 0.6,
        fields: [],
        holds: null,
        problem: 'no-value',
      },
    ],
  },
];

const reportId = (i: number): string => String(i).repeat(32).slice(0, 32);

function reportBytes(i: number): number[] {
  const id = new Uint8Array(16).fill(i);
  const header = {
    tier: i === 1 ? ('local' as const) : ('split' as const),
    id,
    taskHash: new Uint8Array(32).fill(7),
    roundHash: new Uint8Array(32).fill(9),
  };
  const payload = Uint8Array.from(
    { length: i === 1 ? 32 : 4 * 80 + 80 },
    (_, at) => (at * 37 + i) % 256,
  );
  return [...encodeReport(header, payload)];
}

const statement =
  'Each report is a vector clipped to norm 1 and split between two servers. Each server adds full discrete Gaussian noise to its sum before it is opened, for batches of at least 100. If both servers collude, nothing is claimed.';

const task = (change: Partial<TaskStatus>): TaskStatus => ({
  name: 'wide',
  kind: 'train',
  label: '',
  tier: 'split',
  epsilonPerReport: 1.9,
  participations: { spent: 2, cap: 6 },
  modelVersion: 7,
  round: { round: 12, deadlineMs: NOW_MS + 3_600_000 },
  reason: 'separation',
  words: 'The last report is too recent; the task asks for a distance between two.',
  lastOutcome: null,
  ...change,
});

const status: Omit<Status, 'terms'> = {
  state: 'ready',
  words: 'Ready.',
  consent: { personalise: true, contribute: true },
  storage: 'ready',
  storageWords: 'The history is kept in this browser.',
  backend: { backend: 'webgpu', reason: 'hardware adapter', tried: [] },
  catalogue: { hash: 'ab'.repeat(32), items: 240 },
  tasks: [
    task({}),
    task({
      name: 'intent',
      tier: 'local',
      modelVersion: 0,
      round: null,
      reason: 'no-round',
      words: 'No round is open; the next one is awaited.',
      participations: { spent: 0, cap: 4 },
    }),
    task({
      name: 'campaign',
      kind: 'measure',
      reason: 'coin',
      words: "The coin of this round said no; the next round's coin is thrown anew.",
    }),
  ],
  parts: [
    { part: 'pop', state: 'on', version: 3, quality: null },
    { part: 'pair', state: 'not-evaluated', version: 1, quality: null },
    { part: 'deep', state: 'no-help', version: 4, quality: { margin: -0.0021, deviation: 0.0018 } },
  ],
};

const events = Array.from({ length: 212 }, (_, i) => {
  const names = ['view_item', 'page_view', 'search', 'add_to_cart', 'purchase'] as const;
  // Thick at the end, thin at the beginning, and some days without any.
  const back = Math.floor(((211 - i) ** 2 / 211 ** 2) * 40);
  const name = names[(i * 7) % 5] ?? 'view_item';
  const term = name === 'search' ? { term: 'lamp' } : {};
  return {
    name,
    atMs: NOW_MS - back * DAY_MS - ((i * 131) % 500) * 60_000,
    items: name === 'search' || name === 'page_view' ? [] : [{ id: `g${i % 9}`, quantity: 1 }],
    ...term,
  };
});

const results: RecommendResult = {
  items: TITLES.map((_, i) => ({ id: `g${i}`, score: 1 - i / 10, why: [] })),
  source: 'model',
  state: 'ready',
  version: 7,
  modelHash: 'ab',
};

/** Everything as data, for `scripted` in the page. */
export function scene(isChinese: boolean) {
  return {
    cards: cards(isChinese),
    profile,
    empty: NO_PROFILE,
    segments,
    status,
    terms: { en: termsIn('en'), zh: termsIn('zh') },
    events,
    results,
    account: {
      budget: { epsilon: 32, delta: 1e-6, order: 4.5 },
      epsilonSpent: 5.234,
      statement: `${statement}\nNo second statement.`,
      reports: [0, 1, 2, 3].map((i) => ({
        reportId: reportId(i),
        task: i === 1 ? 'intent' : 'wide',
        round: 8 + i,
        atMs: NOW_MS - (4 - i) * DAY_MS,
        bytes: reportBytes(i).length,
        epsilon: 1.9,
        delta: 1e-6,
        statement,
        state: (['expired', 'sent', 'sent', 'waiting'] as const)[i],
        detail: '',
      })),
    },
    bytes: Object.fromEntries([1, 2, 3].map((i) => [reportId(i), reportBytes(i)])),
  };
}

export type Scene = ReturnType<typeof scene>;
