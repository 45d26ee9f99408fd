import { generateMessages } from '../support/messages.ts';
import type { Server } from './server.ts';
import { type Wire, withImap } from './wire.ts';

/** The mail of a run, the same octets for every server. */
export interface Mail {
  /** Distinct messages, as many as the small mailbox has. */
  readonly samples: readonly Buffer[];
  /** Those of them under 4 KB, of which the large mailbox is made. */
  readonly short: readonly Buffer[];
  /** Messages in INBOX of `smallUser`. */
  readonly small: number;
  /** Messages in INBOX of `largeUser`. */
  readonly large: number;
  /** Messages in INBOX of `otherUser`. */
  readonly other: number;
  /** Idle connections whose memory is measured. */
  readonly idle: number;
}

export const smallUser = 'small@bench.test';
export const largeUser = 'large@bench.test';
/** Whom a server serves before it is measured with somebody else. */
export const otherUser = 'other@bench.test';
export const workUser = 'work@bench.test';
/** For loads of many users; each has some messages. */
export const manyUsers: readonly string[] = Array.from({ length: 100 }, (_, i) => `user${i}@bench.test`);
export const allUsers: readonly string[] = [smallUser, largeUser, otherUser, workUser, ...manyUsers];
const messagesEach = 20;

export function makeMail(sizes: Pick<Mail, 'small' | 'large' | 'other' | 'idle'>): Mail {
  const samples = [...generateMessages(sizes.small, 1)];
  return { ...sizes, samples, short: samples.filter(({ length }) => length < 4096) };
}

/** The octets of one APPEND without its tag: several messages are a MULTIAPPEND (RFC 3502). */
export function appendCommand(messages: readonly Buffer[], mailbox = 'INBOX'): Uint8Array[] {
  return [
    Buffer.from(`APPEND ${mailbox}`),
    ...messages.flatMap((message) => [Buffer.from(` {${message.length}+}\r\n`), message]),
  ];
}

/** Puts messages into a mailbox, a hundred to a command. */
export async function fill(
  wire: Wire,
  count: number,
  from: readonly Buffer[],
  mailbox?: string,
): Promise<void> {
  for (let done = 0; done < count; done += 100) {
    const batch = Array.from(
      { length: Math.min(100, count - done) },
      (_, i) => from[(done + i) % from.length]!,
    );
    await wire.pipeline([appendCommand(batch, mailbox)]);
  }
}

/** What is there before anything is measured. The large mailbox and the other account only where they are needed. */
export async function fillAll(
  server: Server,
  mail: Mail,
  needs: { readonly large: boolean; readonly other: boolean },
): Promise<void> {
  const put = (user: string, count: number, from: readonly Buffer[]) =>
    withImap(server.imap, user, (wire) => fill(wire, count, from));
  await put(smallUser, mail.small, mail.samples);
  if (needs.large) await put(largeUser, mail.large, mail.short);
  if (needs.other) await put(otherUser, mail.other, mail.samples);
  for (const user of manyUsers) await put(user, messagesEach, mail.short);
}
