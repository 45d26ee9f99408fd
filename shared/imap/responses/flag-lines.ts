import type { SeqNum } from '../../ids.ts';
import { ascii, longestNumber, putNumber, type ResponseWriter } from '../writer.ts';

/** Neighbouring messages, numbered without a gap, as columns. */
export interface FlagRows {
  /** Rows `[from, to)` of the columns. */
  readonly from: number;
  readonly to: number;
  /** Of the row at `from`. */
  readonly firstSeq: SeqNum;
  /** UIDs and mod-sequences where they are told. */
  readonly uid: ArrayLike<number> | undefined;
  readonly modSeq: ArrayLike<number> | undefined;
  /** A row's flags, encoded (see `encodeFlags`). */
  readonly flags: (row: number) => Uint8Array;
}

const untagged = ascii('* ');
const open = ascii(' FETCH (');
const uidName = ascii('UID ');
const flagsName = ascii('FLAGS ');
const modSeqName = ascii(' MODSEQ (');
const space = ascii(' ');
const endOfModSeq = ascii(')');
const close = ascii(')\r\n');
const longestLine = 64 + 3 * longestNumber;

/**
 * FETCH responses of nothing but flags, with UID and mod-sequence where given: the lines a mailbox is synchronised by and changes are
 * announced with. Straight from columns into the writer's buffer.
 */
export function fetchFlagsLines(w: ResponseWriter, rows: FlagRows): void {
  const { from, to, firstSeq, uid, modSeq, flags } = rows;
  let most = (to - from) * longestLine;
  for (let row = from; row < to; row++) most += flags(row).length;
  w.inPlace(most, (bytes, start) => {
    let at = start;
    for (let row = from; row < to; row++) {
      at = put(bytes, at, untagged);
      at = putNumber(bytes, at, firstSeq + row - from);
      at = put(bytes, at, open);
      if (uid !== undefined) {
        at = put(bytes, at, uidName);
        at = putNumber(bytes, at, uid[row]!);
        at = put(bytes, at, space);
      }
      at = put(bytes, at, flagsName);
      at = put(bytes, at, flags(row));
      if (modSeq !== undefined) {
        at = put(bytes, at, modSeqName);
        at = putNumber(bytes, at, modSeq[row]!);
        at = put(bytes, at, endOfModSeq);
      }
      at = put(bytes, at, close);
    }
    return at;
  });
}

/** A short loop costs less than a call into the runtime. */
function put(bytes: Uint8Array, at: number, octets: Uint8Array): number {
  for (let i = 0; i < octets.length; i++) bytes[at + i] = octets[i]!;
  return at + octets.length;
}
