import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';

const common: RedisOptions = {
  connectTimeout: 3_000,
  // News and leases are of no use when they are old.
  maxRetriesPerRequest: 1,
  commandTimeout: 2_000,
  retryStrategy: (times) => Math.min(5_000, 100 * 2 ** Math.min(times, 6)) * (0.5 + Math.random() / 2),
};

/**
 * Connections to a `redis://`, `rediss://` (TLS), or `rediss+cluster://` address; ElastiCache's serverless caches are clusters. Nothing is
 * awaited: a connection that is not there yet is made in the background.
 */
export function valkeyConnector(address: string): () => Redis | Cluster {
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
