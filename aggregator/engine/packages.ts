/** Clients of the engines are optional peers: loaded when asked for, missed by name. */
import { EngineError } from '../cluster/update-log.ts';

/**
 * Runs an import of optional packages.
 * @throws EngineError `missing-package` with the command that installs them.
 */
export async function loadPackages<T>(
  engine: string,
  names: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const command = `npm install ${names.join(' ')}`;
    throw new EngineError('missing-package', `${engine} needs its client: ${command}`, {
      cause: error,
    });
  }
}
