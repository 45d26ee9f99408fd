import type { TestContext } from 'node:test';
import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { testServer } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';
import { Client as Pop3Client, testPop3Server } from '../pop3/harness.ts';
import { accountRecord, signedInAs } from '../support/signed-in.ts';
import type { BudgetWorld, Cost } from './big-account.ts';

/** What a command cost at the ports, and what came of it. */
export interface Asked {
  readonly cost: Cost;
  /** Untagged responses, each by its first line. */
  readonly told: readonly string[];
  readonly answer: string;
}

/** A mail program, over a real connection, that counts what each of its commands costs. */
export class Device {
  readonly #world: BudgetWorld;
  readonly #client: WireClient;

  constructor(world: BudgetWorld, client: WireClient) {
    this.#world = world;
    this.#client = client;
  }

  async ask(command: string): Promise<Asked> {
    const told: string[] = [];
    const cost = await this.#world.cost(async () => {
      this.#client.send(`a ${command}\r\n`);
      while (!told.at(-1)?.startsWith('a ')) {
        const line = await this.#client.nextLine();
        if (line === undefined) throw new Error(`closed before ${command} was answered`);
        if (line.first) told.push(line.text);
      }
    });
    const answer = told.pop()!;
    if (!answer.startsWith('a OK ')) throw new Error(`${command}: ${answer}`);
    return { cost, told, answer };
  }
}

/** IMAP and POP3 of a process that has just started, for the world's one account. */
export class ServingProcess {
  readonly #t: TestContext;
  readonly #world: BudgetWorld;
  readonly #engine: MailEngine;
  readonly #authenticator: Authenticator;
  #imapPort: Promise<number> | undefined;
  #pop3Port: Promise<number> | undefined;

  constructor(t: TestContext, world: BudgetWorld) {
    this.#t = t;
    this.#world = world;
    this.#engine = world.process();
    const signedIn = signedInAs(accountRecord(world.account.id));
    this.#authenticator = { signIn: async () => signedIn };
  }

  /** A mail program that is connected, and has not signed in. */
  async imap(): Promise<Device> {
    // The grammar of what is said is others' business, and takes longer than saying it.
    const client = await WireClient.connect(
      await (this.#imapPort ??= this.#listenImap()),
      undefined,
      'other',
    );
    this.#t.after(() => client.close());
    await client.nextLine();
    return new Device(this.#world, client);
  }

  async pop3(): Promise<Pop3Client> {
    return Pop3Client.open(this.#t, await (this.#pop3Port ??= this.#listenPop3()));
  }

  async #listenImap(): Promise<number> {
    const server = await testServer({ engine: this.#engine, authenticator: this.#authenticator });
    this.#t.after(() => server.close(0));
    return server.listeners[0]!.port;
  }

  async #listenPop3(): Promise<number> {
    const { leases } = this.#world.store;
    const server = await testPop3Server({
      engine: this.#engine,
      authenticator: this.#authenticator,
      leases,
    });
    this.#t.after(() => server.close(0));
    return server.listeners[0]!.port;
  }
}
