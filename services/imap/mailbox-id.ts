import type { MailboxId } from '../../shared/ids.ts';

/** MAILBOXID as clients see it (RFC 8474 §4): starts with a letter, since an objectid of digits alone could be taken for a number. */
export const mailboxIdText = (id: MailboxId): string => `M${id}`;
