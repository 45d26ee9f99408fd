import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openGround, password } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';
import type { Asked } from '../support/aws-meter.ts';
import { MeteredAws } from '../support/metered-aws.ts';

const look: Asked['requests'] = { Query: 1 };
const write: Asked['requests'] = { PutItem: 1 };
const nothing: Asked['requests'] = {};

/** Each command with what it asks of DynamoDB and S3, in the order in which a client might give them. */
const session: readonly (readonly [command: string, asks: Asked['requests']])[] = [
  [`LOGIN NAME ${password}`, look],
  ['LIST "" "*" RETURN (STATUS (MESSAGES UNSEEN UIDNEXT))', nothing],
  ['STATUS INBOX (MESSAGES UNSEEN UIDNEXT UIDVALIDITY)', look],
  ['SELECT INBOX', look],
  ['FETCH 1:* (FLAGS UID INTERNALDATE RFC822.SIZE)', nothing],
  ['FETCH 1:* (ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])', nothing],
  ['UID SEARCH SUBJECT 7', nothing],
  ['FETCH 3 (BODY.PEEK[])', { GetObject: 1 }],
  ['FETCH 4 (BODY.PEEK[TEXT])', { GetObject: 1 }],
  ['FETCH 5:7 (BODY.PEEK[]<0.10>)', { GetObject: 3 }],
  ['FETCH 8 (BODY[])', { GetObject: 1, PutItem: 1 }],
  ['NOOP', look],
  ['CHECK', look],
  ['STORE 1:* +FLAGS (\\Flagged)', write],
  ['COPY 1:* Archive', write],
  ['STORE 1:10 +FLAGS.SILENT (\\Deleted)', write],
  ['EXPUNGE', write],
  ['MOVE 1:5 Trash', write],
  ['APPEND INBOX {19+}\r\nSubject: new\r\n\r\nx\r\n', { PutObject: 1, PutItem: 1 }],
  ['STATUS Archive (MESSAGES)', look],
  ['SELECT Archive', look],
  ['SELECT INBOX', look],
  ['LOGOUT', nothing],
];

test('each command of a session asks of AWS what it must, and nothing else', async (t) => {
  const aws = new MeteredAws(Date.now);
  const ground = await openGround({ ...aws.ports(), inlineBytes: 16 * 1024, recordCodec: 'zstd' });
  const person = await ground.person();
  for (let n = 1; n <= 20; n++)
    await person.deliver('INBOX', `From: a@example.test\r\nSubject: message ${n}\r\n\r\nThe text of it\r\n`);
  const server = await ground.server();
  t.after(() => server.close(0));
  const client = await WireClient.connect(server.listeners[0]!.port);
  t.after(() => client.close());
  await client.nextLine();
  for (const [i, [command, requests]] of session.entries()) {
    const asked = await aws.meter.asked(async () => {
      const answer = await client.command(`t${i} ${command.replace('NAME', person.address)}`);
      assert.match(answer.at(-1)!, /^t\d+ OK/, answer.join('\n'));
    });
    const { Query: looks = 0, PutItem: writes = 0 } = asked.requests;
    assert.deepEqual(asked.requests, requests, command);
    assert.deepEqual([asked.readUnits, asked.writeUnits], [looks, writes], command);
  }
});
