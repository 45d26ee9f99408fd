import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './bench.ts';
import { samples } from './mail.ts';

const program = fileURLToPath(new URL('./python/checks.py', import.meta.url));

interface Line {
  readonly name: string;
  /** A traceback. */
  readonly error: string | null;
}

/** Python's imaplib, poplib and smtplib. The checks themselves are in `python/`, in Python. */
export async function python(bench: Bench): Promise<void> {
  const { server, account, home } = bench;
  const told = {
    host: 'localhost',
    ca: server.caFile,
    ports: server.ports,
    accounts: [account, await bench.another('reader')],
    samples: samples.map(({ name }) => ({ name, file: join(home, `${name}.eml`) })),
  };
  for (const { name, bytes } of samples) await writeFile(join(home, `${name}.eml`), bytes);
  const file = join(home, 'checks.json');
  await writeFile(file, JSON.stringify(told), { mode: 0o600 });
  const env = { PYTHONDONTWRITEBYTECODE: '1', PYTHONUTF8: '1' };
  const { stdout } = await bench.runToSuccess('python3', [program, file], { env });
  const lines = stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.pop(), { end: true });
  for (const { name, error } of lines as Line[])
    await bench.check(name, () => {
      if (error !== null) throw new Error(error);
    });
}
