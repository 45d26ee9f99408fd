import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAppendRest, parseCommand } from '../../shared/imap/parse-command.ts';

const crlf = '\r\n';
const ranges = (...pairs: [number, number][]) => ({
  kind: 'ranges',
  ranges: pairs.map(([first, last]) => ({ first, last })),
});
const one = ranges([1, 1]);
const star = Number.POSITIVE_INFINITY;

/** What a line after its tag means. */
const valid: readonly (readonly [line: string, body: object])[] = [
  ['CAPABILITY', { kind: 'capability' }],
  ['noop', { kind: 'noop' }],
  ['NOOP  ', { kind: 'noop' }],
  ['Logout', { kind: 'logout' }],
  ['STARTTLS', { kind: 'startTls' }],
  ['NAMESPACE', { kind: 'namespace' }],
  ['IDLE', { kind: 'idle' }],
  ['CHECK', { kind: 'check' }],
  ['CLOSE', { kind: 'close' }],
  ['UNSELECT', { kind: 'unselect' }],

  ['AUTHENTICATE plain', { kind: 'authenticate', mechanism: 'PLAIN', initialResponse: undefined }],
  ['AUTHENTICATE PLAIN =', { kind: 'authenticate', mechanism: 'PLAIN', initialResponse: new Uint8Array(0) }],
  [
    'AUTHENTICATE PLAIN AGEAYg==',
    { kind: 'authenticate', mechanism: 'PLAIN', initialResponse: Buffer.from('\0a\0b') },
  ],
  ['LOGIN alice secret', { kind: 'login', user: 'alice', password: 'secret' }],
  ['LOGIN "a b" "q\\"\\\\"', { kind: 'login', user: 'a b', password: 'q"\\' }],
  ['LOGIN "DOMAIN\\user" p%*{ss', { kind: 'login', user: 'DOMAIN\\user', password: 'p%*{ss' }],
  [`LOGIN {5}${crlf}alice {6+}${crlf}pa${crlf}ss`, { kind: 'login', user: 'alice', password: 'pa\r\nss' }],
  ['LOGIN jürgen ""', { kind: 'login', user: 'jürgen', password: '' }],
  ['ENABLE CONDSTORE x-Nonsense', { kind: 'enable', capabilities: ['CONDSTORE', 'X-NONSENSE'] }],
  ['ENABLE UTF8=ACCEPT', { kind: 'enable', capabilities: ['UTF8=ACCEPT'] }],
  ['ID NIL', { kind: 'id', fields: undefined }],
  [
    'ID ("name" "Mutt" "version" NIL)',
    {
      kind: 'id',
      fields: [
        ['name', 'Mutt'],
        ['version', undefined],
      ],
    },
  ],
  ['ID ()', { kind: 'id', fields: [] }],

  ['SELECT inbox', select('INBOX')],
  ['SELECT Inbox/Sub', select('INBOX/Sub')],
  ['EXAMINE "a b"', select('a b', { access: 'readOnly' })],
  ['SELECT "Entw&APw-rfe"', select('Entwürfe')],
  ['SELECT "Entwürfe"', select('Entwürfe')],
  ['SELECT "e\u0301"', select('\u00e9')],
  ['SELECT R&D', select('R&D')],
  ['SELECT a]b', select('a]b')],
  ['SELECT ""', select('')],
  ['SELECT x (CONDSTORE)', select('x', { condStore: 'wanted' })],
  [
    'SELECT x (QRESYNC (67890007 90060115194045000))',
    select('x', {
      condStore: 'wanted',
      qresync: {
        uidValidity: 67890007,
        modSeq: Number.MAX_SAFE_INTEGER,
        knownUids: undefined,
        match: undefined,
      },
    }),
  ],
  [
    'select x (condstore qresync (1 20 41:211,5 (1,2 6:7)))',
    select('x', {
      condStore: 'wanted',
      qresync: {
        uidValidity: 1,
        modSeq: 20,
        knownUids: ranges([41, 211], [5, 5]).ranges,
        match: { sequence: ranges([1, 1], [2, 2]).ranges, uids: ranges([6, 7]).ranges },
      },
    }),
  ],
  ['CREATE a/b/', { kind: 'create', mailbox: 'a/b', specialUse: [] }],
  ['CREATE a (USE (\\sent \\Drafts))', { kind: 'create', mailbox: 'a', specialUse: ['\\Sent', '\\Drafts'] }],
  ['DELETE a', { kind: 'delete', mailbox: 'a' }],
  ['SUBSCRIBE a', { kind: 'subscribe', mailbox: 'a' }],
  ['UNSUBSCRIBE a', { kind: 'unsubscribe', mailbox: 'a' }],
  ['RENAME INBOX old/', { kind: 'rename', from: 'INBOX', to: 'old' }],
  ['LIST "" ""', list([''])],
  ['LIST "" *', list(['*'])],
  ['LIST foo %/x*', list(['%/x*'], { reference: 'foo' })],
  ['LIST "" "&APw-*"', list(['ü*'])],
  [
    'LIST (SUBSCRIBED recursivematch) "" (a "b%")',
    list(['a', 'b%'], { form: 'extended', select: ['subscribed', 'recursiveMatch'] }),
  ],
  ['LIST () "" a', list(['a'], { form: 'extended' })],
  [
    'LIST "" % RETURN (CHILDREN SUBSCRIBED SPECIAL-USE STATUS (MESSAGES unseen))',
    list(['%'], {
      form: 'extended',
      returns: ['children', 'subscribed', 'specialUse'],
      status: ['messages', 'unseen'],
    }),
  ],
  [
    'LIST (SPECIAL-USE REMOTE) "" * RETURN ()',
    list(['*'], { form: 'extended', select: ['specialUse', 'remote'] }),
  ],
  ['LSUB "" "*"', { kind: 'lsub', reference: '', pattern: '*' }],
  [
    'STATUS a (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE RECENT HIGHESTMODSEQ APPENDLIMIT MAILBOXID MESSAGES)',
    {
      kind: 'status',
      mailbox: 'a',
      items: [
        'messages',
        'uidNext',
        'uidValidity',
        'unseen',
        'deleted',
        'size',
        'recent',
        'highestModSeq',
        'appendLimit',
        'mailboxId',
      ],
    },
  ],
  ['GETQUOTA ""', { kind: 'getQuota', root: '' }],
  ['GETQUOTAROOT inbox', { kind: 'getQuotaRoot', mailbox: 'INBOX' }],
  [
    'SETQUOTA "" (storage 512 MESSAGE 3)',
    {
      kind: 'setQuota',
      root: '',
      limits: [
        ['STORAGE', 512],
        ['MESSAGE', 3],
      ],
    },
  ],

  ['APPEND a {10}', append({ size: 10 })],
  [
    'APPEND a (\\seen $Forwarded \\Recent \\SEEN) {10+}',
    append({ flags: ['\\Seen', '$Forwarded'], size: 10 }),
  ],
  [
    'APPEND a () "17-Jul-1996 02:44:25 -0700" ~{3+}',
    append({ internalDate: 837596665000, size: 3, content: 'binary' }),
  ],
  [
    'APPEND a " 7-Jul-1996 02:44:25 +0000" {3}',
    append({ internalDate: Date.UTC(1996, 6, 7, 2, 44, 25), size: 3 }),
  ],
  ['APPEND a UTF8 (~{3}', append({ size: 3, content: 'utf8' })],
  [`APPEND {1}${crlf}a {3}`, append({ size: 3 })],

  ['EXPUNGE', { kind: 'expunge', uids: undefined }],
  ['UID EXPUNGE 3:*', { kind: 'expunge', uids: ranges([3, star]) }],
  ['COPY 1 inbox', { kind: 'copy', numbers: 'seq', set: one, mailbox: 'INBOX' }],
  ['uid copy $ a', { kind: 'copy', numbers: 'uid', set: { kind: 'saved' }, mailbox: 'a' }],
  ['MOVE *:2,4 a', { kind: 'move', numbers: 'seq', set: ranges([2, star], [4, 4]), mailbox: 'a' }],
  ['UID MOVE 9:4 a', { kind: 'move', numbers: 'uid', set: ranges([4, 9]), mailbox: 'a' }],
  ['STORE 1 FLAGS ()', store({ action: 'replace', flags: [] })],
  ['STORE 1 +Flags \\seen', store({ action: 'add', flags: ['\\Seen'] })],
  ['STORE 1 +FLAGS(\\Seen)', store({ action: 'add', flags: ['\\Seen'] })],
  [
    'UID STORE 1 -flags.silent \\Deleted Junk',
    store({ numbers: 'uid', action: 'remove', answer: 'silent', flags: ['\\Deleted', 'Junk'] }),
  ],
  [
    'STORE 1 (UNCHANGEDSINCE 0) FLAGS.SILENT (a b A)',
    store({ action: 'replace', answer: 'silent', flags: ['a', 'b'], unchangedSince: 0 }),
  ],
];

function select(mailbox: string, over: object = {}) {
  return { kind: 'select', access: 'readWrite', mailbox, condStore: 'unspoken', qresync: undefined, ...over };
}
function list(patterns: string[], over: object = {}) {
  return {
    kind: 'list',
    form: 'basic',
    reference: '',
    patterns,
    select: [],
    returns: [],
    status: undefined,
    ...over,
  };
}
function append(over: object) {
  return {
    kind: 'append',
    mailbox: 'a',
    message: { flags: [], internalDate: undefined, content: 'text', ...over },
  };
}
function store(over: object) {
  return { kind: 'store', numbers: 'seq', set: one, answer: 'report', unchangedSince: undefined, ...over };
}

for (const [line, body] of valid)
  test(`reads ${JSON.stringify(line)}`, () => {
    const parsed = parseCommand(Buffer.from(`a1 ${line}`));
    assert.deepEqual(parsed, { ok: true, value: { ...body, tag: 'a1' } });
  });

test('a password that is not UTF-8 is taken as Latin-1', () => {
  const parsed = parseCommand(Buffer.from('a LOGIN x "\xe4"', 'latin1'));
  assert.deepEqual(parsed, { ok: true, value: { tag: 'a', kind: 'login', user: 'x', password: 'ä' } });
});

test('in UTF-8 names an ampersand is itself', () => {
  const parsed = parseCommand(Buffer.from('a DELETE "&APw-"'), 'utf8');
  assert.deepEqual(parsed, { ok: true, value: { tag: 'a', kind: 'delete', mailbox: '&APw-' } });
});

const text = { flags: [], internalDate: undefined, size: 1, content: 'text' } as const;
test('APPEND ends, or goes on with the next message', () => {
  assert.deepEqual(parseAppendRest(Buffer.from(''), text), { ok: true, value: undefined });
  assert.deepEqual(parseAppendRest(Buffer.from(' '), text), { ok: true, value: undefined });
  assert.deepEqual(parseAppendRest(Buffer.from(' (\\Seen) {7}'), text), {
    ok: true,
    value: { ...text, flags: ['\\Seen'], size: 7 },
  });
  assert.deepEqual(parseAppendRest(Buffer.from(') {7+}'), { ...text, content: 'utf8' }), {
    ok: true,
    value: { ...text, size: 7 },
  });
  assert.equal(parseAppendRest(Buffer.from(''), { ...text, content: 'utf8' }).ok, false);
  assert.equal(parseAppendRest(Buffer.from('x'), text).ok, false);
  assert.equal(parseAppendRest(Buffer.from(' x'), text).ok, false);
});
