import { ancestors } from '../../../shared/engine/apply-mailboxes.ts';
import type { List, ListSelection } from '../../../shared/imap/commands.ts';
import { canonicalPattern, compileListPattern } from '../../../shared/imap/list-match.ts';
import type { MailboxName } from '../../../shared/imap/mailbox-name.ts';
import {
  type ChildInfo,
  type ListedMailbox,
  listLine,
  listSeparatorLine,
  type MailboxAttribute,
  statusResponse,
} from '../../../shared/imap/responses/mailbox.ts';
import { flushAt } from '../../../shared/imap/writer.ts';
import { Turn } from '../../../shared/net/turn.ts';
import type { SessionHandler } from '../dispatch.ts';
import { attributesOf, ListedNames, sortNames } from '../listed-names.ts';
import type { In } from '../session-state.ts';
import { statusValues } from '../status-values.ts';
import { turnOnCondStore } from '../updates.ts';

/** More patterns than a person's client has mailboxes to name. */
const maxPatterns = 200;

type SignedIn = In<'authenticated'> | In<'selected'>;

/** LIST: RFC 9051 §6.3.9 with RFC 5258, RFC 5819 (STATUS) and RFC 6154 (SPECIAL-USE). */
export const list: SessionHandler<'list', 'authenticated' | 'selected'> = async (session, state, command) => {
  const { writer } = session;
  if (command.form === 'basic' && command.patterns[0] === '') {
    listSeparatorLine(writer, 'LIST');
    return { condition: 'OK', text: 'That is all' };
  }
  if (command.patterns.length > maxPatterns)
    return { condition: 'NO', code: { code: 'LIMIT' }, text: `At most ${maxPatterns} patterns` };
  if (command.status?.includes('highestModSeq'))
    turnOnCondStore(session, state.kind === 'selected' ? state.selected : undefined);
  const { mailboxes } = state.account.state;
  const turn = new Turn();
  for (const listed of listedBy(state, command)) {
    if (turn.isOver) await turn.pass();
    if (listed === undefined) continue;
    listLine(writer, 'LIST', listed);
    const mailbox = mailboxes.named(listed.name);
    if (command.status && mailbox)
      statusResponse(
        writer,
        listed.name,
        command.status,
        await statusValues(session, state, mailbox, command.status),
      );
    if (writer.length >= flushAt) await session.flush();
  }
  return { condition: 'OK', text: 'That is all' };
};

/** What is to be listed; undefined for each name that is passed over, which takes time too. */
function* listedBy({ account }: SignedIn, command: List): Generator<ListedMailbox | undefined> {
  const { subscriptions } = account.state;
  const names = new ListedNames(account.state);
  const matchers = command.patterns.map((pattern) =>
    compileListPattern(canonicalPattern(command.reference, pattern)),
  );
  const wanted = new Set(command.select);
  const isSelected = (name: string): boolean =>
    (!wanted.has('subscribed') || subscriptions.has(name)) &&
    (!wanted.has('specialUse') || names.mailboxes.get(name)?.specialUse !== undefined);
  const candidates = wanted.has('subscribed') ? [...names.sorted(), ...subscriptions] : names.sorted();
  const selecting = wanted.has('subscribed') || wanted.has('specialUse');
  const isMatched = (name: string): boolean => matchers.some((matches) => matches(name));
  const below = wanted.has('recursiveMatch') ? candidates.filter(isSelected) : [];
  const parents = parentsOf(below);
  const onlyParents = parentsOf(below.filter((name) => !isMatched(name)));
  for (const parent of onlyParents) candidates.push(parent);

  for (const name of selecting ? sortNames(new Set(candidates)) : candidates) {
    if (!(isSelected(name) || onlyParents.has(name)) || !isMatched(name)) {
      yield undefined;
      continue;
    }
    const attributes: MailboxAttribute[] = attributesOf(names, name, names.mailboxes.get(name), command.form);
    const sayIt = wanted.has('subscribed') || command.returns.includes('subscribed');
    if (sayIt && subscriptions.has(name)) attributes.push('\\Subscribed');
    const listed = { name: name as MailboxName, attributes };
    yield parents.has(name) ? { ...listed, childInfo: childInfoOf(wanted) } : listed;
  }
}

/**
 * RFC 5258 §3.5: with RECURSIVEMATCH a name says so where names below it are what was asked for. One that is not itself asked for is
 * listed only for those below it that no pattern brings into the answer (§5, example 9).
 */
const parentsOf = (names: readonly string[]): Set<string> => new Set(names.flatMap(ancestors));

function childInfoOf(wanted: ReadonlySet<ListSelection>): ChildInfo[] {
  const info: ChildInfo[] = [];
  if (wanted.has('subscribed')) info.push('SUBSCRIBED');
  if (wanted.has('specialUse')) info.push('SPECIAL-USE');
  return info;
}
