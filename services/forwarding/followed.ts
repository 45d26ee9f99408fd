import type { Followed } from '../../shared/directory/resolve-recipient.ts';
import type { Forwarder } from './forwarder.ts';
import { isReporter, sentByReporter } from './srs.ts';

/**
 * What mail to an address follows. Reports to those who report go to nobody elsewhere: by a relay for own domains, what has no sender goes out in
 * their name, and a catch-all that leads to a dead address would get the report of that, send it on, and get the next one, for ever.
 */
export const followedFor = (forwarder: Forwarder | undefined, address: string, sender: string): Followed =>
  forwarder === undefined || (isReporter(address) && sentByReporter(sender)) ? 'forwarding' : 'everywhere';
