import type { Refusal, Refusals } from './deliver.ts';
import type { Arrival } from './notification.ts';

export interface Bounce {
  readonly messageId: string;
  /** In the domain of the first recipient: SES sends for domains of ours only. */
  readonly sender: string;
  readonly recipients: readonly { readonly address: string; readonly reason: BounceReason }[];
}

/** As SES's API names them. */
export type BounceReason = 'DoesNotExist' | 'ExceededQuota' | 'Undefined';

const reasons: Readonly<Record<Refusal, BounceReason>> = {
  unknown: 'DoesNotExist',
  full: 'ExceededQuota',
  suspended: 'Undefined',
};

/**
 * The report that a sender is owed for refused recipients, or undefined where none is sent: after acceptance, only to who has proved to be the
 * sender (DMARC), never to programs, and never about spam. Everything else would be mail to the victims of forgers, or a loop.
 */
export function bounceFor(arrival: Arrival, refusals: Refusals): Bounce | undefined {
  const { sender, authenticated, automatic, verdict, messageId } = arrival;
  const [first] = refusals.keys();
  if (first === undefined || sender === '' || !authenticated || automatic || verdict !== 'clean')
    return undefined;
  if (/^(?:mailer-daemon|postmaster)@/i.test(sender)) return undefined;
  return {
    messageId,
    sender: `MAILER-DAEMON@${first.slice(first.lastIndexOf('@') + 1)}`,
    recipients: Array.from(refusals, ([address, refusal]) => ({ address, reason: reasons[refusal] })),
  };
}
