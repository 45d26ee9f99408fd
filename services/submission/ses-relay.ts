import { withAsciiDomain } from '../../shared/directory/address.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { noTurn, RelayTurns } from './relay-turns.ts';
import type { Relay, Relayed, RelayFailure, RelayRequest } from './smart-host.ts';

/** SES v2 as a relay sees it: one raw message to at most 50 recipients. Throws the SDK's errors. */
export type SesSend = (message: {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly raw: Uint8Array;
}) => Promise<void>;

/** SES's own bounds: recipients of a call, and octets of a message. */
const recipientsAtOnce = 50;
const largest = 40_000_000;
/** Messages that are in memory at once. */
const atOnce = 4;

/** What SES will not have, now or ever; everything else may be mended by time, or by the operator. */
const refusals = new Set(['MessageRejected', 'BadRequestException', 'MailFromDomainNotVerifiedException']);

/** Sends by SES. The null sender is not sent for: SES makes reports of its own. */
export function createSesRelay(send: SesSend): Relay {
  const turns = new RelayTurns(atOnce);

  async function relay({
    sender: from,
    recipients: to,
    message,
  }: RelayRequest): Promise<Result<Relayed, RelayFailure>> {
    if (from === '') return err({ kind: 'refused', code: '5.7.1' });
    const sender = withAsciiDomain(from);
    const recipients = to.map(withAsciiDomain);
    const raw = await collect(message);
    if (raw === undefined) return err({ kind: 'refused', code: '5.3.4' });
    for (let at = 0; at < recipients.length; at += recipientsAtOnce)
      try {
        await send({ sender, recipients: recipients.slice(at, at + recipientsAtOnce), raw });
      } catch (cause) {
        // Those before have it; the sender is told of the rest, not asked to send to all of them again.
        if (at > 0) return ok({ rejected: recipients.slice(at) });
        const refused = refusals.has((cause as { readonly name?: string }).name ?? '');
        return err(refused ? { kind: 'refused', code: '5.7.1' } : { kind: 'unavailable', cause });
      }
    return ok({ rejected: [] });
  }

  return {
    senders: 'own',
    async send(request) {
      return (await turns.take(() => relay(request))) ?? err(noTurn);
    },
  };
}

/** Undefined where it is larger than SES takes. What the message throws is thrown on. */
async function collect(message: AsyncIterable<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of message) {
    size += chunk.length;
    if (size > largest) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
