/** Why nothing happens, in the shop's language; the SDK says it in English. */
import type { SkipReason, Status, StatusState, TaskStatus } from '../../sdk/index.ts';
import { locale } from './locale.ts';

const STATES: Readonly<Record<StatusState, string>> = {
  starting: '正在启动：读取这个浏览器里保存的内容。',
  ready: '就绪。',
  'insecure-context':
    '本页不是通过 https 或 localhost 打开的，浏览器不提供加密功能；不记录任何内容。',
  'consent-required': '等待您同意个性化；在此之前不保存、不获取、不发送任何内容。',
  'engine-blocked': '本页的安全策略不允许启动引擎；不记录任何内容，列表使用商店自己的顺序。',
  'storage-blocked': '这个浏览器不允许保存，或空间已满；历史只保留到本页关闭，什么都不会发送。',
  offline: '网络不可用；推荐来自本地保存的内容。',
  'server-error': '聚合服务器没有按约定回应；推荐来自本地保存的内容。',
  'bad-signature': '服务器给出的内容没有经过固定密钥签名，已被拒绝；推荐来自本地保存的内容。',
  'no-crypto': '这个浏览器无法验证签名（不支持 Ed25519），因此不获取新内容；推荐来自本地。',
  shutdown: '已由页面停止。',
};

const REASONS: Readonly<Record<SkipReason, string>> = {
  'insecure-context': '本页不是安全上下文。',
  'no-crypto': '这个浏览器无法验证签名（不支持 Ed25519），因此不获取也不发送。',
  'no-consent': '没有同意参与贡献。',
  gpc: '浏览器发出全球隐私控制信号，因此不上传。',
  'low-battery': '电量低且未在充电；充电后再训练。',
  'save-data': '浏览器要求节省流量，因此不为训练下载任何内容。',
  hidden: '页面不可见；重新可见后再训练。',
  'other-tab': '本站的另一个标签页在训练和发送；同一时间只有一个。',
  storage: '存储被禁止或已满，无法记账，因此不发送。',
  'quiet-period': '这份档案是新的：静默期内什么都不发送。',
  coin: '本轮的硬币说不；下一轮重新抛。',
  'cap-spent': '这个浏览器对该任务的报告次数已经用完。',
  separation: '距离上一份报告太近；任务要求间隔一段时间。',
  'already-in-round': '这个浏览器已参加本轮。',
  'budget-spent': '这个浏览器的隐私预算不允许再提交报告。',
  'no-task': '没有这个任务。',
  'no-round': '没有开放的轮次，等待下一轮。',
  'round-closed': '本轮已结束。',
  'predicted-error': '已拒绝：任务要求的噪声会淹没参与者能学到的东西。',
  'too-costly': '已拒绝：任务要求的计算量超过这个浏览器为一份报告所提供的。',
  'weak-privacy': '已拒绝：任务的保护弱于本页的下限。',
  'false-claim': '已拒绝：任务声称的保护多于其参数所能给出的。',
  'bad-signature': '已拒绝：不是由固定密钥签名的。',
  'bad-record': '已拒绝：记录格式不正确。',
  'hash-mismatch': '已拒绝：字节与公布的哈希不符。',
  'key-expired': '已拒绝：第二台服务器用来接收种子的密钥已过期。',
  'key-revoked': '已拒绝：所依赖的密钥已被站点吊销。',
  'untrusted-helper': '已拒绝：第二台服务器不是本页固定的那一台。',
  'not-in-log': '已拒绝：任务、轮次或其模型不在公开日志里。',
  'log-fork': '已拒绝：公开日志与这个浏览器之前看到的相矛盾。',
  offline: '网络不可用。',
  server: '聚合服务器没有按约定回应。',
  'before-contribute': '本页自己的 beforeContribute 阻止了这份报告；没有记账，也没有发送。',
  aborted: '本轮在这个浏览器里被停止；没有记账。',
  'no-worker': '无法启动训练线程；推荐照常进行。',
  'training-failed': '本地训练失败；没有记账。',
};

export function stateWords(status: Status): string {
  return locale === 'en' ? status.words : STATES[status.state];
}

export function taskWords(task: TaskStatus): string {
  if (locale === 'en') return task.words;
  if (task.reason !== null) return REASONS[task.reason];
  const outcome = task.lastOutcome;
  if (outcome === null) return '可以参加；等待空闲时刻。';
  if (outcome.state === 'skipped') return REASONS[outcome.reason];
  return `已参加：${outcome.bytes} 字节的报告会在随机时刻发送。`;
}
