import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkResponse } from './response-grammar.ts';
import { Ungrammatical } from './response-reader.ts';

const plain = '("text" "plain" NIL NIL NIL "7bit" 3 1)';
const address = '((NIL NIL "a" "b"))';
const envelope = `(NIL "s" ${address} ${address}${' NIL'.repeat(4)} NIL "<m>")`;

const legal = [
  '* OK [UIDNEXT 4] x',
  '* BYE x',
  'a1 NO [TRYCREATE] x',
  '+ ',
  '* 1 FETCH (FLAGS (\\Seen $Junk) UID 2)',
  '* 1 FETCH (BODY[HEADER.FIELDS (A B)]<0> {3}\r\nabc BODY[1.MIME] NIL)',
  '* 1 FETCH (BINARY[1] ~{3}\r\na\0c)',
  `* 1 FETCH (BODY (${plain}${plain} "mixed"))`,
  `* 1 FETCH (BODY ("message" "rfc822" NIL NIL NIL "7bit" 9 ${envelope} ${plain} 2))`,
  `* 1 FETCH (ENVELOPE ${envelope})`,
  '* LIST (\\HasChildren) "/" a ("CHILDINFO" ("SUBSCRIBED"))',
  '* STATUS "a b" (MESSAGES 1 MAILBOXID (M1))',
  '* SEARCH 1 2 (MODSEQ 3)',
  '* THREAD (1)(2 3 (4)(5))',
  '* ESEARCH (TAG "a") UID MIN 1 ALL 1,3:4',
  '* VANISHED (EARLIER) 1:2',
];
const broken = [
  '* OK [NOSUCHCODE] x',
  'a1 BYE x',
  '* 0 EXPUNGE',
  '* 1 FETCH ()',
  '* 1 FETCH (FLAGS (\\Seen ))',
  '* 1 FETCH (UID 1  FLAGS ())',
  '* 1 FETCH (BODY[] ~{3}\r\nabc)',
  '* 1 FETCH (BODY[] {3}\r\na\0c)',
  '* 1 FETCH (BODY[] {2}\r\nabc)',
  '* 1 FETCH (PREVIEW "\xc3\xa9")',
  '* 1 FETCH (PREVIEW "a\\b")',
  `* 1 FETCH (BODY (${plain} ${plain} "mixed"))`,
  '* 1 FETCH (BODY ("text" "plain" NIL NIL NIL "7bit" 3))',
  '* 1 FETCH (BODY ("text" "plain" () NIL NIL "7bit" 3 1))',
  '* 1 FETCH (BODY ("message" "rfc822" NIL NIL NIL "7bit" 9))',
  `* 1 FETCH (BODYSTRUCTURE ${plain})`,
  '* 1 FETCH (ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL))',
  '* LIST () "/" a b',
  '* STATUS a (MESSAGES)',
  '* SEARCH  1',
  '* THREAD (1',
  '* VANISHED 0',
  '* FROBNICATE',
];

for (const response of legal)
  test(`${JSON.stringify(response)} is a response`, () =>
    checkResponse(Buffer.from(`${response}\r\n`, 'latin1'), false));
for (const response of broken)
  test(`${JSON.stringify(response)} is none`, () =>
    assert.throws(() => checkResponse(Buffer.from(`${response}\r\n`, 'latin1'), false), Ungrammatical));
