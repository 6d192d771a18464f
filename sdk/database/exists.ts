/** Whether a site has a database in this browser. */

/** Opens and takes back: a version change that is aborted leaves no database behind. Never throws. */
export async function databaseExists(name: string): Promise<boolean> {
  try {
    if (typeof indexedDB.databases === 'function') {
      return (await indexedDB.databases()).some((one) => one.name === name);
    }
    return await new Promise((resolve) => {
      const request = indexedDB.open(name);
      request.onupgradeneeded = () => request.transaction?.abort();
      request.onsuccess = () => {
        request.result.close();
        resolve(true);
      };
      request.onerror = () => resolve(false);
    });
  } catch {
    return false;
  }
}
