/**
 * A site of one task under any interleaving: reports, repeats, time, crashes of both servers, a
 * wire that is down. What it promised is kept here, and `check` holds the servers to it.
 */
import { expect } from 'vitest';
import { toHex } from '../../shared/bytes/hex.ts';
import type { LogEntry } from '../../shared/protocol/log.ts';
import { decodeModel } from '../../shared/protocol/model.ts';
import { PATHS } from '../../shared/protocol/paths.ts';
import { recordHash } from '../../shared/protocol/records.ts';
import type { ModelRecord } from '../../shared/protocol/task.ts';
import { ChaChaSource } from '../../shared/random/source.ts';
import { addInto, centred, decodeUint32LE } from '../../shared/sharing/share.ts';
import { codeOf, headOf, idBytes, post } from './fixture.ts';
import { Crash, type SimulatedDisk, testRandom } from './simulated-disk.ts';
import { D, down, honest, type SplitWorld, seedOf, zOf } from './split-world.ts';

/** Of one report: what was sent, and what was said. */
interface Sent {
  readonly id: number;
  readonly round: number;
  readonly body: Uint8Array;
  /** Its seed was sealed for another round, so that the helper rejects it. */
  readonly bad: boolean;
  acknowledged: boolean;
}

/** Makes the world of a tier, its servers' folders filled and nothing started. */
export interface Tier {
  readonly helper: boolean;
  prepare(): Promise<SplitWorld>;
  body(world: SplitWorld, round: string, id: number, bad: boolean): Promise<Uint8Array>;
}

export class Machine {
  readonly world: SplitWorld;
  readonly #tier: Tier;
  readonly #random: () => number;
  readonly #sent: Sent[] = [];
  #up = false;
  #helperUp = false;
  #nextId = 1;
  crashes = 0;

  private constructor(world: SplitWorld, tier: Tier, seed: number) {
    this.world = world;
    this.#tier = tier;
    this.#random = testRandom(seed);
  }

  static async start(tier: Tier, seed: number): Promise<Machine> {
    const machine = new Machine(await tier.prepare(), tier, seed);
    await machine.helperStarts();
    await machine.#rise();
    return machine;
  }

  /** A server crashes that many points of its disk from now on. */
  crashIn(points: number, server: 'aggregator' | 'helper'): void {
    const disk = server === 'helper' ? (this.world.helperDisk as SimulatedDisk) : this.world.disk;
    disk.crashAt = disk.points + points;
  }

  /** Its process ends, crashed or not, and another one starts on what the disk holds. */
  async helperStarts(): Promise<void> {
    const { world } = this;
    if (!this.#tier.helper) return;
    if (this.#helperUp) await world.helper?.stop().catch(() => undefined);
    const disk = world.helperDisk as SimulatedDisk;
    world.helperDisk = disk.recovered(this.#random, this.#random() < 0.5 ? 'power' : 'kill');
    await world.startHelper();
    this.#helperUp = true;
  }

  wire(works: boolean): void {
    this.world.wire = works ? honest : down;
  }

  pass(ms: number): Promise<void> {
    return this.#act(() => this.world.pass(ms));
  }

  send(bad: boolean): Promise<void> {
    return this.#act(async () => {
      const one = await this.#made(bad);
      if (one !== null) await this.#post(one);
    });
  }

  /** Several at once, each of them twice: one flush holds some, and n_max is passed. */
  burst(reports: number): Promise<void> {
    return this.#act(async () => {
      const made: Sent[] = [];
      for (let i = 0; i < reports; i++) {
        const one = await this.#made(false);
        if (one !== null) made.push(one);
      }
      const sends = await Promise.allSettled([...made, ...made].map((one) => this.#post(one)));
      for (const send of sends) if (send.status === 'rejected') throw send.reason;
    });
  }

  /** Sends a report that was sent before, whatever was answered then. */
  again(which: number): Promise<void> {
    const one = this.#sent[which % Math.max(1, this.#sent.length)];
    return one === undefined ? Promise.resolve() : this.#act(() => this.#post(one));
  }

  /** The id of an earlier report with other bytes: never acknowledged once that one was (RD4). */
  conflict(which: number): Promise<void> {
    const one = this.#sent[which % Math.max(1, this.#sent.length)];
    if (one === undefined || !one.acknowledged) return Promise.resolve();
    return this.#act(async () => {
      const body = Uint8Array.from(one.body);
      body[88] = (body[88] as number) ^ 1;
      const response = await this.#answer(body);
      expect(['report-conflict', 'not-ready']).toContain(await codeOf(response));
    });
  }

  /** Both servers up, every round ended that had a report; then all promises are compared. */
  async check(): Promise<{ readonly published: number; readonly abandoned: number }> {
    const { world } = this;
    world.disk.crashAt = Number.POSITIVE_INFINITY;
    (world.helperDisk as SimulatedDisk).crashAt = Number.POSITIVE_INFINITY;
    this.wire(true);
    await this.helperStarts();
    const last = Math.max(0, ...this.#sent.map(({ round }) => round));
    for (let turn = 0; turn < 60; turn++) {
      await this.#act(() => world.settle());
      const { round } = await headOf(world.up.app, world.taskHash);
      if (round !== null && round.record.round > last) break;
      await this.pass(10_000);
    }
    await this.#compare(last);
    const { rounds } = world.up.service.status();
    await world.up.service.stop();
    await world.helper?.stop();
    return rounds;
  }

  /** A new report to the open round, or null while none is open. */
  async #made(asBad: boolean): Promise<Sent | null> {
    const bad = asBad && this.#tier.helper;
    const { taskHash, up } = this.world;
    const { round } = await headOf(up.app, taskHash);
    if (round === null) return null;
    const id = this.#nextId++;
    const body = await this.#tier.body(this.world, await recordHash(round.record), id, bad);
    const one = { id, round: round.record.round, body, bad, acknowledged: false };
    this.#sent.push(one);
    return one;
  }

  /** Lost when the server crashes before it is out. */
  async #answer(body: Uint8Array): Promise<Response> {
    const here = this.world.disk;
    const response = await post(this.world.up.app, body);
    here.point();
    return response;
  }

  async #post(one: Sent): Promise<void> {
    const response = await this.#answer(one.body);
    if (response.status === 201) one.acknowledged = true;
    else if (one.acknowledged) expect(await codeOf(response)).toBe('not-ready');
  }

  async #act(work: () => Promise<void>): Promise<void> {
    await this.#rise();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    await this.#rise();
  }

  async #rise(): Promise<void> {
    const { world } = this;
    while (!this.#up || world.disk.crashed) {
      if (world.disk.crashed) {
        this.crashes += 1;
        world.disk = world.disk.recovered(this.#random, this.#random() < 0.5 ? 'power' : 'kill');
      }
      try {
        await world.start();
        this.#up = true;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  async #compare(last: number): Promise<void> {
    const { disk, taskHash } = this.world;
    const ended = new Map<number, LogEntry>();
    for (const entry of entriesOf(disk)) {
      const round =
        entry.type === 'model'
          ? entry.model.record.round
          : entry.type === 'abandoned' && entry.round;
      if (typeof round !== 'number') continue;
      expect(ended.has(round), `round ${round} ends once`).toBe(false);
      ended.set(round, entry);
    }
    for (let round = 1; round <= last; round++) {
      const entry = ended.get(round);
      expect(entry, `round ${round} has ended`).toBeDefined();
      if (entry?.type !== 'model') continue;
      const { record } = entry.model;
      const ids = await this.#ids(taskHash, round);
      const members = this.#sent.filter((one) => ids.has(toHex(idBytes(one.id))));
      expect(members).toHaveLength(ids.size);
      expect(record.reports).toBe(ids.size);
      for (const one of this.#sent.filter((each) => each.round === round)) {
        const isIn = members.includes(one);
        if (one.bad) expect(isIn, `bad ${one.id}`).toBe(false);
        else if (one.acknowledged) expect(isIn, `acknowledged ${one.id}`).toBe(true);
      }
      // Of this round, which ends once: nothing is in two batches.
      for (const one of members) expect(one.round).toBe(round);
      if (this.#tier.helper) this.#compareOpened(entriesOf(disk), record, members);
      else await this.#compareModel(record, members);
    }
  }

  async #ids(taskHash: string, round: number): Promise<Set<string>> {
    const response = await this.world.up.app.request(PATHS.ids(taskHash, round));
    expect(response.status).toBe(200);
    const bytes = new Uint8Array(await response.arrayBuffer());
    return new Set(
      Array.from({ length: bytes.length / 16 }, (_, i) =>
        toHex(bytes.subarray(16 * i, 16 * i + 16)),
      ),
    );
  }

  /** opened − Σz is the noise of one seed of each server, in every coordinate. */
  #compareOpened(
    entries: readonly LogEntry[],
    { roundHash }: ModelRecord,
    members: readonly Sent[],
  ): void {
    const opening = entries.find(
      (entry) => entry.type === 'opening' && entry.leader.record.roundHash === roundHash,
    );
    if (opening?.type !== 'opening') throw new Error('a model without an opening');
    const files = this.world.disk.files();
    const left = new Uint32Array(D);
    for (const { record } of [opening.leader, opening.helper]) {
      addInto(left, decodeUint32LE(files.get(`shares/${record.share}.bin`) as Uint8Array, 0, D));
    }
    for (const { id } of members)
      addInto(
        left,
        Uint32Array.from(zOf(id), (one) => -one),
      );
    const noise = [...centred(left)];
    const helpers = this.world.drawn.map((seed) => this.world.noiseOf(seed));
    const found = this.#leaderNoise().some((one) =>
      helpers.some((other) => noise.every((sum, i) => sum === (one[i] ?? 0) + (other[i] ?? 0))),
    );
    expect(found, 'what is left is noise of both servers').toBe(true);
  }

  /** Of the seeds that any start may have drawn. */
  #leaderNoise(): Int32Array[] {
    return Array.from({ length: this.world.boots }, (_, boot) => {
      const source = new ChaChaSource(seedOf(`leader ${boot}`));
      return Array.from({ length: 12 }, () => {
        const seed = new Uint8Array(32);
        source.fill(seed);
        return this.world.noiseOf(seed);
      });
    }).flat();
  }

  async #compareModel(record: ModelRecord, members: readonly Sent[]): Promise<void> {
    const files = this.world.disk.files();
    const weights = (hash: string): Float32Array =>
      decodeModel(files.get(`models/${hash}.bin`) as Uint8Array, D);
    const base = weights(record.previousModel);
    const { scaleBits, clipL2 } = this.world.task;
    const units = 2 ** scaleBits / clipL2;
    const expected = [...base].map((weight, i) => {
      const sum = members.reduce((total, { id }) => total + (zOf(id)[i] as number), 0);
      return Math.fround(weight + sum / (members.length * units));
    });
    expect([...weights(record.model)]).toEqual(expected);
  }
}

function entriesOf(disk: SimulatedDisk): LogEntry[] {
  const text = Buffer.from(disk.files().get('log.jsonl') ?? []).toString();
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { entry: LogEntry }).entry);
}
