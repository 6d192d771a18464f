/** What the client tells: its events, its errors by name, and lines for debugging. */
import type { VitrineEvents } from './api.ts';
import type { Consent } from './database/database.ts';
import { Emitter } from './emitter.ts';

export class Signals extends Emitter<VitrineEvents & { consent: Consent }> {
  readonly #log: ((line: string) => void) | null;
  #announced: Consent = { personalise: false, contribute: false };

  /** @param log null without debugging. */
  constructor(log: ((line: string) => void) | null) {
    super();
    this.#log = log;
  }

  /** Tells of a consent that differs from the last one told. */
  announce(consent: Consent): void {
    const { personalise, contribute } = this.#announced;
    if (consent.personalise === personalise && consent.contribute === contribute) return;
    this.#announced = consent;
    this.emit('consent', consent);
    const erased = personalise && !consent.personalise;
    this.emit('update', { cause: erased ? 'erased' : 'consent' });
  }

  /** Stored records of the history that could not be decrypted, by foreign hand or a bad disk. */
  damaged(records: number): void {
    this.problem('history-damaged', `${records} records of the history were unreadable and went`);
  }

  /** Any failure as an 'error' event, by its own code where it has one. */
  report(error: unknown): void {
    const { code, state, message } = (error ?? {}) as Record<string, unknown>;
    this.problem(String(code ?? state ?? 'failed'), String(message ?? error));
  }

  problem(code: string, message: string): void {
    this.debug(`${code}: ${message}`);
    this.emit('error', { code, message });
  }

  debug(line: string): void {
    this.#log?.(`vitrine: ${line}`);
  }
}
