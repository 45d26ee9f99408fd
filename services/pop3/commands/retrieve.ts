import { ObjectGone } from '../../../shared/engine/message-index.ts';
import { parserLimits } from '../../../shared/message/parser.ts';
import { DotStuffer, TopCut } from '../../../shared/pop3/message-stream.ts';
import type { Blob } from '../../../shared/ports/blob-store.ts';
import type { Drop } from '../maildrop.ts';
import { type Client, type Handler, type In, type Outcome, written } from '../session-state.ts';
import { unreadable } from '../unreadable.ts';
import { noSuchMessage } from './listings.ts';

type Body = Blob['body'];

async function open(
  client: Client,
  state: In<'transaction'>,
  drop: Drop,
  read: () => Promise<Body>,
): Promise<{ readonly body: Body } | { readonly failure: Outcome }> {
  try {
    return { body: await read() };
  } catch (cause) {
    return { failure: await unreadable(client, state, drop, cause) };
  }
}

async function* pieces(body: Body): AsyncGenerator<Uint8Array> {
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
  // Where it was the next one, it was read while the client got the one before.
  const read = async () => (await state.ahead.take(drop)) ?? (await state.messages.body(drop.message)).body;
  const opened = await open(client, state, drop, read);
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

/** The header block, from the message's record: no body is read for TOP n 0. Undefined where only the body can tell. */
async function headerOf(
  client: Client,
  state: In<'transaction'>,
  drop: Drop,
): Promise<Uint8Array | undefined> {
  try {
    const [record] = await state.messages.records([drop.message]);
    // A header that was cut there goes on in the body.
    return record !== undefined && record.header.length < parserLimits.header ? record.header : undefined;
  } catch (cause) {
    // What is wrong with the message shows when its body is read.
    if (!(cause instanceof ObjectGone)) client.log.error({ event: 'account.unavailable' }, cause);
    return undefined;
  }
}

/** TOP, RFC 1939 §7. Reads no further than it sends. */
export const top: Handler<'transaction', 'TOP'> = async (client, state, { message, lines }) => {
  const drop = state.maildrop.at(message);
  if (drop === undefined) return noSuchMessage;
  const header = await headerOf(client, state, drop);
  const start = header?.length ?? 0;
  const end = header !== undefined && lines === 0 ? start : drop.size;
  const read = async (): Promise<Body> =>
    start < end ? (await state.messages.body(drop.message, { start, end })).body : new Uint8Array(0);
  const opened = await open(client, state, drop, read);
  if ('failure' in opened) return opened.failure;
  client.writer.ok('The top of the message follows');
  const stuffer = new DotStuffer();
  if (header !== undefined)
    for (const piece of [header, missingEnd(header)]) await sendStuffed(client, stuffer, piece);
  const cut = new TopCut(lines, header === undefined ? 'header' : 'body');
  for await (const chunk of pieces(opened.body)) {
    await sendStuffed(client, stuffer, cut.push(chunk));
    if (cut.done) break;
  }
  await client.send(stuffer.end());
  return written;
};

/** The empty line between header and body is part of TOP's answer (RFC 1939 §7), also where the message does without. */
function missingEnd(header: Uint8Array): Uint8Array {
  const end = Buffer.from(header.subarray(-3)).toString('latin1');
  return Buffer.from(/(^|\n)\r?\n$/.test(end) ? '' : end === '' || end.endsWith('\n') ? '\r\n' : '\r\n\r\n');
}
