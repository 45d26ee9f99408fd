import { SmtpReply } from '../inbound/smtp-reply.ts';
import type { Rejection } from './smart-host.ts';

/** Of the list of recipients, what fits into a reply (RFC 5321 §4.5.3.1.5) beside the words. */
const mostListed = 150;

/**
 * The answer where the relay has sent a message to some of its recipients. It is for good even where the relay spoke of later: a client that comes
 * again sends to the others twice. What the relay said of whom is in the text.
 */
export function partlyRefused(rejected: readonly Rejection[]): SmtpReply | undefined {
  if (rejected.length === 0) return undefined;
  const listed = (when: Rejection['again'], words: string): string => {
    const some = rejected.filter(({ again }) => again === when);
    const list = some.map(({ recipient, code }) =>
      code === undefined ? recipient : `${recipient} (${code})`,
    );
    return some.length === 0 ? '' : `, ${words} ${list.join(', ').slice(0, mostListed)}`;
  };
  const refused = listed('never', 'but refused for');
  const deferred = listed('later', 'but not now, so please send it again, to');
  const [code, ...others] = new Set(rejected.map((one) => one.code));
  const theirs = others.length === 0 && code?.startsWith('5.') ? code : undefined;
  return new SmtpReply(554, theirs ?? '5.0.0', `Sent to the others${refused}${deferred}`);
}
