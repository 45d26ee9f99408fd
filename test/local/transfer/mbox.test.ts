import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { quoted } from '../../../services/local/transfer/mbox-export.ts';
import { flagsOf } from '../../../services/local/transfer/mbox-fields.ts';
import { printPreamble, readPreamble } from '../../../services/local/transfer/mbox-preamble.ts';
import { MboxSplitter, NotAnMbox, readMbox } from '../../../services/local/transfer/mbox-reader.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const lines = fc.constantFrom(
  'From ',
  '>From ',
  '>>',
  'Subject: x',
  '',
  '\r',
  'From a Thu Jan  1 00:00:00 1970',
  'F',
);
const message = fc
  .array(fc.oneof(lines, fc.string({ maxLength: 12 })), { maxLength: 12 })
  .chain((parts) => fc.constantFrom('\n', '\r\n').map((end) => Buffer.from(parts.join(end))));

async function written(bytes: Buffer, cut: number): Promise<Buffer> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const out: Buffer[] = [];
  for await (const piece of quoted(pieces())) out.push(piece);
  const head = `From MAILER-DAEMON Thu Jan  1 00:00:00 1970\n${printPreamble(['\\Seen', 'Work'], bytes.length)}`;
  return Buffer.concat([Buffer.from(head), ...out]);
}

function read(file: Buffer, cut: number, endsAt?: (offset: number) => boolean): Buffer[] {
  const splitter = new MboxSplitter(1 << 20, endsAt);
  const entries: Buffer[] = [];
  for (let at = 0; at < file.length; at += cut)
    for (const { bytes } of splitter.push(file.subarray(at, at + cut))) entries.push(bytes!);
  for (const { bytes } of splitter.end()) entries.push(bytes!);
  return entries;
}

test('what an export writes, an import reads back byte for byte, however both come in pieces', async () => {
  const cuts = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 4 }),
      cuts,
      cuts,
      async (messages, out, back) => {
        const file = Buffer.concat(await Promise.all(messages.map((m) => written(m, out))));
        const unwrapped = read(file, back).map((entry) => readPreamble(entry));
        assert.deepEqual(
          unwrapped.map((u) => u && Buffer.from(u.bytes).toString('latin1')),
          messages.map((m) => m.toString('latin1')),
        );
        for (const u of unwrapped) assert.deepEqual(u!.flags, ['\\Seen', 'Work']);
      },
    ),
    { numRuns: 400 },
  );
});

test('a run of > is passed on as it comes, however long it is, and what follows is quoted all the same', async () => {
  async function* pieces() {
    for (let i = 0; i < 100; i++) yield Buffer.alloc(1000, '>');
    yield Buffer.from('From x\n');
  }
  const out: Buffer[] = [];
  for await (const piece of quoted(pieces())) out.push(piece);
  assert.ok(
    out.every((piece) => piece.length <= 1000),
    'nothing is gathered',
  );
  assert.equal(Buffer.concat(out).toString(), `${'>'.repeat(100_001)}From x\n\n`);
});

test('an mbox of another program: From_ lines part, quoting is undone, the last empty line is none of the message', () => {
  const file =
    'From a@b Thu Jan  1 00:00:00 1970\nA: 1\n\n>From x\nFrom y\n\nFrom c Fri Jan  2 00:00:00 1970\nB: 2\n\n\n';
  assert.deepEqual(read(Buffer.from(file), 7).map(String), ['A: 1\n\nFrom x\nFrom y\n', 'B: 2\n\n']);
});

const clFile = (length: number) =>
  Buffer.from(
    `From a Thu Jan  1 00:00:00 1970\nContent-Length: ${length}\n\n>From x\n\nFrom y Fri Jan  2 00:00:00 1970\n\nFrom b Sat Jan  3 00:00:00 1970\nB: 2\n\n2\n\n`,
  );
const clBody = '>From x\n\nFrom y Fri Jan  2 00:00:00 1970\n';

test('a Content-Length that is right is believed, From_ lines and all, however the file comes in pieces', async () => {
  const path = join(temporaryFolder(), 'cl.mbox');
  for (const length of [clBody.length, clBody.length - 1, clBody.length + 1]) {
    writeFileSync(path, clFile(length));
    const messages: string[] = [];
    for await (const { bytes } of readMbox(path, 1 << 20, () => {})) messages.push(String(bytes));
    assert.deepEqual(messages, [`Content-Length: ${length}\n\n${clBody}`, 'B: 2\n\n2\n'], `${length}`);
    for (let cut = 1; cut < 60; cut++) {
      const end = clFile(length).indexOf(clBody) + length;
      const same = read(clFile(length), cut, (offset) => offset === end).map(String);
      assert.deepEqual(same, messages, `in pieces of ${cut}`);
    }
  }
});

test('a Content-Length that is wrong is not', async () => {
  const path = join(temporaryFolder(), 'cl.mbox');
  for (const length of [0, 5, clBody.length - 4, 9999]) {
    writeFileSync(path, clFile(length));
    const messages: string[] = [];
    for await (const { bytes } of readMbox(path, 1 << 20, () => {})) messages.push(String(bytes));
    assert.deepEqual(messages, [`Content-Length: ${length}\n\nFrom x\n`, '', 'B: 2\n\n2\n'], `${length}`);
  }
});

test('a file without a From_ line is no mbox', () => {
  assert.throws(() => read(Buffer.from('Subject: x\n\ny\n'), 100), NotAnMbox);
});

test('a message above the limit is passed over in bounded memory, and the next one is read', () => {
  const splitter = new MboxSplitter(10);
  const file = `From a Thu Jan  1 00:00:00 1970\n${'x'.repeat(5000)}\n\nFrom a Thu Jan  1 00:00:00 1970\nok\n\n`;
  const entries = [...splitter.push(Buffer.from(file)), ...splitter.end()];
  assert.deepEqual(
    entries.map(({ bytes }) => bytes?.toString()),
    [undefined, 'ok\n'],
  );
});

test('a message of many short quoted lines is not kept as a piece for each', (t) => {
  const joined = t.mock.method(Buffer, 'concat');
  const splitter = new MboxSplitter(1 << 20);
  const lines = '>From \n'.repeat(20_000);
  const file = Buffer.from(`From a Thu Jan  1 00:00:00 1970\n${lines}\n`);
  const [entry] = [...splitter.push(file), ...splitter.end()];
  assert.equal(String(entry!.bytes), 'From \n'.repeat(20_000));
  assert.ok(joined.mock.calls.every((call) => call.arguments[0].length <= 1100));
});

test('flags are read as mail programs write them', () => {
  const fields = new Map([
    ['status', 'RO'],
    ['x-status', 'AF'],
    ['x-keywords', 'Work, $Label1  bad(word [todo] café'],
    ['x-mozilla-status', '0009'],
  ]);
  assert.deepEqual(flagsOf(fields), [
    '\\Seen',
    '\\Answered',
    '\\Flagged',
    '\\Deleted',
    'Work',
    '$Label1',
    '[todo]',
  ]);
});
