/** What the tag and the engine say to each other (port.ts). */
import type { ReportPreview, VitrineEvents } from './api.ts';
import type { ShopEvent } from './capture/event.ts';
import type { Heard } from './capture/heard.ts';
import type { Consent } from './database/database.ts';
import type { PageEvent } from './environment.ts';
import type { Basics } from './profile/result.ts';
import type { Settings } from './settings.ts';
import type { Strain } from './strain.ts';

/** Under this name an engine that was loaded as a script waits for the tag. */
export const ENGINE = 'vitrineEngine';

/** What only the page can see; sent at the start, and with every change of it. */
export interface PageFacts {
  readonly visible: boolean;
  readonly online: boolean;
  readonly gpc: boolean;
  readonly strain: Strain | null;
}

export interface EngineStart {
  /** Everything but what does not travel. */
  readonly settings: Omit<Settings, 'hooks'>;
  /** The shop's hooks that are there. */
  readonly hooks: { readonly beforeCapture: boolean; readonly beforeContribute: boolean };
  readonly facts: PageFacts;
  readonly about: Pick<Basics, 'device' | 'locale'>;
  /** Address against which relative ones are resolved. */
  readonly base: string;
  readonly pinned: boolean;
  /** Why there is no Worker for the engine, nor for learners; '' in a Worker. */
  readonly refused: string;
}

/** Events of the public object, and what the tag keeps up to date. */
export type Told = VitrineEvents & { consent: Consent };

export interface EngineApi {
  connect(start: EngineStart): Promise<void>;
  /** @param atMs when the page was heard, which may be before the engine was there */
  hear(heard: Heard, atMs: number): void;
  page(event: PageEvent, facts: PageFacts): void;
  /** A method of the public object, 'consent.set' among them. */
  call(method: string, parameters: readonly unknown[]): Promise<unknown>;
}

export interface PageApi {
  /** An event of the public object, or a change of the consent. */
  tell(name: keyof Told, value: Told[keyof Told]): void;
  /** Resolves when the page has nothing else to do. */
  idle(): Promise<void>;
  beforeCapture(event: ShopEvent): ShopEvent | null;
  beforeContribute(report: ReportPreview): boolean;
  log(line: string): void;
  /** Resolves when the page holds the lock for the engine; rejects when it is taken back before. */
  lock(id: number, name: string, mode: 'exclusive' | 'shared'): Promise<void>;
  unlock(id: number): void;
}
