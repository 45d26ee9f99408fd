import { hash } from 'node:crypto';
import type { EmailId } from '../../../shared/ids.ts';
import { fieldValue } from '../../../shared/message/header.ts';
import { parseMessageIds } from '../../../shared/message/message-ids.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';

/**
 * THREADID (RFC 8474 §5.2): a hash of the first message id in References, else of In-Reply-To, else the message's own, so that it is known
 * from the message alone and never changes. A message without any of them is a thread by itself.
 */
export function threadIdOf(record: Pick<MessageRecord, 'header' | 'envelope'>, emailId: EmailId): string {
  const { envelope } = record;
  const root =
    parseMessageIds(fieldValue(record.header, 'references') ?? '')[0] ??
    parseMessageIds(envelope.inReplyTo ?? '')[0] ??
    parseMessageIds(envelope.messageId ?? '')[0];
  return `t${hash('sha256', root ?? `email ${emailId}`, 'base64url').slice(0, 22)}`;
}
