import type { AccountHold } from '../../shared/engine/engine.ts';
import type { MessageReader } from '../../shared/engine/message-reader.ts';
import type { Guest } from '../../shared/net/guest.ts';
import type { Command, CommandKind, CommandOf } from '../../shared/pop3/command.ts';
import type { ReplyWriter, ResponseCode } from '../../shared/pop3/reply-writer.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { BodyAhead } from './body-ahead.ts';
import type { Maildrop } from './maildrop.ts';

/** RFC 1939's states; UPDATE is what QUIT does. */
export type SessionState =
  /** `user`: what USER said, for the PASS that follows. */
  | { readonly kind: 'authorization'; readonly user?: string | undefined }
  | ({ readonly kind: 'transaction' } & OpenMaildrop);

/** A maildrop that this session alone has open. */
export interface OpenMaildrop {
  readonly record: AccountRecord;
  readonly hold: AccountHold;
  readonly maildrop: Maildrop;
  /** Reads the maildrop's messages. */
  readonly messages: MessageReader;
  readonly ahead: BodyAhead;
  /** Gives the maildrop up for others. */
  release(): Promise<void>;
}

export type StateKind = SessionState['kind'];
export type In<K extends StateKind> = Extract<SessionState, { kind: K }>;

/** What a command does to its session. */
export type Outcome =
  | { readonly kind: 'ok'; readonly text: string; readonly next?: SessionState; readonly end?: true }
  | {
      readonly kind: 'err';
      readonly text: string;
      readonly code?: ResponseCode | undefined;
      readonly end?: true;
    }
  /** The answer is written already. */
  | { readonly kind: 'written' }
  /** The connection ends without an answer: it is not known what became of a change. */
  | { readonly kind: 'unsettled' }
  /** The answer is the last in plain, TLS begins after it. */
  | { readonly kind: 'startTls' };

export const okay = (text: string, next?: SessionState): Outcome =>
  next === undefined ? { kind: 'ok', text } : { kind: 'ok', text, next };
export const refuse = (text: string, code?: ResponseCode): Outcome => ({ kind: 'err', text, code });
export const written: Outcome = { kind: 'written' };

/** What a command may do with its client. */
export interface Client extends Guest {
  readonly writer: ReplyWriter;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly log: Log;
  /** Sends what was written, at the client's pace. Throws ConnectionClosed where it is gone. */
  flush(): Promise<void>;
  /** Octets after what was written: gathered where small, which nobody need wait for, sent at once where large. */
  send(bytes: Uint8Array): Promise<void> | undefined;
  /** The next line, outside of any command (an AUTH response); undefined where the client ended, fell silent, or sent too much. */
  readLine(): Promise<Uint8Array | undefined>;
}

export type Handler<S extends StateKind, K extends CommandKind> = (
  client: Client,
  state: In<S>,
  command: CommandOf<K>,
) => Promise<Outcome> | Outcome;

/** A command in the states in which it may come; typed where it is made, checked by the session before it runs. */
export interface Registered {
  readonly states: readonly StateKind[];
  readonly run: (client: Client, state: SessionState, command: Command) => Promise<Outcome> | Outcome;
}

export function register<S extends StateKind, K extends CommandKind>(
  kind: K,
  states: readonly S[],
  run: Handler<S, K>,
): readonly [CommandKind, Registered] {
  return [
    kind,
    { states, run: (client, state, command) => run(client, state as In<S>, command as CommandOf<K>) },
  ];
}
