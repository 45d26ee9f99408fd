import type { EngineParts } from '../../shared/engine/engine.ts';
import { systemEntropy } from '../../shared/ids.ts';
import type { AccountLog, AppendOutcome, AppendRequest } from '../../shared/ports/account-log.ts';

/** What becomes of an append; `append` is the log's own. */
export type AppendFate = (request: AppendRequest, append: AccountLog['append']) => Promise<AppendOutcome>;

export interface LogControl {
  /** Where appends go while it is set. */
  fate: AppendFate | undefined;
  /** Reads of the log. */
  reads: number;
}

const noAnswer: AppendOutcome = { kind: 'unknown', cause: 'no answer' };

/** What may have happened where no answer comes: the entry was never there, or it is. Whoever sends it again hears no more. */
export const lostRequest: AppendFate = async () => noAnswer;
export const lostAnswer: AppendFate = async (request, append) => {
  await append(request);
  return noAnswer;
};

/** Nothing was written, and that is known. */
export const refused: AppendFate = () => Promise.reject(new Error('the log is away'));

/** A log in the hands of a test, and what an engine needs for it: its clock jumps on where it waits, so that a command's time is soon over. */
export function controlledLog(log: AccountLog): {
  readonly control: LogControl;
  readonly parts: Pick<EngineParts, 'log' | 'entropy' | 'sleep'>;
} {
  const control: LogControl = { fate: undefined, reads: 0 };
  let ahead = 0;
  // The log has the real time: it is told how old the reader's tail is.
  const append: AccountLog['append'] = (request) =>
    log.append({ ...request, readAt: request.readAt - ahead });
  const controlled: AccountLog = {
    read(account, after) {
      control.reads++;
      return log.read(account, after);
    },
    append: (request) => control.fate?.(request, append) ?? append(request),
    readEnd: (id) => log.readEnd(id),
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
  };
  const parts = {
    log: controlled,
    entropy: { ...systemEntropy, now: () => Date.now() + ahead },
    sleep: async (ms: number) => {
      ahead += Math.ceil(ms);
    },
  };
  return { control, parts };
}
