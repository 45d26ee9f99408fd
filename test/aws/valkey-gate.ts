import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { Redis } from 'ioredis';

interface Pair {
  readonly from: Socket;
  readonly to: Socket;
  readonly kept: Buffer[];
}

/** Between a process and Valkey: what Valkey says can be kept back. */
export class Gate {
  readonly port: number;
  readonly #pairs: ReadonlySet<Pair>;
  #holding = false;

  private constructor(port: number, pairs: ReadonlySet<Pair>) {
    this.port = port;
    this.#pairs = pairs;
  }

  static async open(t: TestContext, target: number): Promise<Gate> {
    const pairs = new Set<Pair>();
    const server = createServer((to) => {
      const pair: Pair = { from: connect(target, '127.0.0.1'), to, kept: [] };
      pairs.add(pair);
      to.pipe(pair.from);
      pair.from.on('data', (chunk) => void (gate.#holding ? pair.kept.push(chunk) : to.write(chunk)));
      for (const socket of [to, pair.from])
        socket
          .on('error', () => {})
          .on('close', () => {
            to.destroy();
            pair.from.destroy();
            pairs.delete(pair);
          });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new Gate((server.address() as { port: number }).port, pairs);
    t.after(() => {
      server.close();
      for (const { to, from } of pairs) for (const socket of [to, from]) socket.destroy();
    });
    return gate;
  }

  hold(): void {
    this.#holding = true;
  }

  release(): void {
    this.#holding = false;
    for (const { to, kept } of this.#pairs) for (const chunk of kept.splice(0)) to.write(chunk);
  }

  /** Octets that are kept back. */
  get held(): number {
    return [...this.#pairs].flatMap(({ kept }) => kept).reduce((sum, { length }) => sum + length, 0);
  }
}

/** Everything that is published on the channels of news from now on. */
export async function listen(t: TestContext, url: string) {
  const redis = new Redis(url);
  t.after(() => redis.disconnect());
  const messages: string[] = [];
  let news = () => {};
  redis.on('smessage', (_channel: string, message: string) => {
    messages.push(message);
    news();
  });
  await redis.ssubscribe(...Array.from({ length: 256 }, (_, i) => `restante:{${i}}`));
  return {
    messages,
    async count(wanted: number): Promise<void> {
      while (messages.length < wanted)
        await new Promise<void>((resolve) => {
          news = resolve;
        });
    },
  };
}
