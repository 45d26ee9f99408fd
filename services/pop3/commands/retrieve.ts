import { ObjectGone } from '../../../shared/engine/message-index.ts';
import { parserLimits } from '../../../shared/message/parser.ts';
import { DotStuffer, TopCut } from '../../../shared/pop3/message-stream.ts';
import type { Blob } from '../../../shared/ports/blob-store.ts';
import { errorReply } from '../error-reply.ts';
import type { Drop } from '../maildrop.ts';
import { type Client, type Handler, type In, type Outcome, refuse, written } from '../session-state.ts';
import { noSuchMessage } from './listings.ts';

const gone: Outcome = refuse('The message was deleted by another client');

async function open(
  client: Client,
  state: In<'transaction'>,
  drop: Drop,
): Promise<{ readonly blob: Blob } | { readonly failure: Outcome }> {
  try {
    return { blob: await state.hold.account.body(drop.message) };
  } catch (cause) {
    return {
      failure: cause instanceof ObjectGone ? gone : errorReply({ kind: 'unavailable', cause }, client.log),
    };
  }
}

/** Where it was the next one, it was read while the client got the one before. */
async function openAhead(
  client: Client,
  state: In<'transaction'>,
  drop: Drop,
): Promise<Pick<Blob, 'body'> | { readonly failure: Outcome }> {
  const body = await state.ahead.take(drop);
  if (body !== undefined) return { body };
  const opened = await open(client, state, drop);
  return 'failure' in opened ? opened : opened.blob;
}

async function* pieces(body: Blob['body']): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function sendStuffed(client: Client, stuffer: DotStuffer, chunk: Uint8Array): Promise<void> {
  for (const piece of stuffer.push(chunk)) {
    const sent = client.send(piece);
    if (sent !== undefined) await sent;
  }
}

/** RETR, RFC 1939 §5. A body that breaks off in the middle throws, and the connection ends: half a message must not look whole. */
export const retr: Handler<'transaction', 'RETR'> = async (client, state, { message }) => {
  const drop = state.maildrop.at(message);
  if (drop === undefined) return noSuchMessage;
  const opened = await openAhead(client, state, drop);
  if ('failure' in opened) return opened.failure;
  client.writer.ok(`${drop.size} octets`);
  const stuffer = new DotStuffer();
  const { body } = opened;
  if (body instanceof Uint8Array) await sendStuffed(client, stuffer, body);
  else for await (const chunk of body) await sendStuffed(client, stuffer, chunk);
  await client.send(stuffer.end());
  state.maildrop.retrieved(drop);
  state.ahead.expect(state.maildrop.at(message + 1));
  return written;
};

/** The header block and its empty line, from the message's record: no body is read for TOP n 0. */
async function headerOf(state: In<'transaction'>, drop: Drop): Promise<Uint8Array | undefined> {
  try {
    const [record] = await state.hold.account.records([drop.message]);
    // A header that was cut there goes on in the body.
    return record !== undefined && record.header.length < parserLimits.header ? record.header : undefined;
  } catch (cause) {
    if (cause instanceof ObjectGone) return undefined;
    throw cause;
  }
}

/** TOP, RFC 1939 §7. Reads no further than it sends. */
export const top: Handler<'transaction', 'TOP'> = async (client, state, { message, lines }) => {
  const drop = state.maildrop.at(message);
  if (drop === undefined) return noSuchMessage;
  const stuffer = new DotStuffer();
  const header = lines === 0 ? await headerOf(state, drop) : undefined;
  if (header !== undefined) {
    client.writer.ok('The top of the message follows');
    await sendStuffed(client, stuffer, header);
    await client.send(stuffer.end());
    return written;
  }
  const opened = await open(client, state, drop);
  if ('failure' in opened) return opened.failure;
  client.writer.ok('The top of the message follows');
  const cut = new TopCut(lines);
  for await (const chunk of pieces(opened.blob.body)) {
    await sendStuffed(client, stuffer, cut.push(chunk));
    if (cut.done) break;
  }
  await client.send(stuffer.end());
  return written;
};
