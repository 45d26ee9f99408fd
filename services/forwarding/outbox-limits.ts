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
}

const mega = 1024 * 1024;

export const outboxLimits: OutboxLimits = {
  account: { messages: 500, octets: 512 * mega },
  lane: { messages: 2000, octets: 2048 * mega },
  reports: { messages: 5000, octets: 512 * mega },
};

/** Whether more may come. Where nothing waits, one message may: sent to twenty addresses, it may be larger than what may wait. */
export const fits = (waits: Load, more: Load, most: Load): boolean =>
  waits.messages === 0 ||
  (waits.messages + more.messages <= most.messages && waits.octets + more.octets <= most.octets);
