import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { completeHeader, submitted } from '../../services/submission/submitted-message.ts';

const options = { hostname: 'mail.example.org', now: 0 };
const complete = (block: string) => Buffer.from(completeHeader(Buffer.from(block), options)).toString();
const whole = 'Date: x\r\nMessage-ID: <a@b>\r\nSubject: hi\r\n';

test('a complete header stays as it is', () => assert.equal(complete(whole), whole));

test('Bcc goes, folded, in any case, wherever it stands', () =>
  assert.equal(complete(`BCC: a@b,\r\n c@d\r\n${whole}Resent-Bcc:\r\nX: y\r\n`), `${whole}X: y\r\n`));

test('Date and Message-ID are added where they are missing', () =>
  assert.match(
    complete('Subject: hi\r\n'),
    /^Date: Thu, 1 Jan 1970 00:00:00 \+0000\r\nMessage-ID: <[\w-]{20}@mail.example.org>\r\nSubject: hi\r\n$/,
  ));

test('text without a header becomes the body', () =>
  assert.match(complete('just text\r\n'), /^Date: .*\r\nMessage-ID: .*\r\n\r\njust text\r\n$/));

test('however the message is cut, only its header changes', async () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 })), async (cuts) => {
      const body = '\r\nBcc: not a field\r\n\r\nend\r\n';
      const message = Buffer.from(`Bcc: a@b\r\n${whole}${body}`);
      async function* chunks() {
        let at = 0;
        for (const cut of [...cuts, message.length]) {
          yield message.subarray(at, at + cut);
          at += cut;
        }
      }
      const out: Uint8Array[] = [];
      for await (const chunk of submitted(chunks(), options)) out.push(chunk);
      assert.equal(Buffer.concat(out).toString(), whole + body);
    }),
  ));
