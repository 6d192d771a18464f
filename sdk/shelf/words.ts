/**
 * The elements' own words, English and Chinese on either side of a bar: those that are needed before
 * a client answers, or whether or not one does. What a client's answers are shown with comes with
 * them (sdk/terms.ts), so that it need not be downloaded twice. Titles, labels and prices are the
 * shop's.
 */
export const WORDS = {
  'for-you': 'For you|为您推荐',
  related: 'You may also like|您可能也喜欢',
  similar: 'Looks alike|相似的商品',
  together: 'Goes well together|搭配着买',
  empty: 'Nothing to recommend yet.|暂时没有可推荐的商品。',
  title: 'Your privacy here|您在本店的隐私',
  lead: 'All that this shop learns about you stays in this browser. Here it is.|本店对您的了解都留在这个浏览器里，全部在此。',
  starting: 'Starting.|正在启动。',
  absent:
    'Nothing runs on this page: nothing is stored or sent.|本页没有运行任何程序：不保存，也不发送。',
  personalise: 'Remember my visits on this device|在这台设备上记住我的浏览',
  personaliseHint:
    'Sorts the shelves for you. Stays in this browser.|为您整理货架，只留在这个浏览器里。',
  contribute: 'Send noised updates|发送加噪的更新',
  contributeHint:
    'Blurred on this device, they make shelves better for all.|先在本机模糊处理，让大家的货架都变好。',
  stayed: 'What stayed|留下的',
  left: 'What left|离开的',
  back: 'What came back|回来的',
  export: 'Download everything|下载全部内容',
  erase: 'Erase everything|清除全部内容',
  exported: 'Saved as {file}.|已保存为 {file}。',
  exportFailed: 'The file could not be made.|无法生成文件。',
  eraseAsk: 'Erase everything stored here?|清除保存在这里的全部内容？',
  eraseText:
    'History, profile and unsent reports are deleted for good. What was sent cannot be called back: it does not say whose it is.|历史、画像和未发送的报告会永久删除。已经发送的无法收回：其中没有内容表明它属于谁。',
  withdrawAsk: 'Switch this off and erase?|关闭此项并清除？',
  yes: 'Erase|清除',
  keep: 'Keep it|保留',
  erasing: 'Erasing…|正在清除……',
  erased: 'Erased, and checked: nothing is left.|已清除并核对：什么都没有留下。',
  blocked:
    'Not erased: close the other tabs of this shop and try again.|尚未清除：请关闭本店的其他标签页后再试。',
  failed: 'Not all could be deleted. Try again.|未能全部删除，请再试一次。',
  changed: 'Your choice is in force.|您的选择已生效。',
  nothingStayed: 'Nothing is stored in this browser.|这个浏览器里没有保存任何内容。',
  nothingLeft: 'Nothing has left this browser.|没有任何内容离开过这个浏览器。',
  nothingBack: 'Nothing has come from the server.|还没有从服务器得到任何内容。',
  // Of the states, those before anything could be asked; English comes with the state.
  'state:consent-required': '|等待您同意；在此之前不保存、不获取、不发送任何内容。',
  'state:insecure-context': '|本页没有经过 https，浏览器不提供加密功能；不记录任何内容。',
  'state:engine-blocked': '|引擎无法启动；不记录任何内容。',
} as const;

/** What a client tells with its answers, as terms of the kind `panel`. */
export type PanelWord =
  | 'automated'
  | 'events'
  | 'visits'
  | 'since'
  | 'activity'
  | 'activityText'
  | 'day'
  | 'category'
  | 'brand'
  | 'priceBand'
  | 'bands'
  | 'none'
  | 'estimates'
  | 'estimatesNote'
  | 'intent'
  | 'value'
  | 'priceSensitivity'
  | 'churn'
  | 'byModel'
  | 'byRule'
  | 'byNone'
  | 'tiers'
  | 'raises'
  | 'lowers'
  | 'inDays'
  | 'segments'
  | 'member'
  | 'notMember'
  | 'near'
  | 'found'
  | 'history'
  | 'someLeft'
  | 'budget'
  | 'budgetText'
  | 'budgetNone'
  | 'noEpsilon'
  | 'report'
  | 'made'
  | 'waiting'
  | 'sent'
  | 'refused'
  | 'expired'
  | 'look'
  | 'gone'
  | 'at'
  | 'field'
  | 'content'
  | 'numbers'
  | 'statement'
  | 'original'
  | 'parts'
  | 'version'
  | 'noVersion'
  | 'tasks'
  | 'train'
  | 'measure'
  | 'evaluate'
  | 'local'
  | 'split'
  | 'test'
  | 'round'
  | 'noRound'
  | 'cap'
  | 'catalogue'
  | 'backend';

export type Word = keyof typeof WORDS | PanelWord;
