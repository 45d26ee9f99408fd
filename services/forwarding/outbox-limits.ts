/** What waits, in an account's name or in a lane. */
export interface Load {
  readonly messages: number;
  readonly octets: number;
}

/** What may wait in the outbox. It counts for nobody's quota, so octets are bounded as well as messages. */
export interface OutboxLimits {
  readonly account: Load;
  /** Of all accounts that share one: several of them may be full before the others notice. */
  readonly lane: Load;
  /** Of reports, which are nobody's. */
  readonly reports: Load;
  /** Of those to one address: anybody who has seen it may send some. */
  readonly recipient: Load;
}

const mega = 1024 * 1024;

export const outboxLimits: OutboxLimits = {
  account: { messages: 500, octets: 512 * mega },
  lane: { messages: 2000, octets: 2048 * mega },
  reports: { messages: 5000, octets: 512 * mega },
  recipient: { messages: 200, octets: 64 * mega },
};

/** Whether more may come. Where nothing waits, one message may: sent to twenty addresses, it may be larger than what may wait. */
export const fits = (waits: Load, more: Load, most: Load): boolean =>
  waits.messages === 0 ||
  (waits.messages + more.messages <= most.messages && waits.octets + more.octets <= most.octets);

export const loadOf = (messages: readonly { readonly size: number }[]): Load => ({
  messages: messages.length,
  octets: messages.reduce((sum, { size }) => sum + size, 0),
});

/** Of a mailbox. */
export const loadIn = ({ exists, bytes }: { readonly exists: number; readonly bytes: number }): Load => ({
  messages: exists,
  octets: bytes,
});
