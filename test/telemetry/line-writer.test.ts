import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, statSync, writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { LineWriter } from '../../shared/telemetry/line-writer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const turns = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

test('lines come in their order, whether they were waited for or flushed', async () => {
  const path = join(temporaryFolder(), 'log');
  const fd = openSync(path, 'a');
  const writer = new LineWriter(fd);
  writer.write('one\n');
  writer.write('two\n');
  await turns(() => readFileSync(path, 'utf8') === 'one\ntwo\n');
  writer.write('three\n');
  await turns(() => readFileSync(path, 'utf8').endsWith('three\n'));
  writer.flush();
  assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n');
  closeSync(fd);
});

const onLinux = { skip: process.platform !== 'linux' && 'needs /dev/full' };

test('a disk that is full keeps nobody waiting at the end', onLinux, () => {
  const fd = openSync('/dev/full', 'w');
  const writer = new LineWriter(fd);
  for (let i = 0; i < 5; i++) writer.write('a line\n');
  writer.flush();
});

test('when a full disk has room again, what it did not take is written', onLinux, async () => {
  const path = join(temporaryFolder(), 'log');
  const fd = openSync('/dev/full', 'w');
  const writer = new LineWriter(fd);
  // As much as is held: the next one is dropped itself.
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  for (let i = 0; i < 4; i++) writer.write(line);
  // The first attempt, which is another thread's, has failed by then.
  await writeFile('/dev/full', 'x').catch(() => {});
  closeSync(fd);
  assert.equal(openSync(path, 'a'), fd);
  await turns(() => {
    writer.write('next\n');
    return statSync(path).size >= 4 * line.length;
  });
  assert.ok(readFileSync(path, 'utf8').startsWith(line.repeat(4)));
});

/** A pipe with room for 64 KB, which nobody reads but who asks. */
function pipe() {
  const path = join(temporaryFolder(), 'pipe');
  execFileSync('mkfifo', [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function readAll(fd: number): string {
  let text = '';
  const buffer = Buffer.alloc(64 * 1024);
  try {
    for (;;) text += buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch (cause) {
    assert.equal((cause as NodeJS.ErrnoException).code, 'EAGAIN');
    return text;
  }
}

test('a pipe that nobody reads is waited for at the end, but not for ever', () => {
  const fd = pipe();
  try {
    for (;;) writeSync(fd, 'x'.repeat(4096));
  } catch {
    // It is full.
  }
  const writer = new LineWriter(fd);
  writer.write('a line\n');
  writer.write('another\n');
  writer.flush();
  assert.doesNotMatch(readAll(fd), /another/);
  // Left open: another thread may still be about to write, and would write to whom the number is given next.
});

test('what a slow reader does not take at once is written when there is room, whole', async () => {
  const fd = pipe();
  const writer = new LineWriter(fd);
  const line = `${'x'.repeat(99_999)}\n`;
  writer.write(line);
  writer.write('after it\n');
  let read = '';
  await turns(() => {
    read += readAll(fd);
    return read.endsWith('after it\n');
  });
  assert.equal(read, `${line}after it\n`);
  closeSync(fd);
});

test('more than 4 MB that nobody takes is dropped', () => {
  const path = join(temporaryFolder(), 'log');
  const fd = openSync(path, 'a');
  const writer = new LineWriter(fd);
  const line = `${'x'.repeat(1024 * 1024 - 1)}\n`;
  writer.write('first\n');
  for (let i = 0; i < 6; i++) writer.write(line);
  writer.flush();
  closeSync(fd);
  const { length } = readFileSync(path);
  assert.ok(length >= 3 * line.length && length <= 4 * line.length, String(length));
});
