import type { AccountLog, AppendOutcome } from '../../shared/ports/account-log.ts';

/** A log with something around its appends. */
export const appending = (
  log: AccountLog,
  around: (append: () => Promise<AppendOutcome>) => Promise<AppendOutcome>,
): AccountLog => ({
  read: (id, after) => log.read(id, after),
  readEnd: (id) => log.readEnd(id),
  append: (request) => around(() => log.append(request)),
  moveHead: (id, head) => log.moveHead(id, head),
  trim: (id, upTo) => log.trim(id, upTo),
  drop: (id) => log.drop(id),
});

/** A log whose appends can be held back, all that come, until they are let go. */
export function heldBack(log: AccountLog) {
  let gate: PromiseWithResolvers<void> | undefined;
  let arrived: (() => void) | undefined;
  return {
    log: appending(log, async (append) => {
      arrived?.();
      await gate?.promise;
      return append();
    }),
    /** Resolves when one has come and waits. */
    hold: (): Promise<void> => {
      gate = Promise.withResolvers();
      return new Promise((resolve) => {
        arrived = resolve;
      });
    },
    letGo: (): void => {
      gate?.resolve();
      gate = undefined;
    },
  };
}
