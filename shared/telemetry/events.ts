import type { ListenerEvent, ProcessEvent, WorkerEvent } from './process-events.ts';
import type {
  AuthEndEvent,
  AuthEvent,
  HttpEvent,
  ImapEvent,
  Pop3Event,
  SmtpEvent,
} from './session-events.ts';
import type {
  AccountEvent,
  AdminEvent,
  ForwardEvent,
  MaintenanceEvent,
  StoreEvent,
  TransferEvent,
} from './store-events.ts';

/**
 * Everything that is logged, in one place: a new event is a new member here. Fields are numbers, ids and closed words.
 * Never in any of them: credentials (an unknown user name may be a password typed in the wrong box), message bytes, subjects.
 */
export type LogEvent =
  | ProcessEvent
  | WorkerEvent
  | ListenerEvent
  | AuthEvent
  | AuthEndEvent
  | ImapEvent
  | Pop3Event
  | SmtpEvent
  | ForwardEvent
  | HttpEvent
  | AdminEvent
  | AccountEvent
  | StoreEvent
  | MaintenanceEvent
  | TransferEvent;

/** How a connection came to its end, seen from the server. */
export type SessionEnd =
  | 'logout'
  | 'clientClosed'
  | 'idle'
  | 'drained'
  /** What it signed in with does not hold any more. */
  | 'revoked'
  | 'refused'
  | 'stuck'
  | 'fault';
