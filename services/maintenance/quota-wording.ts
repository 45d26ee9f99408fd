/** How full an account is, where its owner should know. */
export type QuotaLevel = 'nearlyFull' | 'full';

export interface QuotaText {
  readonly subject: string;
  readonly text: string;
}

/** What owners are told, in one language. Sizes are in bytes. */
export interface QuotaNotices
  extends Readonly<Record<QuotaLevel, (usedBytes: number, limitBytes: number) => QuotaText>> {
  /** The name of the sender. */
  readonly from: string;
}

/** With one digit, in the largest unit that fits. */
function size(bytes: number, language: string): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(bytes / 1000 ** step);
  return `${number} ${units[step]}`;
}

const english = (bytes: number): string => size(bytes, 'en');
const german = (bytes: number): string => size(bytes, 'de');

export const englishNotices: QuotaNotices = {
  from: 'Mail system',
  nearlyFull: (used, limit) => ({
    subject: 'Your mailbox is nearly full',
    text: `Your mailbox holds ${english(used)} of ${english(limit)}. When it is full, new messages are sent back.

Delete what you no longer need, and empty the Trash: messages that were deleted from there take no room.
`,
  }),
  full: (used, limit) => ({
    subject: 'Your mailbox is full',
    text: `Your mailbox holds ${english(used)} of ${english(limit)}. New messages are sent back to their senders until there is room.

Delete what you no longer need, and empty the Trash: messages that were deleted from there take no room.
`,
  }),
};

export const germanNotices: QuotaNotices = {
  from: 'Mailsystem',
  nearlyFull: (used, limit) => ({
    subject: 'Ihr Postfach ist fast voll',
    text: `In Ihrem Postfach sind ${german(used)} von ${german(limit)} belegt. Ist es voll, gehen neue Nachrichten an die Absender zurück.

Löschen Sie, was Sie nicht mehr brauchen, und leeren Sie den Papierkorb: Erst dann wird Platz frei.
`,
  }),
  full: (used, limit) => ({
    subject: 'Ihr Postfach ist voll',
    text: `In Ihrem Postfach sind ${german(used)} von ${german(limit)} belegt. Neue Nachrichten gehen an die Absender zurück, bis wieder Platz ist.

Löschen Sie, was Sie nicht mehr brauchen, und leeren Sie den Papierkorb: Erst dann wird Platz frei.
`,
  }),
};

/** By language tag (RFC 5646), primary part only. */
export const quotaNotices: Readonly<Record<string, QuotaNotices>> = { en: englishNotices, de: germanNotices };
