import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModSeq, SeqNum, Uid } from '../../shared/ids.ts';
import type { BodySectionItem, SectionOf } from '../../shared/imap/fetch-items.ts';
import { mailboxName } from '../../shared/imap/mailbox-name.ts';
import * as fetch from '../../shared/imap/responses/fetch.ts';
import { fetchFlagsLines } from '../../shared/imap/responses/flag-lines.ts';
import * as mailbox from '../../shared/imap/responses/mailbox.ts';
import * as search from '../../shared/imap/responses/search.ts';
import * as server from '../../shared/imap/responses/server.ts';
import {
  continuation,
  encodeFlags,
  type ResponseCode,
  statusLine,
} from '../../shared/imap/responses/status.ts';
import { rangesOf } from '../../shared/imap/sequence-set.ts';
import { flushAt, type ResponseText, ResponseWriter } from '../../shared/imap/writer.ts';
import type { Envelope, Part } from '../../shared/message/structure.ts';

function says(
  name: string,
  want: string,
  write: (w: ResponseWriter) => void,
  text: ResponseText = 'ascii',
): void {
  test(name, () => {
    const w = new ResponseWriter(text);
    write(w);
    assert.equal(Buffer.from(w.take()).toString(), want);
  });
}
const all = (pieces: Iterable<void>): void => {
  for (const _ of pieces);
};
const modSeq = (n: number) => n as ModSeq;

says('a tagged OK', 'a1 OK NOOP completed\r\n', (w) => statusLine(w, 'a1', 'OK', 'NOOP completed'));
says('an untagged BYE', '* BYE Good bye\r\n', (w) => statusLine(w, undefined, 'BYE', 'Good bye'));
says('text that a line cannot carry', '* NO a??b?\r\n', (w) => statusLine(w, undefined, 'NO', 'a\r\nbü'));
says('a status without text', 'a OK Done\r\n', (w) => statusLine(w, 'a', 'OK', ''));
says('a plain code', 'a OK [READ-WRITE] Selected\r\n', (w) =>
  statusLine(w, 'a', 'OK', 'Selected', 'READ-WRITE'),
);
says('a continuation', '+ idling\r\n', (w) => continuation(w, 'idling'));
says('an empty continuation', '+ \r\n', (w) => continuation(w));

const codes: readonly (readonly [ResponseCode, string])[] = [
  [{ code: 'TRYCREATE' }, 'TRYCREATE'],
  [{ code: 'UIDNEXT', number: 4392 }, 'UIDNEXT 4392'],
  [{ code: 'UIDVALIDITY', number: 3857529045 }, 'UIDVALIDITY 3857529045'],
  [{ code: 'UNSEEN', number: 12 }, 'UNSEEN 12'],
  [{ code: 'HIGHESTMODSEQ', modSeq: modSeq(715194045007) }, 'HIGHESTMODSEQ 715194045007'],
  [{ code: 'MODIFIED', set: rangesOf([7, 9]) }, 'MODIFIED 7,9'],
  [{ code: 'APPENDUID', uidValidity: 38505, uids: rangesOf([3955, 3956]) }, 'APPENDUID 38505 3955:3956'],
  [
    {
      code: 'COPYUID',
      uidValidity: 38505,
      from: rangesOf([304, 319, 320]),
      to: rangesOf([3956, 3957, 3958]),
    },
    'COPYUID 38505 304,319:320 3956:3958',
  ],
  [{ code: 'BADCHARSET', charsets: ['US-ASCII', 'UTF-8'] }, 'BADCHARSET (US-ASCII UTF-8)'],
  [{ code: 'CAPABILITY', capabilities: ['IMAP4rev1', 'IDLE'] }, 'CAPABILITY IMAP4rev1 IDLE'],
  [{ code: 'PERMANENTFLAGS', flags: ['\\seen', 'x', '\\*'] }, 'PERMANENTFLAGS (\\Seen x \\*)'],
  [{ code: 'MAILBOXID', id: 'F2212ea87' }, 'MAILBOXID (F2212ea87)'],
  [{ code: 'REFERRAL', url: 'imap://x/' }, 'REFERRAL imap://x/'],
];
for (const [code, want] of codes)
  says(`the code ${want}`, `a OK [${want}] x\r\n`, (w) => statusLine(w, 'a', 'OK', 'x', code));

says('CAPABILITY', '* CAPABILITY IMAP4rev2 IDLE\r\n', (w) => server.capabilityLine(w, ['IMAP4rev2', 'IDLE']));
says('ENABLED', '* ENABLED CONDSTORE\r\n', (w) => server.enabledLine(w, ['CONDSTORE']));
says('ENABLED nothing', '* ENABLED\r\n', (w) => server.enabledLine(w, []));
says('ID', '* ID ("name" "Restante" "version" NIL)\r\n', (w) =>
  server.idLine(w, [
    ['name', 'Restante'],
    ['version', undefined],
  ]),
);
says('ID NIL', '* ID NIL\r\n', (w) => server.idLine(w, undefined));
says('NAMESPACE', '* NAMESPACE (("" "/")) NIL ((Shared/ "/"))\r\n', (w) =>
  server.namespaceLine(w, [{ prefix: '' }], [], [{ prefix: 'Shared/' }]),
);
says('QUOTA', '* QUOTA "" (STORAGE 10 512 MESSAGE 3 100)\r\n', (w) =>
  server.quotaLine(w, '', [
    { name: 'STORAGE', usage: 10, limit: 512 },
    { name: 'MESSAGE', usage: 3, limit: 100 },
  ]),
);
says('QUOTAROOT', '* QUOTAROOT INBOX ""\r\n', (w) => server.quotaRootLine(w, 'INBOX', ['']));

const name = mailboxName('Entwürfe');
says('LIST', '* LIST (\\HasNoChildren \\Drafts) "/" Entw&APw-rfe\r\n', (w) =>
  mailbox.listLine(w, 'LIST', { name, attributes: ['\\HasNoChildren', '\\Drafts'] }),
);
says(
  'LIST in UTF-8',
  '* LIST () "/" "Entwürfe"\r\n',
  (w) => mailbox.listLine(w, 'LIST', { name, attributes: [] }),
  'utf8',
);
says(
  'LIST with CHILDINFO and OLDNAME',
  '* LIST (\\NonExistent) "/" "a b" ("CHILDINFO" ("SUBSCRIBED") "OLDNAME" (old))\r\n',
  (w) =>
    mailbox.listLine(w, 'LIST', {
      name: mailboxName('a b'),
      attributes: ['\\NonExistent'],
      childInfo: ['SUBSCRIBED'],
      oldName: mailboxName('old'),
    }),
);
says('LIST with OLDNAME', '* LIST () "/" a ("OLDNAME" (old))\r\n', (w) =>
  mailbox.listLine(w, 'LIST', { name: mailboxName('a'), attributes: [], oldName: mailboxName('old') }),
);
says('LSUB', '* LSUB (\\Noselect) "/" a\r\n', (w) =>
  mailbox.listLine(w, 'LSUB', { name: mailboxName('a'), attributes: ['\\Noselect'] }),
);
says('the separator', '* LIST (\\Noselect) "/" ""\r\n', (w) => mailbox.listSeparatorLine(w, 'LIST'));
says('STATUS', '* STATUS a (MESSAGES 231 UIDNEXT 44292 APPENDLIMIT NIL MAILBOXID (m1))\r\n', (w) =>
  mailbox.statusResponse(w, mailboxName('a'), ['messages', 'uidNext', 'unseen', 'appendLimit', 'mailboxId'], {
    messages: 231,
    uidNext: 44292,
    appendLimit: 'none',
    mailboxId: 'm1',
    size: 5,
  }),
);
says('FLAGS', '* FLAGS (\\Answered $Junk)\r\n', (w) => mailbox.flagsLine(w, ['\\Answered', '$Junk']));
says('EXISTS, RECENT and EXPUNGE', '* 23 EXISTS\r\n* 0 RECENT\r\n* 44 EXPUNGE\r\n', (w) => {
  mailbox.numberLine(w, 23, 'EXISTS');
  mailbox.numberLine(w, 0, 'RECENT');
  mailbox.numberLine(w, 44, 'EXPUNGE');
});
says('VANISHED', '* VANISHED 405,407:410\r\n', (w) =>
  all(mailbox.vanishedLines(w, 'now', rangesOf([405, 407, 408, 409, 410]))),
);
says('VANISHED (EARLIER)', '* VANISHED (EARLIER) 4\r\n', (w) =>
  all(mailbox.vanishedLines(w, 'earlier', rangesOf([4]))),
);
says('nothing vanished', '', (w) => all(mailbox.vanishedLines(w, 'now', [])));

says('SEARCH', '* SEARCH 2 84 882\r\n', (w) => all(search.numbersLine(w, 'SEARCH', [2, 84, 882])));
says('SEARCH that found nothing', '* SEARCH\r\n', (w) => all(search.numbersLine(w, 'SEARCH', [])));
says('SEARCH by mod-sequence', '* SEARCH 2 5 (MODSEQ 917162500)\r\n', (w) =>
  all(search.numbersLine(w, 'SEARCH', [2, 5], modSeq(917162500))),
);
says('SORT', '* SORT 5 3 4\r\n', (w) => all(search.numbersLine(w, 'SORT', [5, 3, 4])));
says('ESEARCH', '* ESEARCH (TAG "A285") UID MIN 7 MAX 3800 COUNT 3 ALL 7,3799:3800 MODSEQ 9\r\n', (w) =>
  all(
    search.esearchLine(w, {
      tag: 'A285',
      numbers: 'uid',
      min: 7,
      max: 3800,
      count: 3,
      all: rangesOf([7, 3799, 3800]),
      modSeq: modSeq(9),
    }),
  ),
);
says('ESEARCH that found nothing', '* ESEARCH (TAG "a") COUNT 0\r\n', (w) =>
  all(search.esearchLine(w, { tag: 'a', numbers: 'seq', count: 0, all: [] })),
);

const node = (id: number | undefined, ...children: search.ThreadNode[]): search.ThreadNode => ({
  id,
  children,
});
says('THREAD', '* THREAD (2)(3 6 (4 23)(44 7 96))\r\n', (w) =>
  all(search.threadLine(w, [node(2), node(3, node(6, node(4, node(23)), node(44, node(7, node(96)))))])),
);
says('THREAD without the parent', '* THREAD ((3)(5))\r\n', (w) =>
  all(search.threadLine(w, [node(undefined, node(3), node(5))])),
);
says('THREAD of nothing', '* THREAD\r\n', (w) => all(search.threadLine(w, [])));

test('threads may nest deeper than the stack', () => {
  let deep = node(1);
  for (let i = 0; i < 50_000; i++) deep = node(2, deep, node(3));
  const w = new ResponseWriter();
  all(search.threadLine(w, [deep]));
  const text = Buffer.from(w.take()).toString();
  assert.equal(text.split('(').length, text.split(')').length);
});

test('long answers pause for the socket', () => {
  const w = new ResponseWriter();
  const numbers = Array.from({ length: 100_000 }, (_, i) => i + 1);
  let text = '';
  for (const _ of search.numbersLine(w, 'SEARCH', numbers)) {
    assert.ok(w.length < flushAt + 100);
    text += Buffer.from(w.take()).toString();
  }
  text += Buffer.from(w.take()).toString();
  assert.equal(text, `* SEARCH ${numbers.join(' ')}\r\n`);
});

const seq = 12 as SeqNum;
says('FETCH of flags alone', '* 12 FETCH (FLAGS (\\Seen))\r\n', (w) =>
  fetchFlagsLines(w, {
    from: 1,
    to: 2,
    firstSeq: seq,
    uid: undefined,
    modSeq: undefined,
    flags: () => encodeFlags(['\\Seen']),
  }),
);
says(
  'FETCH of flags with UID and mod-sequence',
  '* 12 FETCH (UID 7 FLAGS () MODSEQ (65402))\r\n* 13 FETCH (UID 4294967295 FLAGS (\\Seen) MODSEQ (9007199254740991))\r\n',
  (w) =>
    fetchFlagsLines(w, {
      from: 0,
      to: 2,
      firstSeq: seq,
      uid: [7, 4294967295],
      modSeq: [65402, 9007199254740991],
      flags: (row) => encodeFlags(row === 0 ? [] : ['\\Seen']),
    }),
);
says(
  'FETCH of small items',
  '* 12 FETCH (RFC822.SIZE 4286 INTERNALDATE "17-Jul-1996 09:44:25 +0000" SAVEDATE NIL EMAILID (M1) THREADID (T1) PREVIEW "hi" BINARY.SIZE[1.2] 9)\r\n',
  (w) => {
    fetch.fetchOpen(w, seq);
    fetch.fetchSize(w, 4286);
    fetch.fetchInternalDate(w, Date.UTC(1996, 6, 17, 9, 44, 25));
    fetch.fetchSaveDate(w, undefined);
    fetch.fetchEmailId(w, 'M1');
    fetch.fetchThreadId(w, 'T1');
    fetch.fetchPreview(w, 'hi');
    fetch.fetchBinarySize(w, [1, 2], 9);
    fetch.fetchClose(w);
  },
);

const item = (part: number[], of: SectionOf, over: Partial<BodySectionItem> = {}): BodySectionItem => ({
  item: 'body',
  section: { part, of },
  partial: undefined,
  seen: 'set',
  answerAs: 'BODY',
  ...over,
});
for (const [given, want] of [
  [item([], { kind: 'whole' }), 'BODY[]'],
  [item([1, 2], { kind: 'whole' }, { partial: { offset: 5, count: 9 } }), 'BODY[1.2]<5>'],
  [item([1], { kind: 'mime' }), 'BODY[1.MIME]'],
  [item([], { kind: 'text' }), 'BODY[TEXT]'],
  [item([3], { kind: 'header' }), 'BODY[3.HEADER]'],
  [item([], { kind: 'fields', which: 'only', names: ['From', 'X Y'] }), 'BODY[HEADER.FIELDS (From "X Y")]'],
  [item([2], { kind: 'fields', which: 'except', names: ['To'] }), 'BODY[2.HEADER.FIELDS.NOT (To)]'],
  [item([], { kind: 'header' }, { answerAs: 'RFC822.HEADER' }), 'RFC822.HEADER'],
  [{ item: 'binary', part: [4], partial: { offset: 0, count: 1 }, seen: 'keep' }, 'BINARY[4]<0>'],
] as const)
  says(`the section ${want}`, `* 12 FETCH (${want} {2}\r\n)( UID 3)\r\n`, (w) => {
    fetch.fetchOpen(w, seq);
    fetch.fetchBody(w, given, Buffer.from(')('));
    fetch.fetchUid(w, 3 as Uid);
    fetch.fetchClose(w);
  });
says('a section that is not there', '* 12 FETCH (BODY[9] NIL)\r\n', (w) => {
  fetch.fetchOpen(w, seq);
  fetch.fetchBodyAnnounced(w, item([9], { kind: 'whole' }), undefined);
  fetch.fetchClose(w);
});
says('a body that holds NUL', '* 12 FETCH (BINARY[1] ~{1}\r\n\0)\r\n', (w) => {
  fetch.fetchOpen(w, seq);
  fetch.fetchBody(
    w,
    { item: 'binary', part: [1], partial: undefined, seen: 'set' },
    new Uint8Array(1),
    'binary',
  );
  fetch.fetchClose(w);
});

const terry = { name: 'Terry Gray', mailbox: 'gray', host: 'cac.washington.edu' };
const envelope: Envelope = {
  date: 'Wed, 17 Jul 1996 02:23:25 -0700',
  subject: 'Grüße',
  from: [terry],
  sender: [terry],
  replyTo: [terry],
  to: [
    { name: undefined, mailbox: 'friends', host: undefined },
    { name: 'Jürgen', mailbox: 'j', host: 'x' },
    { name: undefined, mailbox: undefined, host: undefined },
  ],
  cc: [],
  bcc: [],
  inReplyTo: undefined,
  messageId: '<1@x>',
};
const t = '(("Terry Gray" NIL "gray" "cac.washington.edu"))';
const envelopeText = (subject: string, jürgen: string) =>
  `("Wed, 17 Jul 1996 02:23:25 -0700" "${subject}" ${t} ${t} ${t} ((NIL NIL "friends" NIL)("${jürgen}" NIL "j" "x")(NIL NIL NIL NIL)) NIL NIL NIL "<1@x>")`;
const asciiEnvelope = envelopeText('=?UTF-8?B?R3LDvMOfZQ==?=', '=?UTF-8?Q?J=C3=BCrgen?=');
for (const [session, want] of [
  ['ascii', asciiEnvelope],
  ['utf8', envelopeText('Grüße', 'Jürgen')],
] as const)
  says(
    `ENVELOPE in ${session}`,
    `* 12 FETCH (ENVELOPE ${want})\r\n`,
    (w) => {
      fetch.fetchOpen(w, seq);
      fetch.fetchEnvelope(w, envelope);
      fetch.fetchClose(w);
    },
    session,
  );

const common = {
  parameters: [],
  id: undefined,
  description: undefined,
  encoding: '7bit',
  md5: undefined,
  disposition: undefined,
  language: [],
  location: undefined,
  headerStart: 0,
  bodyStart: 10,
  bodyEnd: 110,
  lines: 4,
};
const plainText: Part = {
  ...common,
  kind: 'leaf',
  type: 'text',
  subtype: 'plain',
  parameters: [['charset', 'utf-8']],
};
const image: Part = {
  ...common,
  kind: 'leaf',
  type: 'image',
  subtype: 'png',
  encoding: 'base64',
  id: '<i@x>',
  md5: 'abc',
  disposition: { type: 'attachment', parameters: [['filename', 'ü.png']] },
  language: ['en', 'de'],
  location: 'x',
};
const message: Part = {
  ...common,
  kind: 'message',
  type: 'message',
  subtype: 'rfc822',
  envelope,
  content: plainText,
};
const mixed: Part = {
  ...common,
  kind: 'multipart',
  type: 'multipart',
  subtype: 'mixed',
  parameters: [['boundary', 'b']],
  language: ['en'],
  parts: [plainText, image, message],
};
const shortText = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 100 4)';
const fullText = '("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 100 4 NIL NIL NIL NIL)';
for (const [form, part, want] of [
  ['short', plainText, shortText],
  ['full', plainText, fullText],
  ['short', image, '("image" "png" NIL "<i@x>" NIL "base64" 100)'],
  [
    'full',
    image,
    '("image" "png" NIL "<i@x>" NIL "base64" 100 "abc" ("attachment" ("filename" "=?UTF-8?B?w7wucG5n?=")) ("en" "de") "x")',
  ],
  ['short', message, `("message" "rfc822" NIL NIL NIL "7bit" 100 ${asciiEnvelope} ${shortText} 4)`],
  [
    'full',
    { ...mixed, parts: [plainText, message] },
    `(${fullText}("message" "rfc822" NIL NIL NIL "7bit" 100 ${asciiEnvelope} ${fullText} 4 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL "en" NIL)`,
  ],
  ['short', { ...mixed, parts: [plainText, plainText] }, `(${shortText}${shortText} "mixed")`],
  ['short', { ...mixed, parts: [] }, '(("text" "plain" NIL NIL NIL "7bit" 0 0) "mixed")'],
  [
    'short',
    { ...common, kind: 'leaf', type: 'message', subtype: 'rfc822' },
    '("message" "rfc822" NIL NIL NIL "7bit" 100 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" 0 0) 4)',
  ],
] as readonly (readonly ['short' | 'full', Part, string])[])
  says(
    `${form} structure of ${part.type}/${part.subtype}: ${want.length}`,
    `* 12 FETCH (${form === 'full' ? 'BODYSTRUCTURE' : 'BODY'} ${want})\r\n`,
    (w) => {
      fetch.fetchOpen(w, seq);
      fetch.fetchStructure(w, part, form);
      fetch.fetchClose(w);
    },
  );
