/**
 * Series of frames in a JetStream stream, one subject each. The fence is the header
 * Nats-Expected-Last-Subject-Sequence: a part is stored only behind the message that its writer
 * knew as the last one of the subject.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { JetStreamClient, JetStreamManager, StoredMsg } from '@nats-io/jetstream';
import type { MsgHdrs } from '@nats-io/transport-node';
import { EngineError, Fenced, type Frame } from '../cluster/update-log.ts';
import { Assembler, PART_HEADER, type Part, partHeader, readPartHeader, split } from './parts.ts';

/** "wrong last sequence", with the sequence in the message and without. */
const WRONG_LAST_SEQUENCE = [10071, 10164];
/** A follower may answer before it has what the leader has told of. */
const FOLLOWER_TRIES = 100;
const FOLLOWER_WAIT_MS = 50;

/** Sends a request; it fails at once without a connection, and when the connection breaks. */
export type Ask = <T>(request: () => Promise<T>) => Promise<T>;

export interface Clients {
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly headers: () => MsgHdrs;
  /** Bytes of a part at most. */
  readonly partBytes: number;
  readonly ask: Ask;
}

interface Tail {
  /** Offset of the last whole frame. */
  readonly offset: number;
  /** Sequence of the last message, which may belong to a series that broke off. */
  readonly physical: number;
  readonly message: StoredMsg | null;
}

function partOf(message: StoredMsg): Part {
  return readPartHeader(message.header.get(PART_HEADER));
}

export class Series {
  readonly #stream: string;
  readonly #clients: Clients;
  /** What this client knows of subjects that it writes. */
  readonly #tails = new Map<string, { readonly offset: number; readonly physical: number }>();

  constructor(stream: string, clients: Clients) {
    this.#stream = stream;
    this.#clients = clients;
  }

  /** The end of a subject, from the stream's leader. */
  async tail(subject: string): Promise<Tail> {
    const { jsm, ask } = this.#clients;
    const query = { last_by_subj: subject };
    const message = await ask(() => jsm.streams.getMessage(this.#stream, query));
    if (message === null) return { offset: 0, physical: 0, message };
    const { index, count, after } = partOf(message);
    const offset = index === count - 1 ? message.seq : after;
    return { offset, physical: message.seq, message };
  }

  /**
   * @returns the frame's offset, and the sequence of its first part if messages stand before it.
   * @throws Fenced
   */
  async append(
    subject: string,
    after: number,
    bytes: Uint8Array,
  ): Promise<{ readonly offset: number; readonly first: number | null }> {
    const known = this.#tails.get(subject);
    this.#tails.delete(subject);
    const { offset, physical } = known?.offset === after ? known : await this.tail(subject);
    if (offset !== after) throw new Fenced(`${subject} has moved on from ${after} to ${offset}`);
    const parts = split(bytes, this.#clients.partBytes);
    let first = 0;
    let last = physical;
    for (const [index, part] of parts.entries()) {
      last = await this.#publish(subject, last, { index, count: parts.length, after, first }, part);
      if (index === 0) first = last;
    }
    this.#tails.set(subject, { offset: last, physical: last });
    return { offset: last, first: physical === 0 ? null : first };
  }

  async #publish(subject: string, last: number, part: Part, bytes: Uint8Array): Promise<number> {
    const { js, ask } = this.#clients;
    const headers = this.#clients.headers();
    headers.set(PART_HEADER, partHeader(part));
    const expect = { streamName: this.#stream, lastSubjectSequence: last };
    try {
      return (await ask(() => js.publish(subject, bytes, { headers, expect }))).seq;
    } catch (error) {
      if (!WRONG_LAST_SEQUENCE.includes((error as { code: number }).code)) throw error;
      throw new Fenced(`${subject} has moved on from ${part.after}`, { cause: error });
    }
  }

  /** Whole frames with offsets higher than `after`, up to the end as it is now. */
  async *read(subject: string, after: number): AsyncIterable<Frame> {
    const { offset: end } = await this.tail(subject);
    const assembler = new Assembler();
    for (let sequence = after + 1; sequence <= end; ) {
      const message = await this.#next(subject, sequence);
      if (message === null) return;
      const frame = assembler.push(message.seq, partOf(message), message.data);
      sequence = message.seq + 1;
      if (frame !== null) yield frame;
    }
  }

  /** The last whole frame of a subject. */
  async latest(subject: string): Promise<Frame | null> {
    for (;;) {
      const { offset, message } = await this.tail(subject);
      if (offset === 0 || message === null) return null;
      if (offset === message.seq && partOf(message).count === 1) {
        return { offset, bytes: message.data };
      }
      const end = offset === message.seq ? message : await this.#next(subject, offset);
      if (end === null) return null;
      const { index, first } = partOf(end);
      const from = index === 0 ? end.seq : first;
      for await (const frame of this.read(subject, from - 1)) {
        // A later one has come, and with it the purge of this one.
        if (frame.offset >= offset) return frame;
      }
    }
  }

  /** First message of a subject from `sequence` on; null once the subject has none any more. */
  async #next(subject: string, sequence: number): Promise<StoredMsg | null> {
    const { jsm, ask } = this.#clients;
    for (let tries = 0; tries < FOLLOWER_TRIES; tries++) {
      const query = { seq: sequence, next_by_subj: subject };
      const message = await ask(() => jsm.direct.getMessage(this.#stream, query));
      if (message !== null) return message;
      if ((await this.tail(subject)).physical < sequence) return null;
      await delay(FOLLOWER_WAIT_MS);
    }
    throw new EngineError('unavailable', `no server has message ${sequence} of ${subject}`);
  }

  /** Removes messages of subjects: all, or those before a sequence above 1 (1 would mean all). */
  async purge(filter: string, before?: number): Promise<void> {
    const { jsm, ask } = this.#clients;
    const seq = before === undefined ? {} : { seq: before };
    await ask(() => jsm.streams.purge(this.#stream, { filter, ...seq }));
    if (before === undefined) this.#tails.clear();
  }

  async subjects(filter: string): Promise<readonly string[]> {
    const { jsm, ask } = this.#clients;
    const query = { subjects_filter: filter };
    const { state } = await ask(() => jsm.streams.info(this.#stream, query));
    return Object.keys(state.subjects ?? {});
  }
}
