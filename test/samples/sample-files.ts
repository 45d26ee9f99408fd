import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runToSuccess } from '../support/run-program.ts';

export interface SampleFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Every file of Python's own tests of its email package: mail of all kinds, broken ones included. Debian: libpython3.X-testsuite. */
export async function pythonSamples(): Promise<SampleFile[]> {
  const where = 'import os, test.test_email as t; print(os.path.join(os.path.dirname(t.__file__), "data"))';
  const folder = await folderOf(['/usr/bin/python3', 'python3'], where);
  return readdirSync(folder)
    .sort()
    .filter((name) => /\.(?:txt|eml)$/.test(name) && statSync(join(folder, name)).size > 0)
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

async function folderOf(pythons: readonly string[], code: string): Promise<string> {
  let failure: unknown;
  for (const python of pythons)
    try {
      const { stdout } = await runToSuccess(python, ['-c', code]);
      return stdout.toString().trim();
    } catch (cause) {
      failure = cause;
    }
  throw new Error('no Python with its test suite: install libpython3.X-testsuite', { cause: failure });
}

/** What no mail program should send, and some did. */
export const oddSamples: readonly SampleFile[] = Object.entries({
  'no header': 'just a line\r\n',
  'no end': 'Subject: x\r\n\r\nno line end',
  'only an empty line': '\r\n',
  'bare LF': 'Subject: x\nTo: y\n\nFrom the start\n.\n..dots\n',
  'bare CR': 'Subject: x\rTo: y\r\rbody\r',
  'mixed line ends': 'Subject: x\r\nTo: y\n\r\na\rb\n.\r\n.\n\r.\r\n',
  'dots at every end': 'Subject: x\r\n\r\n.\r\n..\r\n.\r\n',
  'a dot without its line end': 'Subject: x\r\n\r\nend\r\n.',
  'NUL and 8-bit': 'Subject: \xff\xfe\r\n\r\n\x00\x01\x80\xff\r\n',
  'From lines': 'From me\r\n>From you\r\n>>From them\r\n\r\nFrom here\r\n',
}).map(([name, text]) => ({ name, bytes: Buffer.from(text, 'latin1') }));
