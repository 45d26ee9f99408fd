import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { authorRefusal } from '../../services/submission/author.ts';
import type { AccountRecord, Domain } from '../../shared/ports/directory.ts';
import { contents, type Town, town } from '../inbound/harness.ts';
import { letter, sessionOf, submissionIn } from './by-hand.ts';

let here: Town;
let anna: AccountRecord;
const others = ['victim.test', 'xn--mnchen-3ya.test'];
before(async () => {
  here = await town();
  anna = here.people.accounts.get('anna@example.org')!;
});

/** The town, and domains of another tenant. */
const directory = () => ({
  accountByAddress: here.people.accountByAddress,
  alias: here.people.alias,
  domain: async (name: string) =>
    others.includes(name) || name === 'm\u00fcnchen.test'
      ? ({ name, tenant: 'other', createdAt: 0 } as Domain)
      : here.people.domain(name),
});
const refused = async (header: string) =>
  (await authorRefusal(directory(), anna, Buffer.from(header)))?.message;

for (const header of [
  'From: Anna <ANNA@example.org>\r\n',
  'From: anna+shop@example.org\r\n',
  'From: both@example.org\r\n',
  'From: someone@elsewhere.test\r\nSender: anna@example.org\r\n',
  'From: "boss@victim.test" <anna@example.org>\r\n',
  'From: nothing at all\r\n',
  'From: news@lists.example.org\r\n',
  'From: =?utf-8?q?=4Cee=40victim=2Etest?= <anna@example.org>\r\n',
  'From:\r\n',
  'Subject: none\r\n',
  'To: boss@victim.test\r\nReply-To: boss@victim.test\r\n',
])
  test(`goes out: ${JSON.stringify(header)}`, async () => assert.equal(await refused(header), undefined));

for (const header of [
  'From: Boss <boss@victim.test>\r\n',
  'from : Boss\r\n <BOSS@Victim.Test>\r\n',
  'From: boss@victim.test.\r\n',
  'From: anna@example.org, boss@victim.test\r\n',
  'From: us: anna@example.org, boss@victim.test;\r\n',
  'From: anna@example.org\r\nFrom: boss@victim.test\r\n',
  'From: anna@example.org\r\nSender: boss@victim.test\r\n',
  'From: =?utf-8?q?The_Boss?= <boss@victim.test>\r\n',
  'From: boss@=?utf-8?q?victim.test?=\r\n',
  'From: "the boss"@victim.test\r\n',
  'From: boss (hi) @ victim . test\r\n',
  'From: <@relay.test:boss@victim.test>\r\n',
  'From: boss@m\u00fcnchen.test\r\n',
  'From: boss@xn--mnchen-3ya.test\r\n',
  'From: boss@mail.victim.test\r\n',
  'From: boss@mail_1.victim.test\r\n',
  'From: boss@x-.victim.test\r\n',
  'From: Boss <""@victim.test>\r\n',
  'From: bob@example.org\r\n',
  'From: nobody@example.org\r\n',
])
  test(`does not go out: ${JSON.stringify(header)}`, async () =>
    assert.match((await refused(header)) ?? 'it goes out', /^5\.7\.1 From or Sender names \S+@\S+, which/));

test('a message with very many authors is refused after few questions', async () => {
  const many = Array.from({ length: 5000 }, (_, i) => `a${i}@example.org`).join(', ');
  assert.match((await refused(`From: ${many}\r\n`)) ?? '', /^5\.7\.1 From and Sender name more than 20/);
});

test('what is refused, or has a header that cannot be looked at, goes nowhere', async () => {
  const submission = submissionIn(here);
  for (const [header, code] of [
    ['From: nobody@example.org\r\n', '5.7.1'],
    [`From: anna@example.org\r\nX: ${`${'x'.repeat(900)}\r\n `.repeat(1200)}x\r\n`, '5.3.4'],
  ] as const) {
    const sent = await letter(submission, sessionOf(here, 'anna'), 'bob@example.org');
    sent.write(header);
    // What comes together is looked at together.
    await turn();
    sent.write('Subject: x\r\n\r\nbody\r\n');
    sent.end();
    assert.equal((await sent.reply)?.enhancedCode, code);
  }
  assert.deepEqual(await contents(here.bob), []);
});

test('where the directory cannot be asked the client is to come again', async () => {
  const people = Object.assign(Object.create(here.people), { domain: here.people.domain });
  const submission = submissionIn({ ...here, people });
  const sent = await letter(submission, sessionOf(here, 'anna'), 'bob@example.org');
  people.domain = async () => {
    throw new Error('no answer');
  };
  sent.write('From: someone@elsewhere.test\r\n\r\n');
  sent.end();
  assert.equal((await sent.reply)?.responseCode, 451);
});
