/** What lies where in a cluster's log, and which partition a report belongs to. */
import { createHash } from 'node:crypto';
import { assertInteger } from '../../shared/assert/assert.ts';
import { utf8 } from '../../shared/bytes/utf8.ts';
import { crc32 } from '../accumulate/crc.ts';

/** Each has a lease of its own; more of them than accumulators, so that the work can be shared out. */
export const MAX_PARTITIONS = 256;

export const NAMES = {
  /** Value: what the cluster was begun with, `ClusterConfig`. */
  config: 'cluster/config',
  /** Value: tasks and the rounds that take reports, `RoundsView`. */
  rounds: 'cluster/rounds',
  /** Frames: every change of the coordinator's files. */
  disk: 'disk',
  coordinator: 'lease/coordinator',
  lease: (partition: number): string => `lease/${partition}`,
  /** Values below it: the accumulators that live. */
  members: 'member',
  member: (node: string): string => `member/${node}`,
  round: (roundHash: string): string => `round/${roundHash}`,
  /** Frames: the journal of one partition of a round. */
  partition: (roundHash: string, partition: number): string => `round/${roundHash}/${partition}`,
  /** Value: how many reports each partition of a round may hold. */
  quota: (roundHash: string): string => `round/${roundHash}/quota`,
} as const;

/** @param id 16 bytes as a latin1 string, random by W4; an id is always in the same partition. */
export function partitionOf(id: string, partitions: number): number {
  assertInteger('partitions', partitions, 1, MAX_PARTITIONS);
  return crc32(Buffer.from(id, 'latin1')) % partitions;
}

/**
 * First entry of a partition's journal, 32 bytes. It is no secret: an engine gives back whole
 * frames only, so that no report can pass for one.
 */
export function partitionIdentity(roundHash: string, partition: number): Uint8Array {
  const name = utf8(`vitrine/partition/v1\n${roundHash}\n${partition}`);
  return createHash('sha256').update(name).digest();
}
