import { ok } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { type CommandContext, type CommandOutcome, failed } from './context.ts';
import { describeCause } from './describe-mail-error.ts';
import type { DrainTimes } from './drain.ts';

/** A process that has not ended by then, past what clients were given, has something that does not end. Nothing acknowledged is lost by cutting it short. */
const lastResortMs = 15_000;

export interface Stop {
  /** Resolves when the server is to stop: with no error where somebody asked for it. */
  readonly asked: Promise<CommandOutcome>;
  /** To be called where it makes no sense to go on, with the reason in a line. */
  readonly giveUp: (message: string) => void;
  /** To be called where the store has failed for good. */
  readonly storeFailed: (cause: unknown) => void;
  /** The server has stopped. */
  end(): void;
}

/**
 * Waits for SIGINT or SIGTERM, of which a second one ends the process at once. What nobody caught is logged and ends it
 * too: after a bug the memory cannot be trusted, and the data folder does not depend on a clean end.
 */
export function awaitStop(
  context: CommandContext,
  log: Log & { flush(): void },
  { noticeMs, graceMs }: DrainTimes,
): Stop {
  const asked = Promise.withResolvers<CommandOutcome>();
  let stoppingSince: number | undefined;
  let lastResort: NodeJS.Timeout | undefined;

  const begin = (outcome: CommandOutcome): void => {
    stoppingSince ??= performance.now();
    lastResort ??= setTimeout(
      () => quit(1, 'stopping', new Error('the end took too long')),
      noticeMs + graceMs + lastResortMs,
    );
    lastResort.unref();
    asked.resolve(outcome);
  };
  const quit = (code: number, where: string, cause: unknown): void => {
    log.error({ event: 'process.fault', where }, cause);
    log.flush();
    context.exit(code);
  };
  const endSignals = context.onSignal((signal) => {
    if (stoppingSince !== undefined) {
      log.flush();
      context.exit(1);
    }
    log.info({ event: 'process.stopping', signal });
    begin(ok(undefined));
  });
  const endFaults = context.onFault((cause, where) => quit(1, where, cause));

  return {
    asked: asked.promise,
    giveUp: (message) => begin(failed(message)),
    storeFailed(cause) {
      log.error({ event: 'store.fault', store: 'embedded', operation: 'write' }, cause);
      begin(failed(`the store has failed: ${describeCause(cause)}`));
    },
    end() {
      clearTimeout(lastResort);
      endSignals();
      endFaults();
      if (stoppingSince === undefined) return;
      log.info({ event: 'process.stopped', ms: Math.round(performance.now() - stoppingSince) });
    },
  };
}
