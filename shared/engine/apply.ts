import type { LogPosition } from '../ids.ts';
import { applyMailboxOperation } from './apply-mailboxes.ts';
import { applyMessageOperation } from './apply-messages.ts';
import { DeliveryIds } from './delivery-ids.ts';
import type { Entry } from './entry.ts';
import { FlagTable } from './flag-table.ts';
import type { Effect, Operation } from './operation.ts';
import { rulesUnderstood } from './rules.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, inboxId, MailboxTable } from './state.ts';

/** An entry or manifest by a release newer than this one: this node must not guess, it must stop serving the account. */
export class NewerRules extends Error {
  constructor(what: string) {
    super(`${what} was written by a newer release`);
  }
}

/** The state before any entry. UIDVALIDITY and mod-sequences of a later epoch start above those of the ones before it. */
export function emptyState(epoch: { modSeqBase: number; uidValidityFloor: number }): AccountState {
  return {
    position: 0 as LogPosition,
    time: 0,
    rules: 1,
    modSeqBase: epoch.modSeqBase,
    mailboxes: MailboxTable.empty,
    subscriptions: new Set(),
    flags: FlagTable.empty,
    nextMessage: 1 as AccountState['nextMessage'],
    nextMailbox: inboxId,
    lastUidValidity: epoch.uidValidityFloor,
    usage: { bytes: 0, messages: 0 },
    limits: { bytes: undefined },
    deliveries: DeliveryIds.empty,
    metadata: new Map(),
    removedMailboxes: SharedVector.of(),
  };
}

export const initialState: AccountState = emptyState({ modSeqBase: 0, uidValidityFloor: 0 });

/** Whether a rebuild has begun an epoch: what was put and not named then may since have been given two numbers, by the rebuild and by its own entry. */
export const mayShareObjects = (state: AccountState): boolean => state.modSeqBase !== initialState.modSeqBase;

export interface Applied {
  readonly state: AccountState;
  /** One for each operation, in their order. */
  readonly effects: readonly Effect[];
}

/** Where and when operations happen; several groups of operations may share one entry. */
export interface Moment {
  readonly position: LogPosition;
  /** Milliseconds since 1970; not before the state's. */
  readonly time: number;
  /** By which they are written. */
  readonly rules: number;
}

/** The pure function that the whole product folds: total, so that every entry ever written has a meaning. */
export function applyOperations(before: AccountState, at: Moment, operations: readonly Operation[]): Applied {
  let state: AccountState = {
    ...before,
    position: at.position,
    time: Math.max(before.time, at.time),
    rules: Math.max(before.rules, at.rules),
  };
  const effects: Effect[] = [];
  for (const operation of operations) {
    const applied = applyOne(state, operation);
    state = applied.state;
    effects.push(applied.effect);
  }
  return { state, effects };
}

/** state[n] = apply(state[n-1], entry[n]). */
export function applyEntry(state: AccountState, entry: Entry): Applied {
  if (entry.rules > rulesUnderstood) throw new NewerRules(`entry ${entry.position}`);
  if (entry.position !== state.position + 1)
    throw new Error(`entry ${entry.position} does not follow ${state.position}`);
  return applyOperations(state, entry, entry.operations);
}

function applyOne(
  state: AccountState,
  operation: Operation,
): { readonly state: AccountState; readonly effect: Effect } {
  switch (operation.kind) {
    case 'create':
    case 'delete':
    case 'rename':
    case 'subscribe':
      return applyMailboxOperation(state, operation);
    case 'limits':
      return { state: { ...state, limits: { bytes: operation.bytes } }, effect: { kind: 'none' } };
    case 'metadata': {
      const metadata = new Map(state.metadata);
      if (operation.value === '') metadata.delete(operation.key);
      else metadata.set(operation.key, operation.value);
      return { state: { ...state, metadata }, effect: { kind: 'none' } };
    }
    case 'uidValidity': {
      const lastUidValidity = Math.max(state.lastUidValidity, operation.above);
      return { state: { ...state, lastUidValidity }, effect: { kind: 'none' } };
    }
    default:
      return applyMessageOperation(state, operation);
  }
}
