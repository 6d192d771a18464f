/** Text to terms, for every script: words where spaces part them, bigrams for Chinese and kin. */

const CJK =
  '(?=[\\p{L}\\p{M}\\p{N}])[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}]';
const RUNS = new RegExp(`(?<cjk>(?:${CJK})+)|(?<word>(?:(?!${CJK})[\\p{L}\\p{M}\\p{N}])+)`, 'gu');

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
  readonly cjk: boolean;
}

/** Maximal runs of letters, marks and digits; a run is either CJK or not. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  for (const match of normalise(text).matchAll(RUNS)) {
    runs.push({ text: match[0], cjk: match.groups?.cjk !== undefined });
  }
  return runs;
}

/**
 * Terms of a text in order: lower-case words without English stop words, and the bigrams of each
 * CJK run (the character itself where the run is one character).
 * Words shorter than `minLength` characters are left out.
 */
export function termsOf(text: string, minLength: number): string[] {
  const terms: string[] = [];
  for (const run of runsOf(text)) {
    const characters = [...run.text];
    if (!run.cjk) {
      if (characters.length >= minLength && !STOP_WORDS.has(run.text)) terms.push(run.text);
    } else if (characters.length === 1) {
      terms.push(run.text);
    } else {
      for (let i = 0; i + 1 < characters.length; i++) {
        terms.push(`${characters[i]}${characters[i + 1]}`);
      }
    }
  }
  return terms;
}

/** English function words: they say nothing about an article. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  `a about above across after afterwards again against all almost alone along already also
  although always am among amongst an and another any anyhow anyone anything anyway anywhere are
  around as at back be became because become becomes been before beforehand behind being below
  beside besides between beyond both but by can cannot could did do does doing done down due
  during each eg either else elsewhere enough etc even ever every everyone everything everywhere
  except few for former formerly from further get give go had has hasn have having he hence her
  here hers herself him himself his how however i ie if in indeed instead into is it its itself
  keep last latter least less ltd made many may me meanwhile might mine more moreover most mostly
  much must my myself namely neither never nevertheless next no nobody none nor not nothing now
  nowhere of off often on once one only onto or other others otherwise our ours ourselves out over
  own per perhaps please put rather re same see seem seemed seems several she should show since so
  some somehow someone something sometime sometimes somewhere still such take than that the their
  theirs them themselves then there therefore these they this those though through throughout thus
  to together too toward towards under until up upon us very via was we well were what whatever
  when whenever where wherever whether which while who whoever whole whom whose why will with
  within without would yet you your yours yourself yourselves`.split(/\s+/),
);
