/** A blob or piece of a snapshot that should exist does not: the reader's state may be old. */
export class ObjectGone extends Error {}
