import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Refusal, Refusals } from './deliver.ts';
import type { Arrival } from './notification.ts';

/** As SES's API names them. */
const bounceReason = z.enum(['DoesNotExist', 'ExceededQuota', 'Undefined']);

/** How a bounce is written down for the function that sends it. */
const shape = z.strictObject({
  version: z.literal(1),
  messageId: z.string().min(1),
  /** In the domain of the first recipient: SES sends for domains of ours only. */
  sender: z.string(),
  recipients: z
    .array(z.strictObject({ address: z.string(), reason: bounceReason }).readonly())
    .min(1)
    .readonly(),
});

export type BounceReason = z.infer<typeof bounceReason>;
export type Bounce = Readonly<Omit<z.infer<typeof shape>, 'version'>>;

export const encodeBounce = (bounce: Bounce): Uint8Array =>
  Buffer.from(JSON.stringify({ version: 1, ...bounce }));

/** The error is for the log. */
export function decodeBounce(bytes: Uint8Array): Result<Bounce, string> {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return err('it is not JSON');
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) return err(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { version: _, ...bounce } = parsed.data;
  return ok(bounce);
}

/**
 * Where a bounce waits to be sent, and where it is noted that somebody sends it. One of each for a message: the first complete attempt to deliver
 * decides who is told; whoever it found room for has the mail, whatever a later attempt finds.
 */
export const bounceKeys = {
  waiting: 'bounces/',
  taken: 'bounced/',
  of: (messageId: string): string => `bounces/${encodeURIComponent(messageId)}`,
} as const;

const reasons: Readonly<Record<Refusal, BounceReason>> = {
  unknown: 'DoesNotExist',
  full: 'ExceededQuota',
  suspended: 'Undefined',
};

/**
 * The report that a sender is owed for refused recipients, or undefined where none is sent: after acceptance, only to who has proved to be the
 * sender (DMARC and SPF), never to programs, and never about spam. Everything else would be mail to the victims of forgers, or a loop.
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
