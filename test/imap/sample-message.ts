/** The message numbered `n` that transcripts are given: plain text, sent on the n-th of January 2026. */
export function sampleMessage(n: number): string {
  return [
    `Date: ${new Date(Date.UTC(2026, 0, n, 11)).toUTCString().replace('GMT', '+0000')}`,
    'From: Bob Example <bob@example.test>',
    'To: Alice Example <alice@example.test>',
    `Subject: Message ${n}`,
    `Message-ID: <${n}@example.test>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    `This is message ${n}.`,
    '',
  ].join('\r\n');
}
