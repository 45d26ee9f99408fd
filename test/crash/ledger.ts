import type { ImapFlow } from 'imapflow';
import { openImap } from '../clients/imap-session.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';
import { messageOf } from './message.ts';
import type { LaneState, MailboxModel } from './model.ts';

/** What a mailbox has said of itself up to now, and may never take back. */
interface Promises {
  uidValidity: bigint;
  uidNext: number;
  highestModSeq: bigint;
  readonly tokens: Map<number, string>;
  readonly modSeqs: Map<number, bigint>;
  /** Messages up to here have been read whole. */
  readUpTo: number;
}

/** Reads mailboxes after each restart, and holds them to what they ever said: identity, UIDs, mod-sequences, octets. */
export class Ledger {
  readonly #promises = new Map<string, Promises>();
  messages = 0;
  bodies = 0;

  /** The mailboxes of an account as they are. `whole` reads every message's octets again, not only those of new ones. Throws where a promise is broken. */
  async read(
    server: ServerProcess,
    account: TestAccount,
    mailboxes: readonly string[],
    whole: boolean,
  ): Promise<LaneState> {
    const client = await openImap(server, account);
    try {
      const found = new Map<string, MailboxModel>();
      for (const name of mailboxes) found.set(name, await this.#mailbox(client, account, name, whole));
      return found;
    } finally {
      await client.logout();
    }
  }

  async #mailbox(
    client: ImapFlow,
    account: TestAccount,
    name: string,
    whole: boolean,
  ): Promise<MailboxModel> {
    const what = `${account.address} ${name}`;
    const opened = await client.mailboxOpen(name);
    const said = {
      uidValidity: opened.uidValidity,
      uidNext: opened.uidNext,
      highestModSeq: opened.highestModseq ?? 0n,
    };
    const before = this.#promises.get(what) ?? {
      ...said,
      tokens: new Map(),
      modSeqs: new Map(),
      readUpTo: 0,
    };
    if (said.uidValidity !== before.uidValidity) throw new Error(`${what}: another UIDVALIDITY`);
    if (said.uidNext < before.uidNext) throw new Error(`${what}: UIDNEXT went back`);
    if (said.highestModSeq < before.highestModSeq) throw new Error(`${what}: HIGHESTMODSEQ went back`);
    this.#promises.set(what, Object.assign(before, said));

    const messages: [number, { token: string; flags: string[] }][] = [];
    const query = { uid: true, flags: true, envelope: true };
    if (opened.exists > 0)
      for (const { uid, flags, envelope, modseq = 0n } of await client.fetchAll('1:*', query)) {
        const token = envelope?.subject ?? '';
        const meant = before.tokens.get(uid) ?? token;
        if (meant !== token) throw new Error(`${what}: UID ${uid} is ${token} and was ${meant}`);
        if (uid >= said.uidNext) throw new Error(`${what}: UID ${uid} is not below UIDNEXT`);
        const last = before.modSeqs.get(uid) ?? 1n;
        if (modseq < last || modseq > said.highestModSeq)
          throw new Error(
            `${what}: UID ${uid} has mod-sequence ${modseq}, after ${last}, below ${said.highestModSeq}`,
          );
        before.tokens.set(uid, token);
        before.modSeqs.set(uid, modseq);
        // Which session is told of \Recent is not among the promises.
        messages.push([uid, { token, flags: [...(flags ?? [])].filter((flag) => flag !== '\\Recent') }]);
      }
    const uids = messages.map(([uid]) => uid);
    if (uids.length !== opened.exists)
      throw new Error(`${what}: ${uids.length} of ${opened.exists} messages`);
    this.messages += uids.length;
    await this.#readBodies(
      client,
      what,
      uids.filter((uid) => whole || uid > before.readUpTo),
      before.tokens,
    );
    before.readUpTo = said.uidNext - 1;
    return { uidNext: said.uidNext, messages: new Map(messages) };
  }

  async #readBodies(
    client: ImapFlow,
    what: string,
    uids: readonly number[],
    tokens: ReadonlyMap<number, string>,
  ) {
    for (let at = 0; at < uids.length; at += 50) {
      const some = uids.slice(at, at + 50);
      const fetched = await client.fetchAll(some.join(','), { uid: true, source: true }, { uid: true });
      if (fetched.length !== some.length)
        throw new Error(`${what}: ${fetched.length} of ${some.length} bodies`);
      for (const { uid, source = Buffer.alloc(0) } of fetched) {
        const sent = messageOf(tokens.get(uid) ?? '');
        // A delivery has trace fields before it.
        if (!source.subarray(-sent.length).equals(sent))
          throw new Error(`${what}: UID ${uid} has other octets`);
        this.bodies++;
      }
    }
  }
}
