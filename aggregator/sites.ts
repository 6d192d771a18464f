/** One site of a process: its folder, its key and its service, apart from those of the others. */
import { join } from 'node:path';
import type { RandomSource } from '../shared/random/source.ts';
import type { Disk } from './accumulate/disk.ts';
import { nodeDisk } from './accumulate/node-disk.ts';
import type { Choice } from './average/choose.ts';
import { httpHelper } from './helper-client.ts';
import { loadKey, signerOf } from './keys.ts';
import type { SiteAddress } from './listener.ts';
import { lockFolder } from './lock.ts';
import type { Logger } from './logger.ts';
import type { RoundsDeps } from './open-round.ts';
import { type Observe, timedDisk } from './operate/timing.ts';
import { Service } from './service.ts';
import type { Settings } from './settings.ts';
import { StartError } from './socket.ts';
import { systemClock, systemScheduler } from './time.ts';

/** The aggregator's own key pair lies in its data folder. */
export const KEY_FILE = 'aggregator.key';

export interface SiteOptions extends SiteAddress {
  readonly dataDir: string;
  readonly settings: Settings;
  /** Where the second server answers; needed by tasks of the split tier. */
  readonly helper?: { readonly url: string };
  /** Another file system under the same names; the key is always read from `dataDir`. */
  readonly disk?: Disk;
  /** Seeds of this server's noise; WebCrypto when left out. */
  readonly source?: RandomSource;
  /** Where the reports of its rounds are; in the data folder when left out. */
  readonly openBatch?: NonNullable<RoundsDeps['openBatch']>;
}

export interface SiteDeps {
  readonly average: Choice;
  readonly logger: Logger;
  /** Hears how long each fdatasync took, in seconds. */
  readonly onSync?: Observe;
  /** Hears how long each sum took, in seconds. */
  readonly onSum?: Observe;
}

export interface RunningSite {
  readonly service: Service;
  stop(): Promise<void>;
}

async function loadSigner(dataDir: string): Promise<ReturnType<typeof signerOf>> {
  const path = join(dataDir, KEY_FILE);
  try {
    return signerOf(await loadKey(path));
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    const why = syscall === undefined ? 'holds no Ed25519 key pair' : `cannot be read (${code})`;
    throw new StartError('no-key', `${path} ${why}`, { cause });
  }
}

/**
 * Takes up a site where its folder says that it stopped.
 * @throws StartError, FolderInUse, SiteError, DiskError, CorruptJournal, CorruptLog; the folder is
 * free again then.
 */
export async function startSite(options: SiteOptions, deps: SiteDeps): Promise<RunningSite> {
  const { dataDir, settings, helper, source, openBatch } = options;
  const { average, logger, onSync, onSum } = deps;
  const signer = await loadSigner(dataDir);
  const unlock = await lockFolder(dataDir);
  try {
    const { helperTimeoutMs: timeoutMs } = settings;
    const disk = options.disk ?? nodeDisk(dataDir);
    const service = await Service.start({
      ...(helper !== undefined && { helper: httpHelper({ ...helper, signer, timeoutMs }) }),
      ...(source !== undefined && { source }),
      ...(openBatch !== undefined && { openBatch }),
      ...(onSum !== undefined && { onSum }),
      disk: onSync === undefined ? disk : timedDisk(disk, onSync),
      signer,
      clock: systemClock,
      scheduler: systemScheduler,
      logger,
      settings,
      average,
    });
    const stop = async (): Promise<void> => {
      try {
        await service.stop();
      } finally {
        await unlock();
      }
    };
    return { service, stop };
  } catch (error) {
    await unlock();
    throw error;
  }
}
