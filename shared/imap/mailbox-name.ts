declare const brand: unique symbol;

/** A mailbox's full name: Unicode in NFC, levels separated by '/', a first level of "inbox" in any case folded to INBOX. */
export type MailboxName = string & { readonly [brand]: 'MailboxName' };
