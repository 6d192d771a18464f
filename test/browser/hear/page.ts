/** The tag's ears alone in a page, and what they have told. */
import { hear } from '../../../sdk/capture/hear.ts';
import type { Heard, HearOptions } from '../../../sdk/capture/heard.ts';

export interface HearingPage {
  readonly heard: Heard[];
  start(options?: HearOptions): void;
  stop(): void;
}

let stop = (): void => undefined;

const hearing: HearingPage = {
  heard: [],
  start(options = {}) {
    stop = hear(options, window, (one) => hearing.heard.push(structuredClone(one)));
  },
  stop: () => stop(),
};

Object.assign(window, { hearing });
