/** Why a client that did nothing wrong is let go. Words for it are each protocol's own. */
export type Farewell =
  /** The server is to end: the client may come again. */
  | 'restart'
  /** The same, and there is no more time: also where the client would rather finish first. */
  | 'restartNow'
  | SignInEnd;

/** What became of the sign-in that opened a session. */
export type SignInEnd = 'credentialsChanged' | 'suspended' | 'protocolOff' | 'removed';

/** Whether the sign-in of a session no longer holds: no further command of it is run. */
export const isSignInEnd = (why: Farewell | undefined): why is SignInEnd =>
  why !== undefined && why !== 'restart' && why !== 'restartNow';

/** A client's session, as seen by those who end it. */
export interface Guest {
  /** Says goodbye when the session is between two commands, which is at once where it is idle. A graver reason takes the place of one before. */
  leave(why: Farewell): void;
  /** Breaks the connection. */
  cut(): void;
}

const gravity = (why: Farewell | undefined): number =>
  why === undefined ? 0 : why === 'restart' ? 1 : why === 'restartNow' ? 2 : 3;

export const graver = (one: Farewell | undefined, other: Farewell): Farewell =>
  one !== undefined && gravity(one) >= gravity(other) ? one : other;
