/**
 * Opinion of a review, English and Chinese, by a small lexicon with negation; it stays on the device.
 * Clauses part at punctuation; inside one, a negation turns what follows within three words or
 * characters, at eight tenths; an intensifier just before counts half as much again. The sum s of a
 * text becomes s/√(s² + 2), as in VADER (Hutto, Gilbert 2014) with another constant for weights of 1.
 */
import { runsOf } from '../../shared/model/words.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const GOOD = words(
  'good great excellent amazing awesome love loved loves lovely perfect perfectly nice best better beautiful beautifully comfortable comfy sturdy solid durable happy pleased satisfied recommend recommended fantastic wonderful superb soft easy quality reliable works worth like liked enjoy enjoyed fast quick warm bright fresh delicious favourite favorite impressed thanks ' +
    '好 不错 很棒 棒 喜欢 满意 完美 推荐 漂亮 好看 好用 舒服 舒适 值得 优秀 精致 结实 耐用 实用 方便 开心 惊喜 赞 好评 好吃 好喝 划算 超值 物美价廉 没问题 柔软 快 爱 牢固 回购',
);
const BAD = words(
  'bad poor poorly terrible awful horrible worst worse broken broke breaks cheap cheaply flimsy disappointed disappointing disappointment useless waste hate hated return returned refund defective damaged faulty ugly uncomfortable slow wrong weak scratched stained smelly noisy leaks leaked leaking torn stopped failed fails fake unusable expensive overpriced problem problems regret avoid ' +
    '差 坏 烂 糟 糟糕 失望 难看 难用 难吃 难喝 不值 不好 退货 退款 破 破损 劣质 差评 垃圾 后悔 假 假货 慢 贵 太贵 臭 漏水 掉色 起球 褪色 粗糙 问题 不舒服 讨厌 坑 骗 浪费 别买 毛病 异味',
);
const NOT = words(
  'not no never without hardly barely cannot cant dont doesnt didnt isnt wasnt wont 不 没 无 未 沒 無 别',
);
const VERY = words(
  'very really so extremely absolutely super too highly 很 太 超 非常 特别 十分 真 极',
);
const REACH = 3;
const LONGEST = 4;

/** From −1 (bad) to 1 (good); 0 where nothing is said, or in another language. */
export function sentiment(text: string): number {
  let sum = 0;
  // "don't", not the t of "T-shirt".
  const spelled = text.replace(/n['’]t\b/gi, ' not');
  for (const clause of spelled.split(/[.!?;,:。！？；，：、…\n]+/)) sum += clauseSum(clause);
  return sum / Math.sqrt(sum * sum + 2);
}

function clauseSum(clause: string): number {
  let sum = 0;
  let place = 0;
  let denied = -Infinity;
  let strong = -Infinity;
  for (const token of tokensOf(clause)) {
    const sign = GOOD.has(token) ? 1 : BAD.has(token) ? -1 : 0;
    if (sign !== 0) {
      const turned = place - denied <= REACH ? -0.8 : 1;
      sum += sign * turned * (place - strong === 1 ? 1.5 : 1);
      denied = -Infinity;
    } else if (NOT.has(token)) denied = place;
    if (VERY.has(token)) strong = place;
    place++;
  }
  return sum;
}

/** Words, and of a CJK run the longest words of the lexicon from the left, or single characters. */
function tokensOf(clause: string): string[] {
  return runsOf(clause).flatMap(({ text, gram }) => {
    if (gram === 0) return [text];
    const tokens: string[] = [];
    for (let at = 0; at < text.length; ) {
      let length = LONGEST;
      while (length > 1 && !known(text.slice(at, at + length))) length--;
      tokens.push(text.slice(at, at + length));
      at += length;
    }
    return tokens;
  });
}

const known = (token: string): boolean =>
  GOOD.has(token) || BAD.has(token) || NOT.has(token) || VERY.has(token);
