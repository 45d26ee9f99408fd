/** How the function that delivers what SES received is called; the costs are worked out from the same figures. */
export const delivery = {
  /** MiB. Ten small messages at once take 180, four of 40 MB a hundred more; it waits far longer than it works. */
  memory: 512,
  /** Messages that one call delivers at most. */
  batch: 10,
  /** Seconds that a message waits for others: those for one account become one entry. Nobody waits longer for it. */
  window: 1,
} as const;
