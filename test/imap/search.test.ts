import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();
const day = 86_400;
const march = Date.UTC(2024, 2, 1) / 1000;

const texts = [
  `From: Ann <ann@example.org>
To: bob@example.com
Subject: =?utf-8?q?Stra=C3=9Fe?= and more
Date: Fri, 1 Mar 2024 23:30:00 -0500
Message-ID: <1@x>

The quick brown fox
`,
  `From: Bob <bob@example.com>
To: ann@example.org, carl@example.net
Cc: dora@example.net
Subject: Re: lunch
Date: Sat, 2 Mar 2024 10:00:00 +0000
Message-ID: <2@x>
References: <1@x>
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=utf-8

jumps over the la=
zy d=C3=B6g
`,
  `From: carl@example.net
Subject: Lunch
Message-ID: <3@x>
X-Priority: 1
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain
Content-Transfer-Encoding: base64

c2VjcmV0IHBsYW4=
--b
Content-Type: application/pdf
Content-Transfer-Encoding: base64

aGlkZGVu
--b--
`,
  'Subject: lunch\nMessage-ID: <4@x>\n\n',
];

const account = await local.account();
await deliver(
  account,
  'INBOX',
  texts.map((text, i) => ({
    text,
    internalDate: march + i * day,
    flags: [['\\Seen'], ['\\Seen', '$Work'], ['\\Deleted'], []][i]!,
  })),
);

const found = async (criteria: string, session = new MessageSession(account)): Promise<number[]> => {
  const [line, tagged] = await session.lines(`SEARCH ${criteria}`);
  assert.match(tagged!, /^a OK /, criteria);
  return line!.split(' ').slice(2).map(Number);
};

const cases: readonly (readonly [string, readonly number[]])[] = [
  ['ALL', [1, 2, 3, 4]],
  ['SEEN', [1, 2]],
  ['UNSEEN UNDELETED', [4]],
  ['NOT SEEN', [3, 4]],
  ['OR DELETED KEYWORD $work', [2, 3]],
  ['UNKEYWORD $Work', [1, 3, 4]],
  ['KEYWORD $Never', []],
  ['KEYWORD constructor', []],
  ['2:3', [2, 3]],
  ['NOT 2:3', [1, 4]],
  ['UID 3:*', [3, 4]],
  ['UID 9:*', [4]],
  ['*', [4]],
  ['3:99', [3, 4]],
  ['99', []],
  ['OR 1 UID 4', [1, 4]],
  ['FROM ANN', [1]],
  ['FROM "example.com"', [2]],
  ['TO carl', [2]],
  ['CC dora', [2]],
  ['BCC ""', []],
  ['SUBJECT STRASSE', [1]],
  ['SUBJECT "lunch"', [2, 3, 4]],
  ['HEADER X-Priority ""', [3]],
  ['HEADER References 1@', [2]],
  ['HEADER Subj ""', []],
  ['BODY fox', [1]],
  ['BODY "lazy dog"', []],
  ['BODY "lazy d"', [2]],
  ['BODY secret', [3]],
  ['BODY hidden', []],
  ['BODY lunch', []],
  ['TEXT lunch', [2, 3, 4]],
  ['TEXT "re: l"', [2]],
  ['OR BODY fox TEXT lunch', [1, 2, 3, 4]],
  ['NOT BODY fox', [2, 3, 4]],
  ['NOT (OR BODY fox SUBJECT lunch)', []],
  ['SEEN NOT BODY fox', [2]],
  ['OR (SEEN BODY quick) (DELETED BODY plan)', [1, 3]],
  ['BODY fox BODY brown', [1]],
  ['BODY fox BODY lazy', []],
  ['BEFORE 2-Mar-2024', [1]],
  ['ON 2-Mar-2024', [2]],
  ['SINCE 3-Mar-2024', [3, 4]],
  ['SENTON 1-Mar-2024', [1]],
  ['SENTBEFORE 3-Mar-2024', [1, 2]],
  ['SENTSINCE 3-Mar-2024', [3, 4]],
  ['SAVEDSINCE 3-Mar-2024', [1, 2, 3, 4]],
  ['SAVEDBEFORE 3-Mar-2024', []],
  ['SAVEDATESUPPORTED', [1, 2, 3, 4]],
  ['LARGER 100 SMALLER 250', [1]],
  ['SMALLER 100', [4]],
  ['OLDER 60', [1, 2, 3, 4]],
  ['YOUNGER 60', []],
  ['NEW', []],
  ['RECENT', []],
  ['OLD', [1, 2, 3, 4]],
];

for (const [criteria, numbers] of cases)
  test(`SEARCH ${criteria} finds ${numbers.join(' ') || 'nothing'}`, async () =>
    assert.deepEqual(await found(criteria), numbers));

test('strings beyond ASCII are compared folded, in the charset that was named', async () => {
  const session = new MessageSession(account);
  assert.equal(await session.run('SEARCH CHARSET UTF-8 BODY "D\u00d6G"'), '* SEARCH 2\r\na OK 1 found\r\n');
  assert.equal(
    await session.run('SEARCH CHARSET X-Klingon ALL'),
    'a NO [BADCHARSET (US-ASCII UTF-8)] Please send UTF-8\r\n',
  );
});

test('ids find their messages', async () => {
  const session = new MessageSession(account);
  const [line] = await session.lines('FETCH 2 (EMAILID THREADID)');
  const [, email, thread] = /EMAILID \((.*?)\) THREADID \((.*?)\)/.exec(line!)!;
  assert.deepEqual(await found(`EMAILID ${email}`), [2]);
  assert.deepEqual(await found(`THREADID ${thread}`), [1, 2]);
  assert.deepEqual(await found(`OR EMAILID nobody SEEN`), [1, 2]);
});

test('MODSEQ finds what changed, and the answer has the highest of them', async () => {
  const own = await local.account();
  await deliver(
    own,
    'INBOX',
    Array.from({ length: 3 }, () => ({ text: 'a: b\n\n' })),
  );
  const session = new MessageSession(own);
  const since = own.state.mailboxes.named('INBOX')!.highestModSeq;
  await session.run('STORE 3 +FLAGS.SILENT (\\Seen)');
  await session.run('STORE 2 +FLAGS.SILENT (\\Seen)');
  assert.deepEqual(await session.lines(`SEARCH MODSEQ ${since + 1}`), [
    `* OK [HIGHESTMODSEQ ${since + 2}] Highest`,
    `* SEARCH 2 3 (MODSEQ ${since + 2})`,
    'a OK 2 found',
  ]);
  assert.deepEqual(await session.lines(`SEARCH RETURN (MAX) MODSEQ ${since + 1}`), [
    `* ESEARCH (TAG "a") MAX 3 MODSEQ ${since + 1}`,
    'a OK 2 found',
  ]);
  assert.deepEqual(await session.lines(`SEARCH RETURN (COUNT MIN) MODSEQ ${since}`), [
    `* ESEARCH (TAG "a") MIN 1 COUNT 3 MODSEQ ${since + 2}`,
    'a OK 3 found',
  ]);
  assert.deepEqual(await session.lines(`SEARCH MODSEQ ${since + 9}`), ['* SEARCH', 'a OK 0 found']);
});

test('RETURN chooses what is told', async () => {
  const session = new MessageSession(account);
  const answer = async (command: string) => (await session.lines(command))[0];
  assert.equal(
    await answer('UID SEARCH RETURN (MIN MAX ALL COUNT) OR 1 3:4'),
    '* ESEARCH (TAG "a") UID MIN 1 MAX 4 COUNT 3 ALL 1,3:4',
  );
  assert.equal(await answer('SEARCH RETURN () SEEN'), '* ESEARCH (TAG "a") ALL 1:2');
  assert.equal(await answer('SEARCH RETURN (MIN) UNSEEN'), '* ESEARCH (TAG "a") MIN 3');
  assert.equal(await answer('SEARCH RETURN (MIN COUNT ALL) DRAFT'), '* ESEARCH (TAG "a") COUNT 0');
  session.enabled.rev2 = true;
  assert.equal(await answer('SEARCH SEEN'), '* ESEARCH (TAG "a") ALL 1:2');
});

test('SAVE keeps the result for $', async () => {
  const session = new MessageSession(account);
  assert.deepEqual(await session.lines('SEARCH RETURN (SAVE) UNSEEN'), ['a OK 2 found']);
  assert.deepEqual(await session.lines('FETCH $ UID'), [
    '* 3 FETCH (UID 3)',
    '* 4 FETCH (UID 4)',
    'a OK Fetched',
  ]);
  assert.deepEqual(await found('$ DELETED', session), [3]);
  assert.deepEqual(await found('NOT $', session), [1, 2]);
  assert.deepEqual(await found('UID $', session), [3, 4]);
  assert.equal(
    (await session.lines('UID SEARCH RETURN (SAVE MIN MAX) ALL'))[0],
    '* ESEARCH (TAG "a") UID MIN 1 MAX 4',
  );
  assert.deepEqual(await found('$', session), [1, 4]);
  assert.match(await session.run('SEARCH RETURN (SAVE) CHARSET X-Klingon ALL'), /^a NO /);
  assert.deepEqual(await found('$', session), []);
  assert.deepEqual(await session.lines('FETCH $ UID'), ['a OK Fetched']);
});

test('what others expunged is not found, and stays numbered until a command that may tell', async () => {
  const own = await local.account();
  await deliver(
    own,
    'INBOX',
    Array.from({ length: 3 }, () => ({ text: 'a: b\n\nword\n' })),
  );
  const session = new MessageSession(own);
  const other = new MessageSession(own);
  await session.run('SEARCH RETURN (SAVE) ALL');
  await other.run('STORE 2 FLAGS.SILENT (\\Deleted)');
  await other.run('EXPUNGE');
  await session.run('FETCH 1 UID');
  assert.deepEqual(await session.lines('SEARCH BODY word'), ['* SEARCH 1 3', 'a OK 2 found']);
  assert.deepEqual(await session.lines('UID SEARCH ALL'), ['* SEARCH 1 3', '* 2 EXPUNGE', 'a OK 2 found']);
  assert.deepEqual(await found('$', session), [1, 2]);
});

test('SORT orders by its keys, equal ones by number', async () => {
  const session = new MessageSession(account);
  const sorted = async (order: string, criteria = 'ALL') =>
    (await session.lines(`SORT (${order}) UTF-8 ${criteria}`))[0]!.slice(7);
  assert.equal(await sorted('SUBJECT'), '2 3 4 1');
  assert.equal(await sorted('REVERSE SUBJECT'), '1 2 3 4');
  assert.equal(await sorted('SUBJECT REVERSE ARRIVAL'), '4 3 2 1');
  assert.equal(await sorted('FROM'), '4 1 2 3');
  assert.equal(await sorted('DISPLAYFROM', 'NOT 4'), '1 2 3');
  assert.equal(await sorted('REVERSE DATE'), '4 3 2 1');
  assert.equal(await sorted('SIZE', 'SEEN'), '1 2');
  assert.equal(await sorted('ARRIVAL', 'DRAFT'), '');
  assert.equal(
    (await session.lines('UID SORT RETURN (ALL MIN COUNT) (REVERSE ARRIVAL) UTF-8 ALL'))[0],
    '* ESEARCH (TAG "a") UID MIN 4 COUNT 4 ALL 4,3,2,1',
  );
});

test('THREAD groups by references or by subject', async () => {
  const session = new MessageSession(account);
  assert.equal((await session.lines('THREAD REFERENCES UTF-8 ALL'))[0], '* THREAD (1 2)((3)(4))');
  assert.equal((await session.lines('UID THREAD ORDEREDSUBJECT UTF-8 ALL'))[0], '* THREAD (1)(2 (3)(4))');
  assert.equal((await session.lines('THREAD ORDEREDSUBJECT UTF-8 DRAFT'))[0], '* THREAD');
});
