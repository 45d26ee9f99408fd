import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

const common: RedisOptions = {
  connectTimeout: 3_000,
  // News and leases are of no use when they are old.
  maxRetriesPerRequest: 1,
  commandTimeout: 2_000,
  retryStrategy: (times) => Math.min(5_000, 100 * 2 ** Math.min(times, 6)) * (0.5 + Math.random() / 2),
};

export type ValkeyClient = Redis | Cluster;

/**
 * Connections to a `redis://`, `rediss://` (TLS), or `rediss+cluster://` address; ElastiCache's serverless caches are clusters. Nothing is
 * awaited: a connection that is not there yet is made in the background.
 */
export function valkeyConnector(address: string): () => ValkeyClient {
  const url = new URL(address);
  const cluster = url.protocol.endsWith('+cluster:');
  const tls = url.protocol.startsWith('rediss') ? { servername: url.hostname } : undefined;
  const host = url.hostname;
  const port = url.port === '' ? 6379 : Number(url.port);
  const credentials: RedisOptions = {
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(tls && { tls }),
  };
  if (!cluster) return () => new Redis({ ...common, ...credentials, host, port });
  const options: ClusterOptions = {
    redisOptions: { ...common, ...credentials },
    shardedSubscribers: true,
    // The certificate is for names; a cluster tells of its nodes by address.
    dnsLookup: (name, done) => done(null, name),
    slotsRefreshTimeout: 3_000,
  };
  return () => new Cluster([{ host, port }], options);
}

/** Where commands go. It connects again by itself; nothing that it may throw is left unheard. */
export interface ValkeyConnection {
  /** The client to use now; not to be kept. */
  readonly current: ValkeyClient;
  close(): void;
}

/** One connection for the whole life of a process. */
export function steadyConnection(connect: () => ValkeyClient): ValkeyConnection {
  const current = connect();
  current.on('error', () => {});
  return { current, close: () => current.disconnect() };
}

/**
 * For a process that is stopped between two pieces of work, as a function is: made when it is first needed, and made anew after a silence.
 * A server may have given up meanwhile what looks open here.
 */
export function lapsingConnection(
  connect: () => ValkeyClient,
  { lapseMs = 20_000, now = Date.now }: { readonly lapseMs?: number; readonly now?: () => number } = {},
): ValkeyConnection {
  let client: ValkeyClient | undefined;
  // By the wall clock: a monotonic one may stand still while the process does.
  let usedAt = 0;
  return {
    get current() {
      const at = now();
      if (Math.abs(at - usedAt) > lapseMs) {
        client?.disconnect();
        client = undefined;
      }
      usedAt = at;
      if (client === undefined) {
        client = connect();
        client.on('error', () => {});
      }
      return client;
    },
    close: () => client?.disconnect(),
  };
}
