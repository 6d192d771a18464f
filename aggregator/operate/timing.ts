/** How long syncs and sums take, measured from outside of those who do them. */
import type { AppendFile, Disk } from '../accumulate/disk.ts';
import type { AverageBackend } from '../average/backend.ts';

/** Hears of a span, in seconds. */
export type Observe = (seconds: number) => void;

async function timed<T>(work: () => Promise<T>, observe: Observe): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    observe((performance.now() - start) / 1000);
  }
}

/** The object with some of its methods replaced; the others run on the object itself. */
function replaced<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The disk, with the time that each sync of a file's contents takes. */
export function timedDisk(disk: Disk, observe: Observe): Disk {
  return replaced(disk, {
    open: async (...call: Parameters<Disk['open']>): Promise<AppendFile> => {
      const file = await disk.open(...call);
      return replaced(file, { sync: () => timed(() => file.sync(), observe) });
    },
  });
}

/** The backend, with the time that each sum takes. */
export function timedBackend(backend: AverageBackend, observe: Observe): AverageBackend {
  return replaced(backend, {
    sum: (...call: Parameters<AverageBackend['sum']>): Promise<void> =>
      timed(async () => backend.sum(...call), observe),
  });
}
