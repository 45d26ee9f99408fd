/** Commands on mailboxes as a whole (RFC 9051 §6.3, RFC 7162, RFC 6154, RFC 9208). */
import type { ModSeq } from '../../ids.ts';
import type { ArgReader } from '../arg-reader.ts';
import { decodeText } from '../characters.ts';
import type {
  Create,
  GetQuota,
  OnMailbox,
  QResyncParameter,
  Rename,
  Select,
  SetQuota,
  Status,
  StatusItem,
} from '../commands.ts';
import { canonicalSpecialUse } from '../flags.ts';
import { mailboxName, separator } from '../mailbox-name.ts';
import { type NumberRange, star } from '../sequence-set.ts';

/** SELECT and EXAMINE with the parameters of RFC 7162 §3.1.8 and §3.2.5. */
export const select = (access: Select['access']) => {
  return (r: ArgReader): Select => {
    r.sp();
    const mailbox = r.mailbox();
    let condStore: Select['condStore'] = 'unspoken';
    let qresync: QResyncParameter | undefined;
    if (r.tookSp()) {
      r.list(() => {
        const name = r.word();
        condStore = 'wanted';
        if (name === 'QRESYNC') qresync = qresyncParameter(r);
        else if (name !== 'CONDSTORE') r.fail('Unknown SELECT parameter');
      });
    }
    r.end();
    return { kind: 'select', access, mailbox, condStore, qresync };
  };
};

function qresyncParameter(r: ArgReader): QResyncParameter {
  r.sp();
  r.expect('(');
  const uidValidity = r.nzNumber();
  r.sp();
  const modSeq = r.number64() as ModSeq;
  let knownUids: readonly NumberRange[] | undefined;
  let match: QResyncParameter['match'];
  if (r.tookSp() && r.peek() !== 0x28) {
    knownUids = knownSet(r);
    r.tookSp();
  }
  if (r.took('(')) {
    const sequence = knownSet(r);
    r.sp();
    match = { sequence, uids: knownSet(r) };
    r.expect(')');
  }
  r.expect(')');
  return { uidValidity, modSeq, knownUids, match };
}

/** known-uids and the like: a sequence-set without '*' and '$'. */
function knownSet(r: ArgReader): readonly NumberRange[] {
  const set = r.sequenceSet();
  if (set.kind === 'saved' || set.ranges.some((range) => range.last === star))
    return r.fail('Invalid set of known numbers');
  return set.ranges;
}

/** CREATE with RFC 6154 §3 `(USE (\Sent))`. */
export function create(r: ArgReader): Create {
  r.sp();
  let mailbox = r.mailbox();
  // The separator at the end only says that names below are meant to follow, RFC 9051 §6.3.4.
  if (mailbox.endsWith(separator)) mailbox = mailboxName(mailbox.slice(0, -1));
  const specialUse = new Set<string>();
  if (r.tookSp()) {
    r.list(() => {
      if (r.word() !== 'USE') r.fail('Unknown CREATE parameter');
      r.sp();
      for (const use of r.list(() => r.flag())) specialUse.add(canonicalSpecialUse(use));
    });
  }
  r.end();
  return { kind: 'create', mailbox, specialUse: [...specialUse] };
}

/** The commands whose one argument is a mailbox. */
export const onMailbox = (kind: OnMailbox['kind']) => {
  return (r: ArgReader): OnMailbox => {
    r.sp();
    const mailbox = r.mailbox();
    r.end();
    return { kind, mailbox };
  };
};

export function rename(r: ArgReader): Rename {
  r.sp();
  const from = r.mailbox();
  r.sp();
  let to = r.mailbox();
  // As with CREATE, which RENAME includes.
  if (to.endsWith(separator)) to = mailboxName(to.slice(0, -1));
  r.end();
  return { kind: 'rename', from, to };
}

const statusItemNames = new Map<string, StatusItem>([
  ['MESSAGES', 'messages'],
  ['UIDNEXT', 'uidNext'],
  ['UIDVALIDITY', 'uidValidity'],
  ['UNSEEN', 'unseen'],
  ['DELETED', 'deleted'],
  ['DELETED-STORAGE', 'deletedStorage'],
  ['SIZE', 'size'],
  ['RECENT', 'recent'],
  ['HIGHESTMODSEQ', 'highestModSeq'],
  ['APPENDLIMIT', 'appendLimit'],
  ['MAILBOXID', 'mailboxId'],
]);

/** "(" status-att *(SP status-att) ")", each once. Forgiven: an empty list. */
export function statusItems(r: ArgReader): StatusItem[] {
  return [...new Set(r.list(() => statusItemNames.get(r.word()) ?? r.fail('Unknown STATUS item')))];
}

export function status(r: ArgReader): Status {
  r.sp();
  const mailbox = r.mailbox();
  r.sp();
  const items = statusItems(r);
  r.end();
  return { kind: 'status', mailbox, items };
}

export function getQuota(r: ArgReader): GetQuota {
  r.sp();
  const root = r.astring();
  r.end();
  return { kind: 'getQuota', root };
}

/** SETQUOTA root (STORAGE 512), RFC 9208 §4.1.3. */
export function setQuota(r: ArgReader): SetQuota {
  r.sp();
  const root = r.astring();
  r.sp();
  const limits = r.list((): readonly [string, number] => {
    const resource = decodeText(r.astringBytes()).toUpperCase();
    r.sp();
    return [resource, r.number64()];
  });
  r.end();
  return { kind: 'setQuota', root, limits };
}
