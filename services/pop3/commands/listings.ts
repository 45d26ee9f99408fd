import { packedIdBytes } from '../../../shared/engine/email-id-codec.ts';
import { Turn } from '../../../shared/net/turn.ts';
import { idBatches } from '../id-batches.ts';
import type { Maildrop } from '../maildrop.ts';
import { type Handler, type Outcome, okay, refuse, written } from '../session-state.ts';
import { unreadable } from '../unreadable.ts';

export const noSuchMessage: Outcome = refuse('There is no such message');

function totals({ count, octets }: Maildrop): string {
  return `${count} messages (${octets} octets)`;
}

/** STAT, RFC 1939 §5. */
export const stat: Handler<'transaction', 'STAT'> = (_client, { maildrop }) =>
  okay(`${maildrop.count} ${maildrop.octets}`);

/** LIST, RFC 1939 §5. */
export const list: Handler<'transaction', 'LIST'> = async (client, { maildrop }, { message }) => {
  if (message !== undefined) {
    const drop = maildrop.at(message);
    return drop === undefined ? noSuchMessage : okay(`${drop.number} ${drop.size}`);
  }
  client.writer.ok(totals(maildrop));
  const turn = new Turn();
  for (const drop of maildrop) {
    client.writer.sizeListing(drop.number, drop.size);
    if (!client.writer.full) continue;
    await client.flush();
    if (turn.isOver) await turn.pass();
  }
  client.writer.end();
  return written;
};

/** UIDL, RFC 1939 §7: the email id (RFC 8474), which no other message of the account ever gets. */
export const uidl: Handler<'transaction', 'UIDL'> = async (client, state, { message }) => {
  const { maildrop } = state;
  if (message !== undefined) {
    const drop = maildrop.at(message);
    if (drop === undefined) return noSuchMessage;
    try {
      const [id] = await state.messages.emailIds([drop.message]);
      return okay(`${drop.number} ${id}`);
    } catch (cause) {
      return unreadable(client, state, drop, cause);
    }
  }
  // The first are read before anything is said: what cannot be read then has an answer that says so.
  const batches = idBatches(state);
  let next: Awaited<ReturnType<typeof batches.next>>;
  try {
    next = await batches.next();
  } catch (cause) {
    return unreadable(client, state, undefined, cause);
  }
  client.writer.ok(totals(maildrop));
  for (; !next.done; next = await batches.next()) {
    const { drops, ids } = next.value;
    for (const [i, drop] of drops.entries()) client.writer.idListing(drop.number, ids, i * packedIdBytes);
    if (client.writer.full) await client.flush();
  }
  client.writer.end();
  return written;
};

/** DELE, RFC 1939 §5: marks only; QUIT deletes. */
export const dele: Handler<'transaction', 'DELE'> = (_client, { maildrop }, { message }) => {
  const drop = maildrop.at(message);
  if (drop === undefined) return noSuchMessage;
  maildrop.delete(drop);
  return okay(`Message ${message} is marked as deleted`);
};

/** RSET, RFC 1939 §5. */
export const rset: Handler<'transaction', 'RSET'> = (_client, { maildrop }) => {
  maildrop.reset();
  return okay(totals(maildrop));
};
