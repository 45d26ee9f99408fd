import type { Command } from '../../shared/imap/commands.ts';
import { type FinalOutcome, outcomeNames } from './dispatch.ts';
import type { ImapSession } from './session.ts';

/** Counts a command that has come to its end, `began` by `performance.now()`; answers what it came to. */
export function recordCommand(
  { service, log }: ImapSession,
  { kind: command }: Command,
  outcome: FinalOutcome,
  began: number,
): FinalOutcome {
  const said = outcomeNames[outcome.condition];
  service.commands.add({ command, outcome: said });
  const ms = Math.round((performance.now() - began) * 10) / 10;
  if (log.debugging) log.debug({ event: 'imap.command', command, outcome: said, ms });
  return outcome;
}
