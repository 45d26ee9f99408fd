import './builtins.ts';
import { replacedLifetime } from '../../services/local/replaced-lifetime.ts';
import type { Account } from '../../shared/engine/account.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { loadWhole } from '../../shared/engine/mailbox-loader.ts';
import { ObjectGone } from '../../shared/engine/message-index.ts';
import { type AccountId, type BlobKey, messageKey } from '../../shared/ids.ts';
import type { BlobStore, ByteRange } from '../../shared/ports/blob-store.ts';
import { Accounts } from './accounts.ts';
import { awsStore } from './aws-store.ts';
import { differenceOf, searchDifference } from './client-judge.ts';
import { Clocks } from './clocks.ts';
import { inWords } from './compare.ts';
import { digestOf } from './digest.ts';
import { embeddedStore } from './embedded-store.ts';
import { isExpected } from './failures.ts';
import { drawRates, Faults } from './faults.ts';
import { type FrontEnd, frontEnd } from './front-end.ts';
import type { MailCache } from './mail-cache.ts';
import { Network } from './network.ts';
import { engineOf, Node, type NodePorts } from './node.ts';
import type { ObjectWatch } from './object-store.ts';
import type { Hooks, Soil } from './planted/plant.ts';
import { Proposals } from './proposals.ts';
import { Random } from './random.ts';
import { blobsOfRelease, logOfRelease, type Release } from './release.ts';
import { type Owner, Scheduler } from './scheduler.ts';
import type { SearchedFor } from './search-keys.ts';
import { type LeaseTable, NoticeBoard, SimulatedLeases } from './services.ts';
import type { Store } from './store.ts';
import type { Truth } from './truth.ts';
import { truthFrom } from './truth-source.ts';
import { seenViolation, Violation } from './violation.ts';
import { Wire } from './wire.ts';

export interface WorldOptions {
  readonly seed: number;
  /** Numbers of faults that are left out. */
  readonly withoutFaults?: ReadonlySet<number>;
  /** A fault that this run has on purpose. */
  readonly plant?: Hooks | undefined;
  /** Told of everything that happens. */
  readonly trace?: (text: string) => void;
}

/** A process of the product as it runs now. */
export interface Running {
  readonly node: Node;
  readonly engine: MailEngine;
  readonly ports: NodePorts;
  readonly services: FrontEnd;
  readonly soil: Soil;
}

const start = Date.UTC(2026, 0, 5, 9);
/** More events than any run needs. */
const mostEvents = 400_000;

/** Services, nodes, people and the truth about them: one run's whole world. */
export class World {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly network: Network;
  readonly store: Store;
  /** Whether this run's store is SQLite on one machine: one clock, and no network. */
  readonly embedded: boolean;
  readonly proposals: Proposals;
  readonly truths = new Map<AccountId, Truth>();
  readonly accounts: Accounts;
  readonly clocks: Clocks;
  /** What each node runs when it starts. */
  readonly releases = new Map<string, Release>();
  readonly nodes = new Map<string, Running>();
  /** People and their programs: never frozen, with right clocks. */
  readonly people: Owner;
  readonly #options: WorldOptions;
  readonly #leases: LeaseTable = new Map();
  readonly #board: NoticeBoard;
  readonly #wires = new Set<Wire>();

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, withoutFaults = new Set() } = options;
    this.scheduler = new Scheduler(start, seed);
    const rates = drawRates(new Random(seed, 'rates'));
    this.faults = new Faults(new Random(seed, 'faults'), rates, withoutFaults);
    this.network = new Network(this.scheduler, this.faults, new Random(seed, 'network'), (text) =>
      this.trace(text),
    );
    this.people = { name: 'people', alive: true, frozenUntil: 0, now: () => this.scheduler.now };
    this.#board = new NoticeBoard(this.network);
    this.accounts = new Accounts(this);
    this.proposals = new Proposals(
      (id) => this.truthOf(id),
      (text) => this.trace(text),
    );
    const watch: ObjectWatch = {
      overwritten: (key) => {
        throw new Violation(`the object ${key} was written twice`);
      },
      deleted: (key) => this.#judgeDeletion(key),
    };
    // Most planted faults are the AWS adapters'.
    const { plant } = options;
    this.embedded = plant ? plant.store === 'embedded' : new Random(seed, 'store').chance(0.25);
    const makeStore = this.embedded ? embeddedStore : awsStore;
    this.store = makeStore({ seed, network: this.network, plant, watch });
    if (this.embedded) this.faults.count('run on SQLite');
    this.clocks = new Clocks(seed, this.embedded, () => this.faults.count('clocks apart'));
  }

  get plant(): Hooks | undefined {
    return this.#options.plant;
  }

  get seed(): number {
    return this.#options.seed;
  }

  trace(text: string): void {
    if (this.#options.trace === undefined) return;
    this.#options.trace(`${new Date(this.scheduler.now).toISOString()} ${text}`);
  }

  truthOf(id: AccountId): Truth {
    let truth = this.truths.get(id);
    if (truth === undefined) {
      truth = truthFrom(this, id);
      this.truths.set(id, truth);
    }
    return truth;
  }

  /** Starts a process; one that ran under this name is gone. */
  startNode(name: string): Running {
    const node = new Node(name, this.scheduler);
    node.clockError = this.clocks.offsetOf(name);
    const { plant } = this.#options;
    const { log, blobs } = this.store.portsOf(node);
    const release = this.releases.get(name) ?? 'now';
    const soil = this.#soilOf(node, release);
    const ports: NodePorts = {
      log: logOfRelease(plant?.log?.(log, soil) ?? log, release),
      blobs: blobsOfRelease(plant?.blobs?.(blobs, soil) ?? blobs, release),
      leases: new SimulatedLeases(this.#leases, this.network, node),
      notifier: this.#board.for(node),
    };
    const random = new Random(this.seed, `${name} ${this.scheduler.events}`);
    const engine = engineOf(node, ports, {
      scheduler: this.scheduler,
      random,
      plant,
      proposals: this.proposals,
      replacedLifetime: plant?.replacedLifetime ?? replacedLifetime[this.embedded ? 'embedded' : 'aws'],
      onError: (what, _account, cause) => this.unexpected(what, cause),
    });
    const services = frontEnd(
      engine,
      ports.leases,
      (address) => this.accounts.directory.get(address),
      (what, cause) => this.unexpected(what, cause),
    );
    const running = { node, engine, ports, services, soil };
    this.nodes.set(name, running);
    this.trace(`${name} starts, release ${release}`);
    return running;
  }

  #soilOf(node: Node, release: Release): Soil {
    return {
      node: node.name,
      release,
      now: () => node.now(),
      sleep: (ms) => this.scheduler.sleep(ms, node),
      deleteEntry: (account, position) =>
        this.network.request(node, `delete ${position}`, () => this.store.deleteEntry(account, position)),
    };
  }

  crash(name: string): void {
    const running = this.nodes.get(name);
    if (running === undefined) return;
    this.trace(`${name} crashes`);
    this.faults.count('crash');
    running.node.alive = false;
    this.nodes.delete(name);
    for (const wire of this.#wires) if (!wire.isOpen) this.#wires.delete(wire.broken());
  }

  unexpected(what: string, cause: unknown): void {
    if (isExpected(cause) || this.#isOfRemoved(cause)) return;
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : inWords(cause);
    new Violation(`${what}: ${text}`);
  }

  /** Who still holds a removed account finds nothing of it any more. */
  #isOfRemoved(cause: unknown): boolean {
    const { removed } = this.accounts;
    if (removed.length === 0 || !(cause instanceof Error)) return false;
    return cause instanceof ObjectGone || removed.some((id) => cause.message.includes(id));
  }

  /** A person's connection to one of the nodes. */
  connect(random: Random, to: 'imap' | 'pop3'): Wire | undefined {
    const running = random.pick([...this.nodes.values()]);
    if (running === undefined) return undefined;
    const wire = new Wire(this.scheduler, running.node, this.people);
    this.#wires.add(wire);
    void this.scheduler.by(running.node, () => running.services[to](wire));
    return wire;
  }

  pause(ms: number): Promise<void> {
    return this.scheduler.sleep(ms, this.people);
  }

  /** Lets time pass, and judges each step of it. */
  async pass(ms: number): Promise<void> {
    const until = this.scheduler.now + ms;
    while (await this.scheduler.step(until)) await this.judge();
    this.scheduler.now = Math.max(this.scheduler.now, until);
  }

  /** Does something as a node, now. */
  async as(owner: Owner, run: () => void): Promise<void> {
    await this.scheduler.as(owner, run);
    await this.judge();
  }

  async judge(): Promise<void> {
    for (const id of this.store.changed.keys()) await this.truths.get(id as AccountId)?.catchUp();
    const violation = seenViolation();
    if (violation !== undefined) throw violation;
    if (this.scheduler.events > mostEvents) throw new Violation('the run does not end');
  }

  /** Whatever this node holds must be what the log says. */
  async judgeState(account: Account): Promise<void> {
    const truth = this.truthOf(account.id);
    if (truth.removed) return;
    const state = await loadWhole(this.#everything, account.state);
    if (digestOf(state) !== digestOf(truth.stateAt(state.position)))
      throw new Violation(`a node holds another state at ${state.position} of ${account.id}`);
  }

  /** Some version of the account, from one length of its log to another, must have had just this in the mailbox. */
  judgeCache(id: AccountId, cache: MailCache, from: number, to: number): void {
    const truth = this.truthOf(id);
    if (truth.removed) return;
    let difference = '';
    for (let n = to; n >= from; n--) {
      difference = differenceOf(truth, n, cache);
      if (difference === '') return;
    }
    throw new Violation(`a client's copy is not what was there from ${from} to ${to}: ${difference}`);
  }

  /** What was found must be what some version of the account had, but for messages that others expunged meanwhile. */
  judgeSearch(id: AccountId, uidValidity: number, search: SearchedFor, from: number, to: number): void {
    const truth = this.truthOf(id);
    if (truth.removed) return;
    let difference = '';
    for (let n = to; n >= from; n--) {
      difference = searchDifference(truth, n, uidValidity, search, (email) => this.bytesOf(id, email));
      if (difference === '') return;
    }
    throw new Violation(`${search.key} found what was not there from ${from} to ${to}: ${difference}`);
  }

  /** The bytes under an email's key, whatever became of the message. */
  bytesOf(id: AccountId, email: string): Buffer | undefined {
    const bytes = this.store.ever(messageKey(id, email as never));
    return bytes && Buffer.from(bytes);
  }

  /** Every object that ever was, read without the network. */
  readonly #everything = {
    get: async (key: BlobKey, range?: ByteRange) => {
      const bytes = this.store.ever(key);
      return bytes && { size: bytes.length, body: bytes.subarray(range?.start ?? 0, range?.end) };
    },
  } as unknown as BlobStore;

  #judgeDeletion(key: BlobKey): void {
    const [, account] = key.split('/');
    const truth = this.truths.get(account as AccountId);
    if (truth === undefined || truth.removed) return;
    if (truth.needs(key, this.store.head(account as AccountId)?.manifest))
      throw new Violation(`the object ${key} was deleted, and is needed`);
  }
}
