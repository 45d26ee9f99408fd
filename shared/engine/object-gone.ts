/** A blob or piece of a snapshot that should exist does not: the reader's state may be old. */
export class ObjectGone extends Error {}

/** A message is not to be had by its number: numbers and UIDs are of another epoch now. */
export class AccountRebuilt extends ObjectGone {}
