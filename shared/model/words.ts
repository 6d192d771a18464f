/**
 * Text to terms, for every script: words where spaces part them, bigrams for Chinese and kin,
 * 4-grams for alphabets that are written without spaces. The build step and the browser read texts
 * alike; no dictionary is needed, and `Intl.Segmenter` gives other words in each engine.
 */

const LETTER = '(?=[\\p{L}\\p{M}\\p{N}])';
const CJK = `${LETTER}[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}]`;
const UNSPACED = `${LETTER}[\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]`;
const RUNS = new RegExp(
  `((?:${CJK})+)|((?:${UNSPACED})+)|((?:(?!${CJK}|${UNSPACED})[\\p{L}\\p{M}\\p{N}])+)`,
  'gu',
);

/**
 * Unicode normal form KC, lower case: one spelling for full-width and composed forms. Trade signs
 * part words first, because NFKC would spell ™ as two letters of the word before it.
 */
function normalise(text: string): string {
  return text
    .replace(/[™℠®©]/g, ' ')
    .normalize('NFKC')
    .toLowerCase();
}

export interface Run {
  readonly text: string;
  /** Characters of a term: 2 for CJK, 4 for an unspaced alphabet, 0 where the run is one word. */
  readonly gram: 0 | 2 | 4;
}

/** Maximal runs of letters, marks and digits of one way of writing. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  // The same runs, several times as fast, for a text that needs none of the above.
  if (/^[\s -~]*$/.test(text)) {
    for (const [word] of text.toLowerCase().matchAll(/[a-z0-9]+/g))
      runs.push({ text: word, gram: 0 });
    return runs;
  }
  for (const match of normalise(text).matchAll(RUNS)) {
    runs.push({
      text: match[0],
      gram: match[1] !== undefined ? 2 : match[2] !== undefined ? 4 : 0,
    });
  }
  return runs;
}

/**
 * Terms of a text in order: lower-case words, and the n-grams of each run without spaces (the run
 * itself where it is shorter). Words of fewer than `minLength` characters are left out.
 */
export function wordsOf(text: string, minLength: number): string[] {
  const terms: string[] = [];
  for (const { text: run, gram } of runsOf(text)) {
    const characters = [...run];
    if (gram === 0) {
      if (characters.length >= minLength) terms.push(run);
      continue;
    }
    const last = Math.max(0, characters.length - gram);
    for (let i = 0; i <= last; i++) terms.push(characters.slice(i, i + gram).join(''));
  }
  return terms;
}
