/** Commands that change messages: STORE, COPY, MOVE, EXPUNGE (RFC 9051 §6.4, RFC 7162 §3.1.3, RFC 4315). */
import type { ArgReader } from '../arg-reader.ts';
import type { CopyOrMove, Expunge, Numbers, Store } from '../commands.ts';

const actions = new Map<number, Store['action']>([
  [0x2b, 'add'],
  [0x2d, 'remove'],
]);

/** Forgiven: flags without parentheses, which the grammar allows and clients use, also where there is only one. */
export const store = (numbers: Numbers) => {
  return (r: ArgReader): Store => {
    r.sp();
    const set = r.sequenceSet();
    r.sp();
    let unchangedSince: number | undefined;
    if (r.peek() === 0x28) {
      r.list(() => {
        if (r.word() !== 'UNCHANGEDSINCE') r.fail('Unknown STORE modifier');
        r.sp();
        unchangedSince = r.number64();
      });
      r.sp();
    }
    const action = actions.get(r.peek()) ?? 'replace';
    if (action !== 'replace') r.at++;
    const name = r.word();
    if (name !== 'FLAGS' && name !== 'FLAGS.SILENT') r.fail('Expected FLAGS or FLAGS.SILENT');
    const answer = name === 'FLAGS' ? 'report' : 'silent';
    // Forgiven: no space before the parenthesis.
    if (r.peek() !== 0x28) r.sp();
    let flags: string[];
    if (r.peek() === 0x28) flags = r.list(() => r.flag());
    else {
      flags = [r.flag()];
      while (r.tookSp()) flags.push(r.flag());
    }
    r.end();
    return { kind: 'store', numbers, set, action, answer, flags: uniqueFlags(flags), unchangedSince };
  };
};

/** Each flag once, without regard to case. Forgiven: \Recent, which clients copy from FETCH's answers and nobody can set. */
export function uniqueFlags(flags: readonly string[]): string[] {
  const seen = new Set(['\\recent']);
  return flags.filter((flag) => seen.size < seen.add(flag.toLowerCase()).size);
}

export const copyOrMove = (kind: CopyOrMove['kind'], numbers: Numbers) => {
  return (r: ArgReader): CopyOrMove => {
    r.sp();
    const set = r.sequenceSet();
    r.sp();
    const mailbox = r.mailbox();
    r.end();
    return { kind, numbers, set, mailbox };
  };
};

export function expunge(r: ArgReader): Expunge {
  r.end();
  return { kind: 'expunge', uids: undefined };
}

export function uidExpunge(r: ArgReader): Expunge {
  r.sp();
  const uids = r.sequenceSet();
  r.end();
  return { kind: 'expunge', uids };
}
