import { withAsciiDomain } from '../../shared/directory/address.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { noTurn, RelayTurns } from './relay-turns.ts';
import type { Rejection, Relay, Relayed, RelayFailure, RelayRequest } from './smart-host.ts';

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
/** Between attempts where it is throttled: a minute in all, ms. */
const pauses = [1, 2, 4, 8, 15, 30].map((seconds) => seconds * 1000);
/** So many of them before the first recipients have it: a quarter of a minute, for who waits there can come again, and others wait behind it. */
const pausesFirst = 4;

/** What SES will not have, now or ever; everything else may be mended by time, or by the operator. */
const refusals = new Set(['MessageRejected', 'BadRequestException', 'MailFromDomainNotVerifiedException']);

/** Nothing was done, and soon may be. A lost answer is none of these: asked again, mail would go out twice. */
const throttled = new Set([
  'TooManyRequestsException',
  'LimitExceededException',
  'ThrottlingException',
  'Throttling',
]);

const nameOf = (cause: unknown): string => (cause as { readonly name?: string }).name ?? '';

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
    const raw = await collect(message());
    if (raw === undefined) return err({ kind: 'refused', code: '5.3.4' });
    const pausesLeft = [...pauses];
    for (let at = 0; at < recipients.length; )
      try {
        await send({ sender, recipients: recipients.slice(at, at + recipientsAtOnce), raw });
        at += recipientsAtOnce;
      } catch (cause) {
        const name = nameOf(cause);
        const refused = refusals.has(name);
        const busy = throttled.has(name);
        const mayPause = busy && (at > 0 || pauses.length - pausesLeft.length < pausesFirst);
        const pause = mayPause ? pausesLeft.shift() : undefined;
        if (pause === undefined && at === 0)
          return err(refused ? { kind: 'refused', code: '5.7.1' } : { kind: 'unavailable', cause, busy });
        // Those before have it: the sender is not asked to send to all of them again.
        if (pause === undefined) return ok({ rejected: recipients.slice(at).map(rejected(refused)) });
        await new Promise<void>((resolve) => setTimeout(resolve, pause));
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

const rejected =
  (refused: boolean) =>
  (recipient: string): Rejection =>
    refused ? { recipient, code: '5.7.1', again: 'never' } : { recipient, code: undefined, again: 'later' };

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
