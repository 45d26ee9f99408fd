import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

/** A message that a client has got wrong before, or might. */
export interface Sample {
  readonly name: string;
  /** With CRLF throughout, as it is on the wire. */
  readonly bytes: Buffer;
}

const header = (name: string, more: readonly string[] = []) => [
  `From: "Sender, One" <sender@elsewhere.test>`,
  'To: reader@example.test',
  `Subject: sample ${name}`,
  `Message-ID: <${name}@elsewhere.test>`,
  'Date: Tue, 03 Mar 2026 10:11:12 +0100',
  'MIME-Version: 1.0',
  ...more,
];

const message = (name: string, headers: readonly string[], body: readonly string[]): Sample => ({
  name,
  bytes: Buffer.from([...header(name, headers), '', ...body, ''].join('\r\n')),
});

/** Octets that look random and are the same in every run. */
function noise(size: number): Buffer {
  const blocks = [];
  for (let at = 0; at < size; at += 32) blocks.push(createHash('sha256').update(`${at}`).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

const base64Lines = (bytes: Buffer): string[] => bytes.toString('base64').match(/.{1,76}/g) ?? [];

const withAttachment = (name: string, size: number): Sample =>
  message(
    name,
    ['Content-Type: multipart/mixed; boundary="=_b"'],
    [
      'For those who read no MIME.',
      '--=_b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'See the attachment.',
      '--=_b',
      'Content-Type: application/octet-stream; name="noise.bin"',
      'Content-Disposition: attachment; filename="noise.bin"',
      'Content-Transfer-Encoding: base64',
      '',
      ...base64Lines(noise(size)),
      '--=_b--',
    ],
  );

const eightBit = ['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'];

/** Delivered to every client's account, in this order. */
export const samples: readonly Sample[] = [
  message('plain', [], ['Hello.', '', 'Two paragraphs.']),
  message('dots', [], ['.', '..', '.leading', 'middle.dot', '...', '.']),
  message('utf8', eightBit, ['Grüße, 日本語, العربية', '€']),
  message('encoded-subject', ['X-Note: =?utf-8?B?5pel5pys6Kqe?='], ['Encoded words above.']),
  message('long-lines', [], ['x'.repeat(990), `${'word '.repeat(150)}end`]),
  message('from-lines', [], ['From the start of a line', '>From quoted', 'From here too']),
  message('empty-body', [], []),
  withAttachment('attachment', 60_000),
  message(
    'html',
    ['Content-Type: multipart/alternative; boundary=alt'],
    [
      '--alt',
      'Content-Type: text/plain',
      '',
      'plain',
      '--alt',
      'Content-Type: text/html',
      '',
      '<p>rich</p>',
      '--alt--',
    ],
  ),
  withAttachment('large', 1_500_000),
];

export const sampleOf = (name: string): Sample => {
  const found = samples.find((sample) => sample.name === name);
  assert.ok(found, `there is no sample ${name}`);
  return found;
};

/** A small message of its own kind, for what a check makes itself. */
export const smallMessage = (name: string): Sample => message(name, [], [`The body of ${name}.`]);

/** One line that says where two messages part, instead of two messages. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  const a = Buffer.from(actual);
  const b = Buffer.from(expected);
  if (a.equals(b)) return;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  const near = (bytes: Buffer) => JSON.stringify(bytes.subarray(Math.max(0, at - 20), at + 40).toString());
  assert.fail(
    `${what}: ${a.length} octets instead of ${b.length}, and from octet ${at} ${near(a)} instead of ${near(b)}`,
  );
}

/** What was delivered is what was sent with trace fields (RFC 5321 §4.4) before it, and nothing else. */
export function assertDelivered(actual: Uint8Array, sent: Uint8Array, what: string): void {
  const bytes = Buffer.from(actual);
  const trace = bytes.subarray(0, Math.max(0, bytes.length - sent.length));
  assertSameBytes(bytes.subarray(trace.length), sent, what);
  assert.match(
    trace.toString(),
    /^(?:(?:Return-Path|Delivered-To|Received):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+$/i,
    what,
  );
}

/** As programs keep mail in files of their own. */
export const withBareLf = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');

export const withCrLf = (bytes: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
