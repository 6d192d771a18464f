/** Some nats-servers of one cluster. Their routes need ports that are known before they start. */
import { createServer } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { until } from './child.ts';
import { type Nats, startNats } from './nats.ts';

export interface NatsCluster {
  /** Addresses of all, for one client. */
  readonly url: string;
  readonly servers: readonly Nats[];
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Tells whether the servers have elected one that makes streams. */
async function ready(url: string): Promise<boolean> {
  const connection = await connect({ servers: url }).catch(() => null);
  if (connection === null) return false;
  try {
    const { streams } = await jetstreamManager(connection, { timeout: 2000 });
    await streams.add({ name: 'probe', subjects: ['probe'], num_replicas: 3 });
    return await streams.delete('probe');
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

export async function startNatsCluster(size: number): Promise<NatsCluster> {
  const ports = await Promise.all(Array.from({ length: size }, freePort));
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const config = (i: number): string =>
    `server_name: n${i}\ncluster { name: test, listen: "127.0.0.1:${ports[i]}", routes: [${routes}] }`;
  const started = await Promise.allSettled(ports.map((_, i) => startNats({ config: config(i) })));
  const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  try {
    if (servers.length < size) throw new Error('not every nats-server of the cluster has started');
    const [first] = servers as [Nats];
    await until(() => ready(first.url), 'the cluster to elect its leader');
  } catch (error) {
    await stop();
    throw error;
  }
  const hosts = servers.map(({ url }) => new URL(url).host);
  return { url: `nats://${hosts.join(',')}`, servers, stop };
}
