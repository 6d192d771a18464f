/** What came back of the campaign: exposures and conversions by arm, with the noise on them. */
import type { Published, TaskStatus } from '../../sdk/index.ts';
import { campaign } from '../catalogue/campaign.ts';
import { h } from '../dom.ts';
import { clockTime, decimal, locale, t } from '../text/locale.ts';

function sumOf({ entries }: Published, name: string, arm: string): string {
  const found = entries.find((one) => one.name === name && one.of === arm);
  return found === undefined ? '–' : decimal(found.sum, 0);
}

function counts(statistic: Published): HTMLElement[] {
  const { reports, standardDeviation: deviation, version } = statistic;
  const rows = campaign.arms.map((arm) =>
    h(
      'tr',
      { 'data-arm': arm.id },
      h('th', { scope: 'row' }, arm.title[locale]),
      h('td', {}, sumOf(statistic, 'exposed', arm.id)),
      h('td', {}, sumOf(statistic, 'converted', arm.id)),
    ),
  );
  const head = [t('countArm'), t('countExposed'), t('countConverted')];
  const noise =
    deviation === null
      ? []
      : [
          h(
            'p',
            { class: 'bar-why' },
            t('countNoise', {
              deviation: decimal(deviation, 0),
              // Two standard deviations of a difference of two figures.
              difference: decimal(2 * Math.SQRT2 * deviation, 0),
            }),
          ),
        ];
  return [
    h('p', {}, t('countLine', { reports, version })),
    h(
      'table',
      { class: 'counts' },
      h('thead', {}, h('tr', {}, ...head.map((words) => h('th', { scope: 'col' }, words)))),
      h('tbody', {}, ...rows),
    ),
    ...noise,
  ];
}

/** The block of a statistic's task; `statistic` is null before its first version. */
export function countsBlock(task: TaskStatus, statistic: Published | null): HTMLElement {
  const { spent, cap } = task.participations;
  const { round } = task;
  const open =
    round === null
      ? t('modelNoRound')
      : t('modelRound', { round: round.round, time: clockTime(round.deadlineMs) });
  return h(
    'li',
    { class: 'panel-block', 'data-task': task.name, 'data-version': task.modelVersion },
    h('h4', {}, t('countsTitle')),
    ...(statistic === null ? [h('p', {}, t('countNone'))] : counts(statistic)),
    h('p', { class: 'quiet' }, `${open} · ${t('participation', { spent, cap })}`),
  );
}
