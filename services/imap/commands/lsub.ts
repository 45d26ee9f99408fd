import { ancestors } from '../../../shared/engine/apply-mailboxes.ts';
import { canonicalPattern, compileListPattern } from '../../../shared/imap/list-match.ts';
import type { MailboxName } from '../../../shared/imap/mailbox-name.ts';
import { listLine, listSeparatorLine } from '../../../shared/imap/responses/mailbox.ts';
import { flushAt } from '../../../shared/imap/writer.ts';
import { Turn } from '../../../shared/net/turn.ts';
import type { SessionHandler } from '../dispatch.ts';
import { attributesOf, ListedNames, sortNames } from '../listed-names.ts';

/** LSUB, RFC 3501 §6.3.9: with '%', a name above a subscribed one that does not match itself is listed as \Noselect. */
export const lsub: SessionHandler<'lsub', 'authenticated' | 'selected'> = async (
  session,
  { account },
  { reference, pattern },
) => {
  const { writer } = session;
  if (pattern === '') {
    listSeparatorLine(writer, 'LSUB');
    return { condition: 'OK', text: 'That is all' };
  }
  const { subscriptions } = account.state;
  const names = new ListedNames(account.state);
  const matches = compileListPattern(canonicalPattern(reference, pattern));
  const found = new Set<string>();
  const turn = new Turn();
  for (const name of subscriptions) {
    if (turn.isOver) await turn.pass();
    if (matches(name)) found.add(name);
    else if (pattern.includes('%')) for (const above of ancestors(name)) if (matches(above)) found.add(above);
  }
  for (const name of sortNames(found)) {
    const attributes = subscriptions.has(name)
      ? attributesOf(names, name, names.mailboxes.get(name)).filter((a) => a !== '\\NonExistent')
      : (['\\Noselect', '\\HasChildren'] as const);
    listLine(writer, 'LSUB', { name: name as MailboxName, attributes });
    if (writer.length >= flushAt) await session.flush();
  }
  return { condition: 'OK', text: 'That is all' };
};
