import type { CommandKind } from '../../shared/imap/commands.ts';
import type { SessionEnd } from '../../shared/telemetry/events.ts';
import { append } from './commands/append.ts';
import { authenticate } from './commands/authenticate.ts';
import { close, unselect } from './commands/close.ts';
import { copy, move } from './commands/copy-move.ts';
import { enable } from './commands/enable.ts';
import { expunge } from './commands/expunge.ts';
import { fetch } from './commands/fetch.ts';
import { idle } from './commands/idle.ts';
import { list } from './commands/list.ts';
import { login } from './commands/login.ts';
import { lsub } from './commands/lsub.ts';
import { createMailbox, deleteMailbox, renameMailbox, subscribe, unsubscribe } from './commands/mailboxes.ts';
import { getQuota, getQuotaRoot, setQuota } from './commands/quota.ts';
import { search } from './commands/search.ts';
import { select } from './commands/select.ts';
import { capability, check, id, logout, namespace, noop } from './commands/session.ts';
import { sort } from './commands/sort.ts';
import { startTls } from './commands/start-tls.ts';
import { status } from './commands/status.ts';
import { store } from './commands/store.ts';
import { thread } from './commands/thread.ts';
import type { ImapSession } from './session.ts';
import type { CommandOf, In, Outcome, SelectedHandler, StateKind } from './session-state.ts';

/** What a command of the session may come to, beyond the outcomes of all commands. */
export type SessionOutcome =
  | FinalOutcome
  /** The command is read to its end, with so many octets of messages; its outcome comes while the next ones are read. */
  | { readonly condition: 'late'; readonly octets: number; readonly outcome: Promise<FinalOutcome> };

/** What a command comes to at last. */
export type FinalOutcome =
  | Outcome
  /** The tagged answer is sent. */
  | { readonly condition: 'answered' }
  /** BYE without a tagged answer, and the end of the connection. */
  | { readonly condition: 'bye'; readonly text: string; readonly end: SessionEnd };

/** What metrics and the log call it. */
export const outcomeNames = {
  OK: 'ok',
  NO: 'no',
  BAD: 'bad',
  answered: 'ok',
  bye: 'none',
  unsettled: 'none',
} as const satisfies Record<FinalOutcome['condition'], string>;

/** A command that may change the session itself. */
export type SessionHandler<K extends CommandKind, S extends StateKind> = (
  session: ImapSession,
  state: In<S>,
  command: CommandOf<K>,
) => Promise<SessionOutcome>;

interface Spec<K extends CommandKind> {
  readonly states: ReadonlySet<StateKind>;
  readonly run: (session: ImapSession, state: never, command: CommandOf<K>) => Promise<SessionOutcome>;
}

const spec =
  <S extends StateKind>(...states: readonly S[]) =>
  <K extends CommandKind>(run: SessionHandler<K, S>): Spec<K> => ({ states: new Set(states), run });

const anyTime = spec('notAuthenticated', 'authenticated', 'selected');
const beforeSignIn = spec('notAuthenticated');
const signedIn = spec('authenticated', 'selected');
const whileSelected = spec('selected');
const onMessages = <K extends CommandKind>(handler: SelectedHandler<K>): Spec<K> =>
  whileSelected<K>(async (session, state, command) =>
    // Flags and messages of a rebuilt account have other numbers than this session's view.
    state.selected.messages.isCurrent ? handler(session, state, command) : accountRebuilt,
  );

const accountRebuilt: SessionOutcome = {
  condition: 'NO',
  code: { code: 'NONEXISTENT' },
  text: 'The account was rebuilt',
};

/** Every command, and the states in which it is valid (RFC 9051 §6). */
const table: { readonly [K in CommandKind]: Spec<K> } = {
  capability: anyTime(capability),
  noop: anyTime(noop),
  logout: anyTime(logout),
  id: anyTime(id),
  startTls: beforeSignIn(startTls),
  authenticate: beforeSignIn(authenticate),
  login: beforeSignIn(login),
  enable: signedIn(enable),
  select: signedIn(select),
  create: signedIn(createMailbox),
  delete: signedIn(deleteMailbox),
  rename: signedIn(renameMailbox),
  subscribe: signedIn(subscribe),
  unsubscribe: signedIn(unsubscribe),
  list: signedIn(list),
  lsub: signedIn(lsub),
  namespace: signedIn(namespace),
  status: signedIn(status),
  append: signedIn(append),
  idle: signedIn(idle),
  getQuota: signedIn(getQuota),
  getQuotaRoot: signedIn(getQuotaRoot),
  setQuota: signedIn(setQuota),
  check: whileSelected(check),
  close: whileSelected(close),
  unselect: whileSelected(unselect),
  expunge: onMessages(expunge),
  search: onMessages(search),
  sort: onMessages(sort),
  thread: onMessages(thread),
  fetch: onMessages(fetch),
  store: onMessages(store),
  copy: onMessages(copy),
  move: onMessages(move),
};

const refusals: Record<StateKind, string> = {
  notAuthenticated: 'Sign in first',
  authenticated: 'Select a mailbox first',
  selected: 'Not possible any more: the session is signed in',
  logout: 'The session has ended',
};

/** Runs a command where the session's state permits it (RFC 9051 §3: BAD or NO elsewhere; here BAD). */
export async function dispatch<K extends CommandKind>(
  session: ImapSession,
  command: CommandOf<K> & { readonly kind: K },
): Promise<SessionOutcome> {
  const { states, run } = table[command.kind] as Spec<K>;
  const { state } = session;
  if (states.has(state.kind)) return run(session, state as never, command);
  const signedInAlready = state.kind === 'authenticated' && !states.has('selected');
  return { condition: 'BAD', text: signedInAlready ? refusals.selected : refusals[state.kind] };
}
