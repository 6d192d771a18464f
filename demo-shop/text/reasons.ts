/** Why nothing happens, in the shop's language: the SDK's own words, once its engine is there. */
import type { Status, StatusState, TaskStatus } from '../../sdk/index.ts';
import { locale } from './locale.ts';

/** Of the states in which there may be no engine, and so no terms. */
const WITHOUT_ENGINE: Readonly<Partial<Record<StatusState, string>>> = {
  starting: '正在启动：读取这个浏览器里保存的内容。',
  'insecure-context':
    '本页不是通过 https 或 localhost 打开的，浏览器不提供加密功能；不记录任何内容。',
  'consent-required': '等待您同意个性化；在此之前不保存、不获取、不发送任何内容。',
  'engine-blocked': '本页的安全策略不允许启动引擎；不记录任何内容，列表使用商店自己的顺序。',
  shutdown: '已由页面停止。',
};

export function stateWords({ state, words, terms }: Status): string {
  if (locale === 'en') return words;
  return terms?.[`state:${state}`] ?? WITHOUT_ENGINE[state] ?? words;
}

/** @param terms of the status that the task is of */
export function taskWords(task: TaskStatus, terms: Status['terms'] = {}): string {
  const { reason, lastOutcome, words } = task;
  if (locale === 'en') return words;
  if (reason !== null || lastOutcome === null) return terms[`reason:${reason ?? 'free'}`] ?? words;
  if (lastOutcome.state === 'skipped') return terms[`reason:${lastOutcome.reason}`] ?? words;
  return `已参加：${lastOutcome.bytes} 字节的报告会在随机时刻发送。`;
}
