/** What came back: model versions, rounds, the catalogue, and how good the published model is. */
import type { TaskStatus, Vitrine } from '../../sdk/index.ts';
import { h } from '../dom.ts';
import { clockTime, decimal, locale, t } from '../text/locale.ts';
import { countsBlock } from './counts.ts';

const CAMPAIGN_TASK = 'campaign';

interface Quality {
  readonly version: number;
  /** NDCG@10 in percent on held-out events of fresh simulated shoppers. */
  readonly trained: number;
  readonly untrained: number;
}

/** The launcher's last measurement; it knows simulated shoppers only. */
async function measured(url: string): Promise<Quality | null> {
  if (url === '') return null;
  try {
    const response = await fetch(url, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as Quality | null) : null;
  } catch {
    return null;
  }
}

function taskBlock(task: TaskStatus): HTMLElement {
  const { spent, cap } = task.participations;
  return h(
    'li',
    { class: 'panel-block', 'data-task': task.name, 'data-version': task.modelVersion },
    h('strong', {}, t('modelLine', { task: task.name, version: task.modelVersion })),
    h(
      'p',
      {},
      task.round === null
        ? t('modelNoRound')
        : t('modelRound', { round: task.round.round, time: clockTime(task.round.deadlineMs) }),
    ),
    h('p', { class: 'quiet' }, t('participation', { spent, cap })),
    task.label === ''
      ? null
      : h('p', { class: 'badge' }, locale === 'en' ? task.label : t('demoPeriods')),
  );
}

export async function back(vitrine: Vitrine, qualityUrl: string): Promise<Node[]> {
  const [status, statistics, quality] = await Promise.all([
    vitrine.status(),
    vitrine.statistics(),
    measured(qualityUrl),
  ]);
  const { backend, catalogue, tasks } = status;
  const models = tasks.filter(({ kind }) => kind === 'train');
  const campaigns = tasks
    .filter(({ name }) => name === CAMPAIGN_TASK)
    .map((one) => countsBlock(one, statistics.find(({ task }) => task === one.name) ?? null));
  return [
    h('h3', {}, t('modelsTitle')),
    h('ul', { class: 'reports' }, ...models.map(taskBlock)),
    h(
      'p',
      {},
      quality === null
        ? t('qualityNone')
        : t('quality', {
            trained: decimal(quality.trained),
            untrained: decimal(quality.untrained),
          }),
    ),
    ...(campaigns.length === 0 ? [] : [h('ul', { class: 'reports' }, ...campaigns)]),
    h(
      'p',
      { class: 'quiet' },
      backend === null
        ? t('backendNone')
        : t('backend', { backend: backend.backend, reason: backend.reason }),
    ),
    catalogue === null
      ? h('p', {})
      : h(
          'p',
          { class: 'quiet' },
          t('catalogueLine', { items: catalogue.items, hash: catalogue.hash.slice(0, 12) }),
        ),
  ];
}
