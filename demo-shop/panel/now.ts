/** The line at the top of the panel: what is going on, or why nothing is. */
import type { Vitrine } from '../../sdk/index.ts';
import { h } from '../dom.ts';
import { decimal, locale, t } from '../text/locale.ts';
import { stateWords, taskWords } from '../text/reasons.ts';

export interface Progress {
  readonly task: string;
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
  readonly loss: number | null;
}

export async function now(vitrine: Vitrine, progress: Progress | null): Promise<Node[]> {
  const status = await vitrine.status(locale);
  const tasks = status.tasks.map((task) =>
    h(
      'li',
      { 'data-task': task.name, 'data-reason': task.reason ?? '' },
      h('strong', {}, task.name),
      ` ${taskWords(task, status.terms)}`,
    ),
  );
  const working =
    progress === null
      ? null
      : h(
          'p',
          { class: 'panel-progress' },
          t('progress', {
            task: progress.task,
            stage: progress.stage,
            step: progress.step,
            steps: progress.steps,
          }),
          progress.loss === null ? '' : ` · ${decimal(progress.loss, 4)}`,
          h('progress', { value: progress.step, max: Math.max(1, progress.steps) }),
        );
  return [
    h('h3', {}, t('statusTitle')),
    h('p', { 'data-state': status.state }, stateWords(status)),
    ...(working === null ? [] : [working]),
    ...(tasks.length === 0 ? [] : [h('ul', { class: 'panel-list' }, ...tasks)]),
  ];
}
