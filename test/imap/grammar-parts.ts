import type { ResponseReader } from './response-reader.ts';

/** Reads one part of a response, and fails where it is not what it must be. */
export type Check = (r: ResponseReader) => void;

export const match =
  (pattern: RegExp, what: string): Check =>
  (r) => {
    r.match(pattern, what);
  };
export const uidSet = /[1-9]\d*(:[1-9]\d*)?(,[1-9]\d*(:[1-9]\d*)?)*/;
const flag = /\\?[^\x00-\x20"(){}%*\\\]\x7f-\xff]+/;
export const number = match(/ (0|[1-9]\d*)/, 'a number');
export const set = match(new RegExp(` ${uidSet.source}`), 'a set');
export const objectId = match(/ \([A-Za-z0-9_-]{1,255}\)/, 'an objectid');
export const flagList: Check = (r) => {
  r.sp();
  flags(r);
};
export const orNil =
  (check: Check): Check =>
  (r) => {
    if (r.is(' NIL')) r.take(' NIL');
    else check(r);
  };

/** One check after another. */
export const all =
  (...checks: readonly Check[]): Check =>
  (r) => {
    for (const check of checks) check(r);
  };

export function flags(r: ResponseReader, more?: 'new keywords too'): void {
  r.take('(');
  for (let first = true; r.peek() !== ')'; first = false) {
    if (!first) r.sp();
    if (more !== undefined && r.is('\\*')) r.take('\\*');
    else r.match(flag, 'a flag');
  }
  r.take(')');
}
