/** 中文术语：状态、原因、事件、估计的依据、模型的组成、报告的字段，以及承诺。 */
import type { StatusState } from './api.ts';
import type { EventName } from './capture/event.ts';
import type { PartStanding } from './features/assemble.ts';
import type { SkipReason } from './post/outcome.ts';

const state: Readonly<Record<StatusState, string>> = {
  starting: '正在启动：读取这个浏览器里保存的内容。',
  ready: '就绪。',
  'insecure-context':
    '本页不是通过 https 或 localhost 打开的，浏览器不提供加密功能；不记录任何内容。',
  'consent-required': '等待您同意个性化；在此之前不保存、不获取、不发送任何内容。',
  'storage-blocked': '这个浏览器不允许保存，或空间已满；历史只保留到本页关闭，什么都不会发送。',
  'engine-blocked': '引擎无法启动；不记录任何内容，列表按店内顺序显示。',
  offline: '网络不可用；推荐来自本地保存的内容。',
  'server-error': '聚合服务器没有按约定回应；推荐来自本地保存的内容。',
  'bad-signature': '服务器给出的内容没有经过固定密钥签名，已被拒绝；推荐来自本地保存的内容。',
  'no-crypto': '这个浏览器无法验证签名（不支持 Ed25519），因此不获取新内容；推荐来自本地。',
  shutdown: '已由页面停止。',
};

const reason: Readonly<Record<SkipReason | 'free' | 'took', string>> = {
  'insecure-context': '本页不是安全上下文。',
  'no-crypto': '这个浏览器无法验证签名（不支持 Ed25519），因此不获取也不发送。',
  'no-consent': '没有同意参与贡献。',
  gpc: '浏览器发出全球隐私控制信号，因此不上传。',
  'low-battery': '电量低且没有充电；等充电后再训练。',
  'save-data': '浏览器要求节省流量，因此不为训练获取任何内容。',
  hidden: '页面不可见；等看得见时再训练。',
  'other-tab': '本店的另一个标签页正在训练和发送；一次只由一个来做。',
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
  'before-contribute': '本页自己的规则不让这份报告生成；没有记账，也没有发送。',
  aborted: '本轮在这个浏览器里被停止；没有记账。',
  'no-worker': '无法启动训练线程；推荐照常进行。',
  'training-failed': '本地训练失败；没有记账。',
  free: '可以参加；等待空闲时刻。',
  took: '已参加：报告会在随机时刻发送，大约 {time}。',
};

const event: Readonly<Record<EventName, string>> = {
  page_view: '打开页面',
  view_item: '看过',
  view_item_list: '在列表中见过',
  search: '搜索',
  add_to_cart: '放入购物篮',
  remove_from_cart: '从购物篮取出',
  begin_checkout: '开始结算',
  purchase: '购买',
  add_to_wishlist: '收藏',
  rate_item: '评价',
  view_promotion: '看到活动',
  dwell: '停留在页面',
};

const part: Readonly<Record<PartStanding['part'], string>> = {
  pop: '热门程度',
  pair: '一同购买',
  deep: '品味网络',
};

const standing: Readonly<Record<PartStanding['state'], string>> = {
  on: '使用中',
  'no-task': '关闭：网站没有提供',
  'wrong-task': '关闭：任务不相符',
  'wrong-gate': '关闭：评估不相符',
  'wrong-catalogue': '关闭：属于另一份目录',
  'no-version': '关闭：还没有版本',
  'not-evaluated': '关闭：尚未评估',
  'no-help': '关闭：还没有帮助',
};

const field = {
  magic: 'Vitrine 报告的标记',
  version: '格式版本',
  tier: '保护方式',
  reserved: '始终为零',
  'report-id': '随机，只用一次',
  task: '公开任务的哈希',
  round: '公开轮次的哈希',
  vector: '{count} 个整数：离开之前已在本地裁剪、取整并加噪',
  share: '{count} 个加噪的数，用第一台服务器打不开的种子遮住',
  'sealed-seed': '遮罩的种子，只有第二台服务器能打开',
  payload: '一个随机向量的种子，在本地抽取；许多份合在一起才有意义',
};

/** 数字取自任务本身；以英文原文为准。 */
const promise = {
  split:
    '“{task}”：每份报告是裁剪到固定长度的向量，拆成两份交给两台服务器；公开之前，两台服务器各自加入完整的离散高斯噪声。只要其中一台诚实，每份报告满足 ε = {epsilon} 的差分隐私，最多 {cap} 份。若两台服务器串通，则不作任何承诺。',
  local:
    '“{task}”：每份报告在离开浏览器之前就已随机化。对任何人（包括服务器），每份报告满足 ε = {epsilon} 的差分隐私，最多 {cap} 份。',
  test: '“{task}”：没有隐私保护，报告不加噪声，只用于单机测试。',
};

const input = {
  bias: '起点',
  orders: '订单数',
  spend: '消费额',
  'order-value': '订单金额',
  'largest-order': '最大订单',
  'goods-bought': '购买件数',
  'items-per-order': '每单件数',
  views: '看过的商品',
  adds: '加入购物篮',
  wishes: '收藏',
  queries: '搜索',
  visits: '来访次数',
  'active-days': '活跃天数',
  goods: '商品种类',
  categories: '类别数',
  brands: '品牌数',
  'price-mean': '平均价格',
  'discount-share': '折扣占比',
  'discount-mean': '平均折扣',
  'low-price-share': '低价占比',
  'high-price-share': '高价占比',
  'days-since-purchase': '距上次购买的天数',
  'days-since-visit': '距上次来访的天数',
  'basket-value': '购物篮金额',
  'basket-adds': '放入购物篮的次数',
  searches: '搜索次数',
  'product-pages': '商品页数',
  'product-seconds': '商品页时长',
  'list-pages': '列表页数',
  'list-seconds': '列表页时长',
  'account-pages': '账户页数',
  'account-seconds': '账户页时长',
  'bounce-share': '跳出率',
  'exit-share': '离开率',
  'special-day': '特殊日子',
  'new-visitor': '新访客',
  'returning-visitor': '回头客',
  weekend: '周末',
  'weekend-share': '周末占比',
  night: '夜间',
  morning: '上午',
  afternoon: '下午',
  evening: '傍晚',
  ratings: '评价数',
  'rating-mean': '平均评分',
  'review-sentiment': '评价的语气',
  recency: '距上次购买',
  idle: '未来访的时间',
  tenure: '初次来访至今',
  'order-tenure': '首次购买至今',
  'order-gap': '购买间隔',
  overdue: '超过平时的间隔',
  bought: '买过',
  'bought-again': '再次购买',
};

/** 新网站自带的规则；其他规则用网站自己的说法。 */
const segment = {
  'high-value': '常买，偏爱高价位',
  'bargain-hunter': '偏爱低价位',
  new: '初次来访，尚未购买',
  lapsing: '曾购买，离开得比平时久',
  'about-to-buy': '购物篮已满，很可能马上购买',
  'looking-around': '看得多，什么也没放进购物篮',
};

export const ZH_TERMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  state,
  reason,
  event,
  part,
  standing,
  field,
  promise,
  input,
  segment,
};
