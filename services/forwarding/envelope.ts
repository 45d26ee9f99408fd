import { z } from 'zod';
import type { AccountId } from '../../shared/ids.ts';

/** What the outbox knows of a message besides its octets: to whom it goes, and who answers for it. */
export interface Envelope {
  /** Whose mail it is; undefined for reports, which are nobody's. */
  readonly account: AccountId | undefined;
  /** The address of ours by which it goes on: the account's, or the one in whose name reports go. */
  readonly via: string;
  /** As it came, before any rewriting; empty for the null one. */
  readonly sender: string;
  readonly recipient: string;
  /** The sender may be told of a failure: somebody has looked, and it is who it says, and no program. */
  readonly reportable: boolean;
  /** The account has a copy. */
  readonly kept: boolean;
}

/** In whose name it waits: the account's that sends it on, or that of the address that a report is for. */
export const ownerOf = ({ account, recipient }: Envelope): string => account ?? recipient.toLowerCase();

const shape = z.object({
  v: z.literal(1),
  account: z.string().length(26).optional(),
  via: z.string(),
  sender: z.string(),
  recipient: z.string(),
  reportable: z.boolean(),
  kept: z.boolean(),
});

const field = 'Restante-Outbox: ';
const lineEnd = '\r\n';

/** The line that stands before a message in the outbox, as its first field. JSON escapes line ends. */
export const envelopeLine = (envelope: Envelope): Uint8Array =>
  Buffer.from(`${field}${JSON.stringify({ v: 1, ...envelope })}${lineEnd}`);

/** The envelope at the start of a header block, and where what is to be sent begins. Throws where there is none, or one of a newer release. */
export function readEnvelope(header: Uint8Array): { readonly envelope: Envelope; readonly length: number } {
  const end = Buffer.from(header.buffer, header.byteOffset, header.length).indexOf(lineEnd);
  const line = Buffer.from(header.subarray(0, Math.max(end, 0))).toString();
  if (!line.startsWith(field)) throw new Error('a message in the outbox has no envelope');
  const { v: _, account, ...rest } = shape.parse(JSON.parse(line.slice(field.length)));
  return { envelope: { ...rest, account: account as AccountId | undefined }, length: end + lineEnd.length };
}
