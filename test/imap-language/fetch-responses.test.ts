import { describe } from 'node:test';
import type { SeqNum, Uid } from '../../shared/ids.ts';
import type { BodySectionItem, SectionOf } from '../../shared/imap/fetch-items.ts';
import * as fetch from '../../shared/imap/responses/fetch.ts';
import { fetchFlagsLines } from '../../shared/imap/responses/flag-lines.ts';
import { encodeFlags } from '../../shared/imap/responses/status.ts';
import type { Envelope, Part } from '../../shared/message/structure.ts';
import { says } from './says.ts';

describe('answers to FETCH', () => {
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
});
