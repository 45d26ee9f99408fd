/** Status responses and their codes: OK, NO, BAD, BYE, PREAUTH (RFC 9051 §7.1), and the continuation request. */
import type { ModSeq } from '../../ids.ts';
import { canonicalFlag } from '../flags.ts';
import type { NumberRange } from '../sequence-set.ts';
import { ascii, type ResponseWriter } from '../writer.ts';

export type Condition = 'OK' | 'NO' | 'BAD' | 'BYE' | 'PREAUTH';

/** Codes that say all by their name: RFC 9051 §7.1 (RFC 5530 in it), RFC 7162, RFC 4315, RFC 7889, RFC 6154, RFC 9208. */
export type PlainCode =
  | 'ALERT'
  | 'ALREADYEXISTS'
  | 'AUTHENTICATIONFAILED'
  | 'AUTHORIZATIONFAILED'
  | 'CANNOT'
  | 'CLIENTBUG'
  | 'CLOSED'
  | 'CONTACTADMIN'
  | 'CORRUPTION'
  | 'EXPIRED'
  | 'EXPUNGEISSUED'
  | 'HASCHILDREN'
  | 'INUSE'
  | 'LIMIT'
  | 'NOMODSEQ'
  | 'NONEXISTENT'
  | 'NOPERM'
  | 'NOTSAVED'
  | 'OVERQUOTA'
  | 'PARSE'
  | 'PRIVACYREQUIRED'
  | 'READ-ONLY'
  | 'READ-WRITE'
  | 'SERVERBUG'
  | 'TOOBIG'
  | 'TRYCREATE'
  | 'UIDNOTSTICKY'
  | 'UNAVAILABLE'
  | 'UNKNOWN-CTE'
  | 'USEATTR';

export type ResponseCode =
  | { readonly code: PlainCode }
  | { readonly code: 'UIDNEXT' | 'UIDVALIDITY' | 'UNSEEN'; readonly number: number }
  /** RFC 7162 §3.1.2.1. */
  | { readonly code: 'HIGHESTMODSEQ'; readonly modSeq: ModSeq }
  /** RFC 7162 §3.1.3: those that STORE left alone, in the command's numbers. */
  | { readonly code: 'MODIFIED'; readonly set: readonly NumberRange[] }
  /** RFC 4315 §3. */
  | { readonly code: 'APPENDUID'; readonly uidValidity: number; readonly uids: readonly NumberRange[] }
  | {
      readonly code: 'COPYUID';
      readonly uidValidity: number;
      readonly from: readonly NumberRange[];
      readonly to: readonly NumberRange[];
    }
  | { readonly code: 'BADCHARSET'; readonly charsets: readonly string[] }
  | { readonly code: 'CAPABILITY'; readonly capabilities: readonly string[] }
  /** '\\*' among them where clients may make new keywords. */
  | { readonly code: 'PERMANENTFLAGS'; readonly flags: readonly string[] }
  /** RFC 8474 §4.1. */
  | { readonly code: 'MAILBOXID'; readonly id: string }
  /** RFC 9051 §7.1: an IMAP URL. */
  | { readonly code: 'REFERRAL'; readonly url: string };

/** One status line; untagged where `tag` is undefined. Text that a line cannot carry (CR, LF, 8-bit) becomes '?'. */
export function statusLine(
  w: ResponseWriter,
  tag: string | undefined,
  condition: Condition,
  text: string,
  code?: ResponseCode | PlainCode,
): void {
  w.ascii(tag ?? '*');
  w.sp();
  w.ascii(condition);
  w.sp();
  if (code !== undefined) {
    w.ascii('[');
    if (typeof code === 'string') w.ascii(code);
    else writeCode(w, code);
    w.ascii('] ');
  }
  w.ascii(printable(text) || 'Done');
  w.crlf();
}

function writeCode(w: ResponseWriter, code: ResponseCode): void {
  w.ascii(code.code);
  switch (code.code) {
    case 'UIDNEXT':
    case 'UIDVALIDITY':
    case 'UNSEEN':
      w.sp();
      w.number(code.number);
      break;
    case 'HIGHESTMODSEQ':
      w.sp();
      w.number(code.modSeq);
      break;
    case 'MODIFIED':
      w.sp();
      w.ranges(code.set);
      break;
    case 'APPENDUID':
      w.sp();
      w.number(code.uidValidity);
      w.sp();
      w.ranges(code.uids);
      break;
    case 'COPYUID':
      w.sp();
      w.number(code.uidValidity);
      w.sp();
      w.ranges(code.from);
      w.sp();
      w.ranges(code.to);
      break;
    case 'BADCHARSET':
      w.sp();
      w.list(code.charsets, (charset) => w.astring(charset));
      break;
    case 'CAPABILITY':
      for (const capability of code.capabilities) w.ascii(` ${capability}`);
      break;
    case 'PERMANENTFLAGS':
      w.sp();
      w.raw(encodeFlags(code.flags));
      break;
    case 'MAILBOXID':
      w.ascii(` (${code.id})`);
      break;
    case 'REFERRAL':
      w.ascii(` ${printable(code.url)}`);
      break;
  }
}

/** `+ text`: go on with a literal, a SASL exchange or IDLE. An empty text still has its space (RFC 9051 §7.6). */
export function continuation(w: ResponseWriter, text = ''): void {
  w.ascii('+ ');
  w.ascii(printable(text));
  w.crlf();
}

const printable = (text: string): string => text.replace(/[^ -~]/g, '?');

const noFlags = ascii('()');

/** A parenthesised flag list as FETCH and FLAGS send it; made once for each distinct set and then used as it is. */
export function encodeFlags(flags: readonly string[]): Uint8Array {
  return flags.length === 0 ? noFlags : ascii(`(${flags.map(canonicalFlag).join(' ')})`);
}
