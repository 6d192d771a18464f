/**
 * The checkpoint that is served (SPEC.md, L rules): signed with every entry, without a time, and
 * cosigned by the site's witness where it has one. A witness that does not answer delays nothing
 * but its cosignature, which is asked for again.
 */
import {
  isCosignedBy,
  logOrigin,
  parseNote,
  signCheckpoint,
  witnessName,
} from '../../shared/protocol/checkpoint.ts';
import type { Signer } from '../../shared/protocol/signature.ts';
import type { TileName } from '../../shared/protocol/tiles.ts';
import type { RecordLog } from './record-log.ts';

/** The helper, as far as the log needs it. */
export interface Witness {
  /** Ed25519, base64url: what it cosigns with. */
  readonly identityKey: string;
  /**
   * The signature line with which it cosigns the checkpoint `note`, whose tiles are served already.
   * Rejects, within its own time limit, when it cannot be reached or refuses.
   */
  cosign(note: string): Promise<string>;
}

export interface PublishedDeps {
  readonly site: string;
  /** Of the key that the site's tasks name as `aggregatorKey`. */
  readonly signer: Signer;
  /** Null for a site without tasks of the split tier. */
  readonly witness: Witness | null;
  /** Calls `work` after `ms`; returns how to call it off. */
  readonly after: (ms: number, work: () => void) => () => void;
  readonly failed: (reason: string) => void;
}

/** An entry waits so long for its cosignature. */
const PATIENCE_MS = 2000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 10_000;

export class PublishedLog {
  readonly #log: RecordLog;
  readonly #deps: PublishedDeps;
  #served = '';
  /** Signed by the log alone. */
  #bare = '';
  /** The witness has answered last; before it has, no entry waits for it. */
  #answers = false;
  #retryMs = FIRST_RETRY_MS;
  #cancel: () => void = () => undefined;
  #stopped = false;

  private constructor(log: RecordLog, deps: PublishedDeps) {
    this.#log = log;
    this.#deps = deps;
  }

  static async open(log: RecordLog, deps: PublishedDeps): Promise<PublishedLog> {
    const published = new PublishedLog(log, deps);
    await published.#sign(log.size, log.root);
    published.#served = published.#bare;
    log.extended = (size, root) => published.#extend(size, root);
    return published;
  }

  /** The signed note that GET checkpoint answers. */
  get checkpoint(): string {
    return this.#served;
  }

  /** Bytes of a tile or entry bundle, or null where there is none of this width. */
  tile(name: TileName): Promise<Uint8Array | null> {
    return this.#log.tile(name);
  }

  /** From now on the tiles are served, so that the witness can be asked. */
  start(): void {
    if (this.#deps.witness !== null) this.#later(0);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #sign(size: number, root: Uint8Array): Promise<void> {
    const { site, signer } = this.#deps;
    this.#bare = await signCheckpoint({ origin: logOrigin(site), size, root }, signer);
  }

  async #extend(size: number, root: Uint8Array): Promise<void> {
    await this.#sign(size, root);
    if (!this.#answers || !(await this.#cosignSoon())) this.#served = this.#bare;
  }

  /** Waits for the witness, but not for one that hangs; its cosignature may still come then. */
  async #cosignSoon(): Promise<boolean> {
    let cancel = (): void => undefined;
    const late = new Promise<false>((resolve) => {
      cancel = this.#deps.after(PATIENCE_MS, () => {
        this.#answers = false;
        resolve(false);
      });
    });
    const done = await Promise.race([this.#cosign(), late]);
    cancel();
    return done;
  }

  /** Serves the newest checkpoint with its cosignature, or asks again later. */
  async #cosign(): Promise<boolean> {
    const { witness, site, failed } = this.#deps;
    const bare = this.#bare;
    if (witness === null) return false;
    try {
      const note = bare + (await witness.cosign(bare));
      // A line that no reader could parse would take the log's own signature with it.
      const { text, signatures } = parseNote(note);
      // A second line could be a wrong one under the log's own name.
      const mine = { text, signatures: signatures.slice(1) };
      if (
        !bare.startsWith(text) ||
        signatures.length !== 2 ||
        !(await isCosignedBy(mine, witnessName(site), witness.identityKey))
      ) {
        throw new Error('bad-cosignature: the witness answered with another line');
      }
      this.#answers = true;
      this.#retryMs = FIRST_RETRY_MS;
      if (bare === this.#bare) this.#served = note;
      return bare === this.#bare;
    } catch (error) {
      this.#answers = false;
      failed((error as Error).message);
      this.#later(this.#retryMs);
      this.#retryMs = Math.min(LAST_RETRY_MS, 2 * this.#retryMs);
      return false;
    }
  }

  #later(ms: number): void {
    this.#cancel();
    if (this.#stopped) return;
    this.#cancel = this.#deps.after(ms, () => {
      void this.#cosign().then((newest) => {
        if (!newest && this.#answers) this.#later(0);
      });
    });
  }
}
