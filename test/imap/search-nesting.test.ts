import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();
const account = await local.account();
await deliver(account, 'INBOX', [{ text: 'Subject: one\n\n' }, { text: 'Subject: two\n\nword\n' }]);

/** OR takes two keys (RFC 9051 §6.4.4): lists of alternatives stand in each other, and so do a thousand keys of any kind. */
const cases: readonly (readonly [name: string, criteria: string, found: string])[] = [
  ['alternatives, the last of which holds', `${'OR FROM nobody '.repeat(400)}SUBJECT two`, '2'],
  ['alternatives from the left', `${'OR '.repeat(400)}SUBJECT one${' FROM nobody'.repeat(400)}`, '1'],
  ['alternatives of which a body decides', `${'OR KEYWORD $No '.repeat(400)}BODY word`, '2'],
  ['alternatives of what does not hold', `${'OR NOT ALL '.repeat(332)}NOT SUBJECT one`, '2'],
  ['NOT', `${'NOT '.repeat(999)}SUBJECT one`, '2'],
  ['parentheses', `${'('.repeat(999)}SUBJECT one${')'.repeat(999)}`, '1'],
  ['lists in lists', `${'(ALL '.repeat(499)}SUBJECT one${')'.repeat(499)}`, '1'],
  ['NOT and OR', `${'NOT OR ALL '.repeat(332)}SUBJECT one`, ''],
];

for (const [name, criteria, found] of cases)
  test(`a thousand keys in each other are answered: ${name}`, async () =>
    assert.equal(
      (await new MessageSession(account).lines(`SEARCH ${criteria}`))[0],
      ['* SEARCH', found].filter(Boolean).join(' '),
    ));
