import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogEvent } from './events.ts';
import { LineWriter } from './line-writer.ts';

export type { LogEvent } from './events.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What every line of one session, account or service carries. */
export interface LogFields {
  readonly service?: string;
  readonly session?: string;
  readonly account?: string;
  readonly remote?: string;
  readonly worker?: number;
}

/** Writes typed events. Never throws and never waits: a log that cannot be written is dropped, not queued without end. */
export interface Log {
  /** A log whose lines carry these fields too. Cheap enough for one a session. */
  with(fields: LogFields): Log;
  /** Whether `debug` writes anything: ask before building an event on a hot path. */
  readonly debugging: boolean;
  debug(event: LogEvent): void;
  info(event: LogEvent): void;
  warn(event: LogEvent, cause?: unknown): void;
  error(event: LogEvent, cause: unknown): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** Where lines go; standard error unless given. */
  readonly to?: DestinationStream;
  /** What every line carries. */
  readonly fields?: LogFields;
  /** Told of by another process. */
  readonly leaveOut?: LogEvent['event'];
}

/** What a cause looks like in a line: type, message, code and stack, and the causes below it, cut at four levels. */
export function describeCause(cause: unknown, depth = 0): Record<string, unknown> {
  if (!(cause instanceof Error)) return { message: String(cause).slice(0, 1000) };
  const { code } = cause as { code?: unknown };
  return {
    type: cause.name,
    message: cause.message.slice(0, 1000),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(depth === 0 && cause.stack ? { stack: cause.stack.slice(0, 4000) } : {}),
    ...(cause.cause !== undefined && depth < 3 ? { cause: describeCause(cause.cause, depth + 1) } : {}),
  };
}

/** Fields are kept until a line is written: one for each session, most of which write two. */
class LineLog implements Log {
  readonly #logger: Logger;
  readonly #fields: LogFields;

  constructor(logger: Logger, fields: LogFields = {}) {
    this.#logger = logger;
    this.#fields = fields;
  }

  with(fields: LogFields): Log {
    return new LineLog(this.#logger, { ...this.#fields, ...fields });
  }

  get debugging(): boolean {
    return this.#logger.isLevelEnabled('debug');
  }

  debug(event: LogEvent): void {
    this.#logger.debug(this.#line(event));
  }

  info(event: LogEvent): void {
    this.#logger.info(this.#line(event));
  }

  warn(event: LogEvent, cause?: unknown): void {
    this.#logger.warn(this.#line(event, cause));
  }

  error(event: LogEvent, cause: unknown): void {
    this.#logger.error(this.#line(event, cause));
  }

  #line(event: LogEvent, cause?: unknown): object {
    const line = { ...this.#fields, ...event };
    return cause === undefined ? line : { ...line, cause: describeCause(cause) };
  }
}

export interface OpenedLog extends Log {
  flush(): void;
  /** Writes whole lines that another process's log made, each with its line end. */
  relay(lines: string): void;
}

/**
 * JSON lines, `{"level":"info","time":"…","event":"…",…}`. Lines are written without waiting; past 4 MB that standard error
 * does not take, they are dropped. `flush` writes what is held at once, for the end of the process, where it can be.
 */
export function openLog(options: LogOptions): OpenedLog {
  const to = options.to ?? new LineWriter(2);
  const flush = () => {
    if (to instanceof LineWriter) to.flush();
  };
  // Also where the process ends without having come to say so.
  if (options.to === undefined) process.once('exit', flush);
  const logger = pino(
    {
      level: options.level,
      base: undefined,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod(args, write) {
          if ((args[0] as unknown as LogEvent).event !== options.leaveOut) write.apply(this, args);
        },
      },
    },
    to,
  );
  return Object.assign(new LineLog(logger, options.fields), {
    flush,
    relay: (lines: string) => void to.write(lines),
  });
}

/** Writes nothing; what tests and libraries get. */
export const silentLog: Log = {
  with: () => silentLog,
  debugging: false,
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

export interface LoggedEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: LogEvent;
  readonly cause: unknown;
}

/** Keeps events instead of writing them, for tests that assert what was logged. */
export function memoryLog(): Log & { readonly events: readonly LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const keep = (level: LoggedEvent['level']) => (event: LogEvent, cause?: unknown) =>
    void events.push({ level, event, cause });
  const log = {
    events,
    with: () => log,
    debugging: true,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
  return log;
}
