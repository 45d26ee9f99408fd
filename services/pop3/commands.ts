import type { CommandKind } from '../../shared/pop3/command.ts';
import { type CapabilityOptions, capa, lang, stls, utf8 } from './commands/capabilities.ts';
import { dele, list, rset, stat, uidl } from './commands/listings.ts';
import { quit } from './commands/quit.ts';
import { retr, top } from './commands/retrieve.ts';
import { type SignInParts, signInCommands } from './commands/sign-in.ts';
import { okay, type Registered, register } from './session-state.ts';

export type CommandTable = ReadonlyMap<CommandKind, Registered>;

/** Every command, and the states in which it may come (RFC 1939 §§4–6). */
export function commandTable(parts: SignInParts & CapabilityOptions): CommandTable {
  const { user, pass, auth } = signInCommands(parts);
  return new Map([
    register('USER', ['authorization'], user),
    register('PASS', ['authorization'], pass),
    register('AUTH', ['authorization'], auth),
    register('STLS', ['authorization'], stls(parts)),
    register('UTF8', ['authorization'], utf8),
    register('STAT', ['transaction'], stat),
    register('LIST', ['transaction'], list),
    register('UIDL', ['transaction'], uidl),
    register('RETR', ['transaction'], retr),
    register('TOP', ['transaction'], top),
    register('DELE', ['transaction'], dele),
    register('RSET', ['transaction'], rset),
    register('NOOP', ['transaction'], () => okay('Here')),
    register('CAPA', ['authorization', 'transaction'], capa(parts)),
    register('LANG', ['authorization', 'transaction'], lang),
    register('QUIT', ['authorization', 'transaction'], quit),
  ]);
}
