import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** `\r\n\r\n\0\r\nQUIT\n`, version 2, PROXY, TCP over IPv4, then both ends: 192.0.2.7:4711 came to 192.0.2.1:993. */
const header = Buffer.from(
  '0d0a0d0a000d0a515549540a' + '2111000c' + 'c0000207' + 'c0000201' + '1267' + '03e1',
  'hex',
);

/** A network load balancer before one port of one target: says whose a connection is, and sends no new ones once that is deregistered. */
export class Balancer {
  readonly port: number;
  readonly #server: Server;
  readonly #flows = new Set<Socket>();
  #registered = true;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async before(t: TestContext, target: number): Promise<Balancer> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const balancer = new Balancer(server);
    server.on('connection', (client) => balancer.#take(client, target));
    t.after(() => balancer.#close());
    return balancer;
  }

  /** Connections that are there go on. */
  deregister(): void {
    this.#registered = false;
  }

  #take(client: Socket, target: number): void {
    client.on('error', () => {});
    if (!this.#registered) return void client.destroy();
    const onward = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true });
    onward.on('error', () => client.destroy());
    onward.write(header);
    for (const socket of [client, onward]) {
      this.#flows.add(socket);
      socket.on('close', () => this.#flows.delete(socket));
    }
    client.pipe(onward).pipe(client);
    onward.on('close', () => client.destroySoon());
    client.on('close', () => onward.destroySoon());
  }

  #close(): void {
    this.#server.close();
    for (const socket of this.#flows) socket.destroy();
  }
}
