/** Why a part is on or off, in a line. */
import type { Candidate } from './candidate.ts';
import type { PlanRequest } from './request.ts';
import type { Figure, Weighed } from './weigh.ts';

interface Reason<M> {
  readonly candidate: Candidate;
  readonly units: number;
  readonly weighed: Weighed<M> | null;
  readonly on: boolean;
  readonly onFrom: number | null;
  readonly isOn: (name: string) => boolean;
  readonly request: PlanRequest;
}

const count = (n: number): string => n.toLocaleString('en-GB');

/** Three digits, without an exponent. */
export function digits(x: number): string {
  if (x >= 100) return count(Math.round(x));
  return String(Number(x.toPrecision(x < 1 ? 2 : 3)));
}

/** What the noise is, in words. */
function noise(figure: Figure): string {
  switch (figure.kind) {
    case 'mean': {
      const { ratio, bound } = figure;
      const side = ratio <= bound ? 'within' : 'above';
      return `error ${digits(ratio)} of the clip, ${side} ${bound}`;
    }
    case 'count': {
      const { z, deviations, expected } = figure;
      const limit = `${deviations} σ = ${digits(deviations * z)}`;
      return `noise of ${limit} against an expected busy count of ${digits(expected)}`;
    }
    case 'gate': {
      const { gain, bound } = figure;
      const side = gain <= bound ? 'enough for' : 'too coarse for';
      return `sees a gain of ${digits(100 * gain)} NDCG, ${side} ${digits(100 * bound)}`;
    }
  }
}

export function whyOf<M>(reason: Reason<M>): string {
  const { candidate, units, weighed, on, onFrom, isOn } = reason;
  const { name, lacks, pays } = candidate;
  if (lacks !== null) return `needs ${lacks}`;
  if (weighed === null) return `no round or no noise that fits${from(onFrom)}`;
  const figure = noise(weighed.figure);
  if (on) return pays === '' ? figure : `${figure}; ${pays}`;
  if (units === 0) return `${figure}; no participations are left`;
  if (name === 'deep' && weighed.enough)
    return `${figure}, but no gate watches over it${from(onFrom)}`;
  if (name === 'gate' && weighed.enough && !isOn('pair')) {
    return `${figure}, but neither pair nor deep is on${from(onFrom)}`;
  }
  const { size, task } = weighed;
  const few = task.rounds < size.leastRounds;
  const rounds = few ? `; ${task.rounds} rounds of ${size.leastRounds} at least` : '';
  return `${figure}${rounds}${from(onFrom)}`;
}

function from(shoppers: number | null): string {
  if (shoppers === null) return '; at no number of shoppers';
  return `; on from about ${count(shoppers)} shoppers`;
}
