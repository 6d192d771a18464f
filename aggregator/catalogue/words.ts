/** Terms of the goods' texts: those of every script without the commonest English words. */
import { wordsOf } from '../../shared/model/words.ts';

/** Terms of a text in order, as `wordsOf` gives them, without English stop words. */
export function termsOf(text: string, minLength: number): string[] {
  return wordsOf(text, minLength).filter((term) => !STOP_WORDS.has(term));
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
