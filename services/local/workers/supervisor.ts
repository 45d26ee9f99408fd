import { err, ok, type Result } from '../../../shared/result.ts';
import type { Log } from '../../../shared/telemetry/log.ts';
import type { Processes, StartedProcess } from '../context.ts';
import type { DrainTimes } from '../drain.ts';
import type { Exchange } from './exchange.ts';
import { countersOf, sumPages } from './merge-metrics.ts';
import type { Figures, FromWorker, OpenPort, WorkerOrders } from './news.ts';
import { Restarts } from './restarts.ts';

/** A worker that is not ready by then is killed, and counts as ended. */
const startLimitMs = 60_000;
/** Beyond what clients are given: for what is under way in the store. */
const stopMarginMs = 10_000;
/** For an answer with figures; a worker that is too busy is left out. */
const figuresLimitMs = 2_000;

export interface SupervisorParts {
  readonly workers: number;
  readonly processes: Processes;
  readonly orders: Omit<WorkerOrders, 'worker'>;
  readonly exchange: Exchange;
  readonly log: Log & { relay(lines: string): void };
  /** Called where one after the other ended; the reason in a line. */
  readonly giveUp: (message: string) => void;
}

interface Worker {
  readonly number: number;
  readonly process: StartedProcess;
  readonly startedAt: number;
  state: 'starting' | 'ready';
  /** Why it cannot start, as it said before it ended. */
  failure: string | undefined;
  /** What it last told of itself. */
  page: string;
  /** Who waits for its answer. */
  readonly figures: Set<(figures: Figures | undefined) => void>;
}

/** The processes that serve clients: starts them, replaces those that end, and ends them. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #running = new Map<number, Worker>();
  readonly #restarts = new Restarts();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Once all are to end. */
  #stopping: DrainTimes | undefined;
  /** While the server starts, the end of a worker is the end of all. */
  #starting:
    | { readonly ready: (ports: readonly OpenPort[]) => void; readonly failed: (why: string) => void }
    | undefined;
  #pastCounters = '';
  #replaced = 0;

  private constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  /** Resolves when all are ready, with the ports that they share; the error is why one cannot start, and none is running then. */
  static async start(
    parts: SupervisorParts,
  ): Promise<Result<{ readonly supervisor: Supervisor; readonly ports: readonly OpenPort[] }, string>> {
    const supervisor = new Supervisor(parts);
    const outcome = await new Promise<Result<readonly OpenPort[], string>>((resolve) => {
      let ready = 0;
      supervisor.#starting = {
        ready: (ports) => ++ready === parts.workers && resolve(ok(ports)),
        failed: (why) => resolve(err(why)),
      };
      for (let number = 1; number <= parts.workers; number++) supervisor.#startWorker(number);
    });
    supervisor.#starting = undefined;
    if (outcome.ok) return ok({ supervisor, ports: outcome.value });
    await supervisor.stop({ noticeMs: 0, graceMs: 0 });
    return outcome;
  }

  /** Workers that serve now. */
  get ready(): number {
    return [...this.#running.values()].filter(({ state }) => state === 'ready').length;
  }

  /** Asks all to read the certificate again. */
  reload(): void {
    for (const { process } of this.#running.values()) process.send({ kind: 'reload' });
  }

  /** Sums over this process's own and all workers', those that have ended included where they count. */
  async figures(own: Figures): Promise<Figures> {
    const all = await Promise.all([...this.#running.values()].map((worker) => this.#figuresOf(worker)));
    const known = all.filter((figures) => figures !== undefined);
    return {
      rss: known.reduce((sum, { rss }) => sum + rss, own.rss),
      page: sumPages([own.page, this.#page(), this.#pastCounters, ...known.map(({ page }) => page)]),
    };
  }

  /** Lets all end, and kills who has not by the time that clients have and some seconds. Resolves when all are gone. */
  async stop(times: DrainTimes): Promise<void> {
    this.#stopping = times;
    for (const timer of this.#timers) clearTimeout(timer);
    const running = [...this.#running.values()];
    for (const { process } of running) process.send({ kind: 'stop', times });
    const timer = setTimeout(
      () => {
        for (const worker of this.#running.values()) this.#kill(worker);
      },
      times.noticeMs + times.graceMs + stopMarginMs,
    );
    await Promise.all(running.map(({ process }) => process.ended));
    clearTimeout(timer);
  }

  #page(): string {
    const line = (name: string, type: string, help: string, value: number) =>
      `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
    return (
      line('restante_workers_ready', 'gauge', 'Processes that serve clients', this.ready) +
      line(
        'restante_workers_replaced_total',
        'counter',
        'Processes that ended and were replaced',
        this.#replaced,
      )
    );
  }

  #startWorker(number: number): void {
    const { processes, log } = this.#parts;
    const process = processes.start();
    const worker: Worker = {
      number,
      process,
      startedAt: performance.now(),
      state: 'starting',
      failure: undefined,
      page: '',
      figures: new Set(),
    };
    this.#running.set(number, worker);
    process.onLines((lines) => log.relay(lines));
    process.onMessage((message) => this.#take(worker, message));
    const late = this.#after(startLimitMs, () => worker.state === 'starting' && this.#kill(worker));
    void process.ended.then(({ code, signal }) => {
      clearTimeout(late);
      this.#timers.delete(late);
      this.#ended(worker, code, signal);
    });
  }

  #take(worker: Worker, message: FromWorker): void {
    const { exchange, orders, log } = this.#parts;
    const { number, process } = worker;
    switch (message.kind) {
      case 'hello':
        // What was sent before it listened is lost.
        if (this.#stopping) {
          process.send({ kind: 'stop', times: this.#stopping });
          return;
        }
        process.send({ kind: 'orders', orders: { ...orders, worker: number } });
        exchange.join(number, (news, sent) => process.send({ kind: 'news', news }, sent));
        return;
      case 'ready': {
        worker.state = 'ready';
        const ms = Math.round(performance.now() - worker.startedAt);
        log.info({ event: 'worker.ready', worker: number, pid: process.pid, ms });
        this.#starting?.ready(message.ports);
        return;
      }
      case 'failed':
        worker.failure = message.message;
        this.#starting?.failed(message.message);
        return;
      case 'news':
        exchange.tell(number, message.news);
        return;
      case 'figures':
        worker.page = message.figures.page;
        for (const answer of [...worker.figures]) answer(message.figures);
    }
  }

  #ended(worker: Worker, code: number | null, signal: string | null): void {
    const { number, process } = worker;
    const { exchange, log, giveUp } = this.#parts;
    exchange.leave(number);
    this.#running.delete(number);
    for (const answer of [...worker.figures]) answer(undefined);
    this.#pastCounters = sumPages([this.#pastCounters, countersOf(worker.page)]);
    if (this.#stopping) return;
    const how = worker.failure ?? (signal === null ? `exit code ${code}` : signal);
    const again = this.#starting ? 'tooMany' : this.#restarts.ended(performance.now() - worker.startedAt);
    const againInMs = again === 'tooMany' ? null : again;
    log.error(
      { event: 'worker.ended', worker: number, pid: process.pid, code, signal, againInMs },
      worker.failure,
    );
    if (this.#starting) this.#starting.failed(`a worker ended while it started (${how})`);
    else if (againInMs === null) giveUp(`workers end again and again, the last one: ${how}`);
    else
      this.#after(againInMs, () => {
        this.#replaced++;
        this.#startWorker(number);
      });
  }

  #figuresOf(worker: Worker): Promise<Figures | undefined> {
    if (worker.state !== 'ready') return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const answer = (figures: Figures | undefined) => {
        clearTimeout(timer);
        this.#timers.delete(timer);
        worker.figures.delete(answer);
        resolve(figures);
      };
      const timer = this.#after(figuresLimitMs, () => answer(undefined));
      worker.figures.add(answer);
      // One question at a time: its answer is for all who ask meanwhile.
      if (worker.figures.size === 1) worker.process.send({ kind: 'figures' });
    });
  }

  #kill({ number, process }: Worker): void {
    this.#parts.log.error({ event: 'worker.stuck', worker: number, pid: process.pid }, undefined);
    process.kill();
  }

  #after(ms: number, then: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
