/** Every command of the closed table, rightly and wrongly written, in every state of a session (RFC 9051 §3): a legal answer each time. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { commandNames } from '../../shared/imap/parse-command.ts';
import { sampleMessage } from './sample-message.ts';
import { openGround, type Person, password } from './test-server.ts';
import { WireClient } from './wire-client.ts';

type State = 'not authenticated' | 'authenticated' | 'selected' | 'examined';
const states: readonly State[] = ['not authenticated', 'authenticated', 'selected', 'examined'];

interface Sample {
  /** Where RFC 9051 §6 or the extension has the command. */
  readonly valid: readonly State[];
  /** A command that succeeds where it is valid, without its tag; what follows its line in the same packet behind CRLF. */
  readonly right: (person: Person) => string;
  /** No command, whatever the state; undefined where nothing about it can be wrong but its state. */
  readonly wrong: string;
  /** Untagged responses that are this command's own, besides status responses. */
  readonly tells?: RegExp;
  /** Answered NO: in the examined state, or in every one. */
  readonly no?: 'examined' | 'always';
  /** The state it leads to; its own where nothing is said. */
  readonly to?: State | 'logout';
}

const [notAuthenticated, authenticated, selected, examined] = states as [State, State, State, State];
const signedIn = [authenticated, selected, examined];
const onMessages = [selected, examined];

const at =
  (valid: readonly State[]) =>
  (right: string | Sample['right'], wrong: string, more: Partial<Sample> = {}): Sample => ({
    valid,
    right: typeof right === 'string' ? () => right : right,
    wrong,
    ...more,
  });
const always = at(states);
const before = at([notAuthenticated]);
const anyMailbox = at(signedIn);
const messages = at(onMessages);

const selectTells = /^\* (\d+ (EXISTS|RECENT)|FLAGS \()/;
const changes = /^\* \d+ (EXPUNGE|FETCH \()/;

const samples: Readonly<Record<string, Sample>> = {
  CAPABILITY: always('CAPABILITY', 'CAPABILITY x', { tells: /^\* CAPABILITY / }),
  NOOP: always('NOOP', 'NOOP x'),
  LOGOUT: always('LOGOUT', 'LOGOUT x', { to: 'logout' }),
  ID: always('ID ("a" NIL)', 'ID (a)', { tells: /^\* ID / }),
  STARTTLS: before('STARTTLS', 'STARTTLS x', { to: 'logout' }),
  AUTHENTICATE: before(
    ({ address }) => `AUTHENTICATE PLAIN ${Buffer.from(`\0${address}\0${password}`).toString('base64')}`,
    'AUTHENTICATE',
    { to: authenticated },
  ),
  LOGIN: before(({ address }) => `LOGIN ${address} ${password}`, 'LOGIN a', { to: authenticated }),
  ENABLE: anyMailbox('ENABLE CONDSTORE', 'ENABLE', { tells: /^\* ENABLED/ }),
  SELECT: anyMailbox('SELECT Sent', 'SELECT', { tells: selectTells, to: selected }),
  EXAMINE: anyMailbox('EXAMINE Sent', 'EXAMINE', { tells: selectTells, to: examined }),
  CREATE: anyMailbox('CREATE new', 'CREATE'),
  DELETE: anyMailbox('DELETE old', 'DELETE'),
  RENAME: anyMailbox('RENAME old newer', 'RENAME old'),
  SUBSCRIBE: anyMailbox('SUBSCRIBE old', 'SUBSCRIBE'),
  UNSUBSCRIBE: anyMailbox('UNSUBSCRIBE old', 'UNSUBSCRIBE (x)'),
  LIST: anyMailbox('LIST "" *', 'LIST ""', { tells: /^\* LIST / }),
  LSUB: anyMailbox('LSUB "" *', 'LSUB', { tells: /^\* LSUB / }),
  NAMESPACE: anyMailbox('NAMESPACE', 'NAMESPACE x', { tells: /^\* NAMESPACE / }),
  STATUS: anyMailbox('STATUS INBOX (MESSAGES)', 'STATUS INBOX', { tells: /^\* STATUS / }),
  APPEND: anyMailbox('APPEND Sent {5+}\r\nA: b\n', 'APPEND Sent (x) "now" {5+}\r\nA: b\n'),
  IDLE: anyMailbox('IDLE\r\nDONE', 'IDLE x'),
  GETQUOTA: anyMailbox('GETQUOTA ""', 'GETQUOTA', { tells: /^\* QUOTA / }),
  GETQUOTAROOT: anyMailbox('GETQUOTAROOT INBOX', 'GETQUOTAROOT', { tells: /^\* QUOTA(ROOT)? / }),
  SETQUOTA: anyMailbox('SETQUOTA "" (STORAGE 1)', 'SETQUOTA ""', { no: 'always' }),
  CHECK: messages('CHECK', 'CHECK x'),
  CLOSE: messages('CLOSE', 'CLOSE x', { to: authenticated }),
  UNSELECT: messages('UNSELECT', 'UNSELECT x', { to: authenticated }),
  EXPUNGE: messages('EXPUNGE', 'EXPUNGE 1', { tells: changes, no: 'examined' }),
  SEARCH: messages('SEARCH ALL', 'SEARCH', { tells: /^\* SEARCH( \d+)*$/ }),
  SORT: messages('SORT (DATE) UTF-8 ALL', 'SORT DATE', { tells: /^\* SORT( \d+)*$/ }),
  THREAD: messages('THREAD REFERENCES UTF-8 ALL', 'THREAD X UTF-8 ALL', { tells: /^\* THREAD/ }),
  FETCH: messages('FETCH 1:* FAST', 'FETCH 1', { tells: changes }),
  STORE: messages('STORE 1 +FLAGS (\\Flagged)', 'STORE 1 FLAG x', { tells: changes, no: 'examined' }),
  COPY: messages('COPY 1 Sent', 'COPY 1'),
  MOVE: messages('MOVE 1 Sent', 'MOVE x Sent', { tells: changes, no: 'examined' }),
  'UID EXPUNGE': messages('UID EXPUNGE 1', 'UID EXPUNGE', { tells: changes, no: 'examined' }),
  'UID SEARCH': messages('UID SEARCH ALL', 'UID SEARCH', { tells: /^\* SEARCH( \d+)*$/ }),
  'UID SORT': messages('UID SORT (DATE) UTF-8 ALL', 'UID SORT ()', { tells: /^\* SORT( \d+)*$/ }),
  'UID THREAD': messages('UID THREAD ORDEREDSUBJECT UTF-8 ALL', 'UID THREAD', { tells: /^\* THREAD/ }),
  'UID FETCH': messages('UID FETCH 1:* FLAGS', 'UID FETCH', { tells: changes }),
  'UID STORE': messages('UID STORE 2 -FLAGS \\Seen', 'UID STORE 1', { tells: changes, no: 'examined' }),
  'UID COPY': messages('UID COPY 1 Sent', 'UID COPY Sent'),
  'UID MOVE': messages('UID MOVE 1 Sent', 'UID MOVE 1', { tells: changes, no: 'examined' }),
};

const ground = await openGround();

async function open(t: TestContext, state: State): Promise<{ client: WireClient; person: Person }> {
  const person = await ground.person();
  await person.quota(1_000_000);
  await person.mailbox('old');
  await person.deliver('INBOX', sampleMessage(1), { flags: ['\\Deleted'] });
  await person.deliver('INBOX', sampleMessage(2));
  const server = await ground.server();
  t.after(() => server.close(0));
  const client = await WireClient.connect(server.listeners[0]!.port);
  t.after(() => client.close());
  await client.nextLine();
  if (state !== notAuthenticated) await client.command(`s1 LOGIN ${person.address} ${password}`);
  if (state === selected) await client.command('s2 SELECT INBOX');
  if (state === examined) await client.command('s2 EXAMINE INBOX');
  return { client, person };
}

/** The tagged answer's condition; untagged responses must be the command's own, or status responses. */
function conditionOf(lines: readonly string[], tells: RegExp | undefined): string {
  for (const line of lines.slice(0, -1))
    assert.ok(
      /^(\* OK |\* BYE |\+ )/.test(line) || tells?.test(line) || !line.startsWith('* '),
      `said unasked: ${line}`,
    );
  return lines.at(-1)!.split(' ')[1]!;
}

/** What the session's state is, as other commands show it. */
async function stateOf(client: WireClient): Promise<State> {
  const condition = async (command: string) => conditionOf(await client.command(command), /^\* NAMESPACE/);
  if ((await condition('p1 NAMESPACE')) === 'BAD') return notAuthenticated;
  if ((await condition('p2 CHECK')) === 'BAD') return authenticated;
  // An empty set changes nothing where anything may be changed at all.
  return (await condition('p3 UID STORE 4000000000 +FLAGS.SILENT (\\Seen)')) === 'NO' ? examined : selected;
}

test('every command that is understood has its sample here, and the other way round', () => {
  assert.deepEqual(Object.keys(samples).sort(), [...commandNames].sort());
});

for (const [name, sample] of Object.entries(samples))
  test(`${name} in every state`, async (t) => {
    for (const state of states) {
      const { client, person } = await open(t, state);
      const wrong = conditionOf(await client.command(`w ${sample.wrong}`), undefined);
      assert.equal(wrong, 'BAD', `${sample.wrong}, ${state}`);
      const right = conditionOf(await client.command(`r ${sample.right(person)}`), sample.tells);
      const valid = sample.valid.includes(state);
      const no = sample.no === 'always' || (sample.no === 'examined' && state === examined);
      assert.equal(right, valid ? (no ? 'NO' : 'OK') : 'BAD', `${name}, ${state}`);
      const next = valid ? (sample.to ?? state) : state;
      if (next !== 'logout') {
        // A line that is no command.
        if (!valid && name === 'IDLE') assert.equal((await client.nextLine())?.text.slice(0, 5), 'DONE ');
        assert.equal(await stateOf(client), next, `after ${name}, ${state}`);
      }
    }
  });

test('nothing is answered behind LOGOUT, whatever comes', async (t) => {
  const { client } = await open(t, selected);
  client.send(
    `l LOGOUT\r\n${Object.values(samples)
      .map(({ wrong }) => `x ${wrong}\r\n`)
      .join('')}`,
  );
  assert.match((await client.nextLine())!.text, /^\* BYE /);
  assert.match((await client.nextLine())!.text, /^l OK /);
  assert.equal(await client.nextLine(), undefined);
});
