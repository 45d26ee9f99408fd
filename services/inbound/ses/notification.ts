import { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';

const verdict = z.object({ status: z.string() }).optional();
type Verdict = z.infer<typeof verdict>;

/** What SES tells of a message that it received and kept in a bucket; only what is used is looked at. */
const shape = z.object({
  notificationType: z.literal('Received'),
  mail: z.object({
    messageId: z.string().min(1).max(200),
    timestamp: z.iso.datetime(),
    source: z.string().max(1000),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  }),
  receipt: z.object({
    recipients: z.array(z.string().max(1000)).min(1).max(1000),
    spamVerdict: verdict,
    virusVerdict: verdict,
    spfVerdict: verdict,
    dmarcVerdict: verdict,
    action: z.object({ type: z.literal('S3'), bucketName: z.string(), objectKey: z.string() }),
  }),
});

/** A message that waits in the bucket. */
export interface Arrival {
  readonly messageId: string;
  /** Seconds since 1970. */
  readonly receivedAt: number;
  /** The envelope's sender; empty for the null one. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly bucket: string;
  readonly key: string;
  readonly verdict: 'clean' | 'spam' | 'virus';
  /**
   * The sender is who it says: DMARC passed (RFC 7489), and SPF too. The first may owe it to a signature alone, which vouches for the author; reports
   * go to the envelope's sender, whom only SPF looks at.
   */
  readonly authenticated: boolean;
  /** Sent by a program (RFC 3834): it is never answered. */
  readonly automatic: boolean;
}

/** The object that SES puts into a bucket to see whether it may. */
const setupMessage = 'AMAZON_SES_SETUP_NOTIFICATION';

/** The notification in a queue's message: 'setup' where it speaks of no mail. The error is for the log. */
export function parseNotification(body: string): Result<Arrival | 'setup', string> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return err('it is not JSON');
  }
  const parsed = shape.safeParse(json);
  if (!parsed.success) return err(z.prettifyError(parsed.error).replaceAll('\n', ' '));
  const { mail, receipt } = parsed.data;
  if (mail.messageId === setupMessage || receipt.action.objectKey.endsWith(setupMessage)) return ok('setup');
  const failed = (one: Verdict) => one?.status === 'FAIL';
  const passed = (one: Verdict) => one?.status === 'PASS';
  return ok({
    messageId: mail.messageId,
    receivedAt: Math.floor(Date.parse(mail.timestamp) / 1000),
    sender: mail.source === '<>' ? '' : mail.source,
    recipients: receipt.recipients,
    bucket: receipt.action.bucketName,
    key: receipt.action.objectKey,
    verdict: failed(receipt.virusVerdict) ? 'virus' : failed(receipt.spamVerdict) ? 'spam' : 'clean',
    authenticated: passed(receipt.dmarcVerdict) && passed(receipt.spfVerdict),
    automatic: isAutomatic(mail.headers ?? []),
  });
}

/** RFC 3834 §2: also mailing lists, and what other servers report. */
function isAutomatic(headers: readonly { readonly name: string; readonly value: string }[]): boolean {
  return headers.some(({ name, value }) => {
    const lower = name.toLowerCase();
    if (lower === 'auto-submitted') return value.trim().toLowerCase() !== 'no';
    if (lower === 'precedence') return /bulk|list|junk/i.test(value);
    return lower.startsWith('list-') || lower === 'x-auto-response-suppress';
  });
}
