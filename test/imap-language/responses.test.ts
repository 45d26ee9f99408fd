import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModSeq } from '../../shared/ids.ts';
import { mailboxName } from '../../shared/imap/mailbox-name.ts';
import * as mailbox from '../../shared/imap/responses/mailbox.ts';
import * as search from '../../shared/imap/responses/search.ts';
import * as server from '../../shared/imap/responses/server.ts';
import { continuation, type ResponseCode, statusLine } from '../../shared/imap/responses/status.ts';
import { rangesOf } from '../../shared/imap/sequence-set.ts';
import { flushAt, ResponseWriter } from '../../shared/imap/writer.ts';
import { all, says } from './says.ts';

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
