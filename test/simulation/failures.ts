import { OutcomeUnknown } from '../../shared/adapters/embedded/writer.ts';
import { NewerRules } from '../../shared/engine/apply.ts';
import { StaleTail } from '../../shared/ports/account-log.ts';
import { Refused, RequestExpired, TimedOut } from './network.ts';

const expectedMessages = [
  'the clock is minutes behind the log',
  'too many other writers',
  'an earlier change is not settled',
  'no answer from the log',
  'the message was staged too long ago',
  'too many changes wait',
];

/** Whether something may be in the way of a node, or shows that it went wrong. */
export function isExpected(cause: unknown): boolean {
  if (typeof cause === 'string') return expectedMessages.includes(cause);
  if (cause instanceof TimedOut || cause instanceof Refused || cause instanceof RequestExpired) return true;
  if (cause instanceof OutcomeUnknown) return true;
  if (cause instanceof NewerRules || cause instanceof StaleTail) return true;
  if (!(cause instanceof Error)) return false;
  if (/^entry \d+ was trimmed before its fate was known$/.test(cause.message)) return true;
  return expectedMessages.includes(cause.message) || (cause.cause !== undefined && isExpected(cause.cause));
}
