import assert from 'node:assert/strict';
import type { ServerProcess } from '../support/server-process.ts';
import { Attacker } from './attacker.ts';

/** A protocol as an attacker finds it, before signing in. */
export interface Protocol {
  readonly name: 'imap' | 'pop3' | 'smtp' | 'lmtp' | 'submission' | 'http';
  /** Whether the server speaks first. */
  readonly greets: boolean;
  /** A command that may be sent any number of times, and what its answer contains. */
  readonly harmless: string;
  readonly answer: string;
  /** How a line without an end may begin, so that it is no other mistake. */
  readonly longLine: string;
  /** What comes after that is a sign-in, where the client owes the rest. */
  readonly signIn: readonly string[];
  /** Few commands are taken before signing in: the connection ends then, and what else comes is read over. */
  readonly fewCommands?: true;
}

const smtp = (name: 'smtp' | 'submission'): Protocol => ({
  name,
  greets: true,
  harmless: 'NOOP\r\n',
  answer: '250 ',
  longLine: 'EHLO ',
  signIn: name === 'submission' ? ['EHLO client.test\r\n', 'AUTH LOGIN\r\n'] : [],
  ...(name === 'submission' && { fewCommands: true }),
});

export const protocols: readonly Protocol[] = [
  {
    name: 'imap',
    greets: true,
    harmless: 'a CAPABILITY\r\n',
    answer: 'a OK',
    longLine: 'a LOGIN ',
    signIn: ['a AUTHENTICATE PLAIN\r\n'],
  },
  {
    name: 'pop3',
    greets: true,
    harmless: 'CAPA\r\n',
    answer: '\r\n.\r\n',
    longLine: 'USER ',
    signIn: ['AUTH PLAIN\r\n'],
  },
  smtp('smtp'),
  smtp('submission'),
  { ...smtp('smtp'), name: 'lmtp', longLine: 'LHLO ' },
  {
    name: 'http',
    greets: false,
    harmless: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    answer: '</html>',
    longLine: 'GET /',
    signIn: [],
  },
];

/** Somebody else is answered. */
export async function probe(
  server: ServerProcess,
  { name, greets, harmless, answer }: Protocol,
): Promise<void> {
  const client = await Attacker.on(server.ports[name], { greeted: greets });
  client.send(harmless);
  await client.says(answer);
  client.close();
}

export async function probes(server: ServerProcess, protocol: Protocol, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await probe(server, protocol);
}

/** Waits until no connection is open any more: nothing that an attack leaves behind stays. */
export async function allGone(server: ServerProcess): Promise<void> {
  for (;;) {
    const page = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`)).text();
    const open = [...page.matchAll(/^restante_connections_open\{.*\} (\d+)$/gm)].map(([, count]) =>
      Number(count),
    );
    assert.ok(open.length > 0);
    if (open.every((count) => count === 0)) return;
  }
}
