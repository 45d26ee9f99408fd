import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ResponseText, ResponseWriter } from '../../shared/imap/writer.ts';

/** A test that what is written are these octets. */
export function says(
  name: string,
  want: string,
  write: (w: ResponseWriter) => void,
  text: ResponseText = 'ascii',
): void {
  test(name, () => {
    const w = new ResponseWriter(text);
    write(w);
    assert.equal(Buffer.from(w.take()).toString(), want);
  });
}

/** What may pause between pieces, without a pause. */
export const all = (pieces: Iterable<void>): void => {
  for (const _ of pieces);
};
