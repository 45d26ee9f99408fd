import { parseDomain } from '../../shared/directory/address.ts';
import type { RecipientDirectory } from '../../shared/directory/resolve-recipient.ts';
import { changedHeader } from '../../shared/message/change-header.ts';
import type { Relay } from '../submission/smart-host.ts';
import type { Waiting } from './outbox.ts';
import { inOwnName } from './own-name.ts';
import { reporter, senderRewriting } from './srs.ts';

/** What came of one attempt. `code` is RFC 3463's, where the next server gave one; `cause` is for the log; `busy`: see RelayFailure. */
export type Attempt =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'refused'; readonly code: string | undefined }
  | { readonly outcome: 'unavailable'; readonly cause: unknown; readonly busy?: boolean };

export interface AttemptParts {
  readonly relay: Relay;
  readonly directory: Pick<RecipientDirectory, 'domain'>;
  readonly secret: Uint8Array;
  readonly now: () => number;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** The sender that the next server is told: one in our domains, so that SPF passes and reports find back. */
async function senderOf(
  { relay, directory, secret, now }: AttemptParts,
  { sender, via }: Waiting['envelope'],
): Promise<string> {
  const domain = domainOf(via);
  // A relay for own domains sends nothing without a sender: who reports there is answered by nobody.
  if (sender === '') return relay.senders === 'own' ? reporter(domain) : '';
  const parsed = parseDomain(domainOf(sender));
  if (parsed.ok && (await directory.domain(parsed.value))) return sender;
  return senderRewriting(secret).rewrite(sender, domain, now());
}

/** Hands a message to the relay, once. */
export async function attempt(
  parts: AttemptParts,
  { envelope }: Waiting,
  message: () => AsyncIterable<Uint8Array>,
): Promise<Attempt> {
  const { relay } = parts;
  const own = relay.senders === 'own';
  try {
    const sent = await relay.send({
      sender: await senderOf(parts, envelope),
      recipients: [envelope.recipient],
      // Octets above 127 may be in it: whoever took it in did not have to say so.
      eightBit: true,
      message: own ? () => changedHeader(message(), (block) => inOwnName(block, envelope.via)) : message,
    });
    if (!sent.ok)
      return sent.error.kind === 'refused'
        ? { outcome: 'refused', code: sent.error.code }
        : { ...sent.error, outcome: 'unavailable' };
    const [rejected] = sent.value.rejected;
    if (rejected === undefined) return { outcome: 'sent' };
    return rejected.again === 'later'
      ? { outcome: 'unavailable', cause: rejected }
      : { outcome: 'refused', code: rejected.code };
  } catch (cause) {
    return { outcome: 'unavailable', cause };
  }
}
