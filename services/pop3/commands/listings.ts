import { packedIdBytes } from '../../../shared/engine/email-id-codec.ts';
import type { Drop, Maildrop } from '../maildrop.ts';
import { type Handler, type Outcome, okay, refuse, written } from '../session-state.ts';

/** Email ids asked for at once: an answer of any length is made in bounded memory. */
const idsAtOnce = 2048;

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
  for (const drop of maildrop) {
    client.writer.sizeListing(drop.number, drop.size);
    if (client.writer.full) await client.flush();
  }
  client.writer.end();
  return written;
};

/** UIDL, RFC 1939 §7: the email id (RFC 8474), which no other message of the account ever gets. */
export const uidl: Handler<'transaction', 'UIDL'> = async (client, { maildrop, hold }, { message }) => {
  if (message !== undefined) {
    const drop = maildrop.at(message);
    if (drop === undefined) return noSuchMessage;
    const [id] = await hold.account.emailIds([drop.message]);
    return okay(`${drop.number} ${id}`);
  }
  client.writer.ok(totals(maildrop));
  const batch: Drop[] = [];
  const write = async () => {
    const ids = await hold.account.packedIds(batch.map((drop) => drop.message));
    for (let i = 0; i < batch.length; i++) client.writer.idListing(batch[i]!.number, ids, i * packedIdBytes);
    batch.length = 0;
    if (client.writer.full) await client.flush();
  };
  for (const drop of maildrop) if (batch.push(drop) === idsAtOnce) await write();
  if (batch.length > 0) await write();
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
