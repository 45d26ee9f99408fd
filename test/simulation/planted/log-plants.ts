import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { decodeEntry, type Entry, encodeEntry } from '../../../shared/engine/entry.ts';
import { EntrySender } from '../../../shared/engine/entry-sender.ts';
import { decodeOperations, encodeOperations } from '../../../shared/engine/operation-codec.ts';
import type { LogPosition } from '../../../shared/ids.ts';
import type { LogTail, StoredEntry } from '../../../shared/ports/account-log.ts';
import { Network } from '../network.ts';
import { isNewerEntry, newerEntry, understoodEntry } from '../release.ts';
import { type Plant, withLog } from './plant.ts';

export const dropTheCondition: Plant = {
  name: 'drop the condition',
  within: 20,
  finds: /^entry \d+ of \w+ was written over$/,
  table: (client) => ({
    send: (command, options) => {
      if ((command as unknown) instanceof PutItemCommand)
        (command as PutItemCommand).input.ConditionExpression = undefined;
      return client.send(command, options);
    },
  }),
};

/** The embedded store writes at whatever number it is told to, without a look at the last one in its transaction. */
export const dropTheConditionOnSqlite: Plant = {
  name: 'drop the condition on SQLite',
  within: 20,
  finds: /^entry \d+ of \w+ was written over$/,
  store: 'embedded',
  writes: (right, db) => {
    const write = db.prepare('INSERT OR REPLACE INTO entries (account, position, bytes) VALUES (?, ?, ?)');
    return {
      ...right,
      append: ({ account, position, bytes, carried }) => {
        right.storeBlobs(carried);
        write.run(account, position, bytes);
        return { kind: 'done' };
      },
    };
  },
};

/** Folded entries go at once, and an append may follow a tail that was read long ago. */
export const reuseATrimmedNumber: Plant = {
  name: 'reuse a trimmed number',
  within: 1500,
  finds: /^entry \d+ of \w+ was written over$/,
  log: (log, { now }) =>
    withLog(log, {
      append: (request) => log.append({ ...request, readAt: now() }),
      moveHead: async (account, head) => {
        const moved = await log.moveHead(account, head);
        if (moved) await log.trim(account, head.position);
        return moved;
      },
    }),
};

/** Requests are signed by the services' time, as SDKs do after a first refusal: a clock that is far off goes unnoticed. */
export const correctTheClock: Plant = {
  name: "correct signatures to the service's time",
  within: 100,
  finds: /^entry \d+ was written by a clock that is minutes ahead$/,
  install: () => {
    const { inTwoLooks } = Network.prototype;
    Network.prototype.inTwoLooks = function (from, ...rest) {
      const corrected = Object.create(from, { now: { value: () => this.scheduler.now } });
      return inTwoLooks.call(this, corrected, ...(rest as never as [never, never, never])) as never;
    };
    return () => {
      Network.prototype.inTwoLooks = inTwoLooks;
    };
  },
};

export const noWritersId: Plant = {
  name: "no writer's id",
  within: 40,
  finds: /^proposal \d+ was acknowledged and is not in the log$/,
  entropy: ({ now, bytes }) => ({ now, bytes: (count) => (count === 8 ? new Uint8Array(8) : bytes(count)) }),
};

const nobody = '00'.repeat(8);

/** Deliveries that open nothing write entries that say of no writer: another's at the same number is taken for the own one. */
export const noWritersIdUnopened: Plant = {
  name: "no writer's id where nothing is opened",
  within: 100,
  finds: /^event-\d+\/\w+ was acknowledged and is nowhere$/,
  unopened: true,
  install: () => {
    const { send } = EntrySender.prototype;
    // Who knows the account has its proposals' numbers in each entry.
    const isUnopened = ({ operations }: Entry) => operations.every(({ kind }) => kind === 'append');
    EntrySender.prototype.send = function (sent, deadline) {
      const { entry } = sent;
      // What is sent again is the same object again.
      if (entry.writer === nobody || !isUnopened(entry)) return send.call(this, sent, deadline);
      const bytes = encodeEntry({ ...decodeEntry(entry.position, sent.bytes), writer: nobody });
      return send.call(this, { ...sent, entry: { ...entry, writer: nobody }, bytes }, deadline);
    };
    return () => {
      EntrySender.prototype.send = send;
    };
  },
};

/** A lost answer is taken for a lost race: what was wanted is decided again, beside what may have happened. */
export const retryByReDeciding: Plant = {
  name: 'retry by re-deciding',
  within: 40,
  finds: /^proposal \d+ is in the log twice$/,
  log: (log) =>
    withLog(log, {
      append: async (request) => {
        const outcome = await log.append(request);
        if (outcome.kind !== 'unknown') return outcome;
        const stranger = Uint8Array.from(request.bytes);
        stranger[2]! ^= 0xff;
        return { kind: 'taken', occupant: stranger };
      },
    }),
};

export const trimBeforeTheHeadMoves: Plant = {
  name: 'trim before the head moves',
  within: 40,
  finds: /^entry \d+ of \w+ was deleted, and is needed$/,
  log: (log, { deleteEntry }) =>
    withLog(log, {
      moveHead: async (account, head) => {
        for (let n = Math.max(1, head.position - 20); n < head.position; n++) await deleteEntry(account, n);
        return log.moveHead(account, head);
      },
    }),
};

/** One node is of a release that takes +FLAGS for FLAGS, and says so nowhere. */
export const changedRulesWithoutAVersion: Plant = {
  name: 'changed rules without a version',
  within: 40,
  finds:
    /^(a node holds another state at |the snapshot at \d+ is not what the log says$|a client's copy is not what was there .*has the flags )/,
  log: (log, { node }) =>
    withLog(log, {
      read: async (account, after): Promise<LogTail> => {
        const tail = await log.read(account, after);
        return node === 'n2' ? { ...tail, entries: tail.entries.map(misread) } : tail;
      },
    }),
};

function misread({ position, bytes }: StoredEntry): StoredEntry {
  const entry = decodeEntry(position as LogPosition, understoodEntry(bytes));
  if (entry.body.kind !== 'inline') return { position, bytes };
  const operations = decodeOperations(entry.body.bytes).map((operation) =>
    operation.kind === 'flags' && operation.mode === 'add'
      ? { ...operation, mode: 'replace' as const }
      : operation,
  );
  const body = { kind: 'inline' as const, bytes: encodeOperations(operations) };
  const other = encodeEntry({ ...entry, body });
  return { position, bytes: isNewerEntry(bytes) ? newerEntry(other) : other };
}
