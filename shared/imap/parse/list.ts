/** LIST with its extensions, and LSUB (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154; RFC 3501 §6.3.9). */
import type { ArgReader } from '../arg-reader.ts';
import type { List, ListReturn, ListSelection, Lsub, StatusItem } from '../commands.ts';
import { statusItems } from './mailbox.ts';

const selections = new Map<string, ListSelection>([
  ['SUBSCRIBED', 'subscribed'],
  ['REMOTE', 'remote'],
  ['RECURSIVEMATCH', 'recursiveMatch'],
  ['SPECIAL-USE', 'specialUse'],
]);

const returnOptions = new Map<string, ListReturn>([
  ['SUBSCRIBED', 'subscribed'],
  ['CHILDREN', 'children'],
  ['SPECIAL-USE', 'specialUse'],
]);

export function list(r: ArgReader): List {
  r.sp();
  let form: List['form'] = 'basic';
  let select: readonly ListSelection[] = [];
  if (r.peek() === 0x28) {
    form = 'extended';
    select = unique(r.list(() => selections.get(r.word()) ?? r.fail('Unknown LIST selection option')));
    // RFC 5258 §3: RECURSIVEMATCH needs something to match recursively; REMOTE is not it.
    if (select.includes('recursiveMatch') && !select.includes('subscribed') && !select.includes('specialUse'))
      r.fail('RECURSIVEMATCH needs another selection option');
    r.sp();
  }
  const reference = r.peek() === 0x28 ? r.fail('Expected a reference name') : r.pattern();
  r.sp();
  let patterns: readonly string[];
  if (r.peek() === 0x28) {
    form = 'extended';
    patterns = unique(r.list(() => r.pattern()));
    if (patterns.length === 0) r.fail('Expected a mailbox pattern');
  } else patterns = [r.pattern()];
  const returns = new Set<ListReturn>();
  let status: readonly StatusItem[] | undefined;
  if (r.tookSp()) {
    form = 'extended';
    if (r.word() !== 'RETURN') r.fail('Expected RETURN');
    r.sp();
    r.list(() => {
      const name = r.word();
      if (name === 'STATUS') {
        r.sp();
        status = statusItems(r);
      } else returns.add(returnOptions.get(name) ?? r.fail('Unknown LIST return option'));
    });
  }
  r.end();
  return { kind: 'list', form, reference, patterns, select, returns: [...returns], status };
}

export function lsub(r: ArgReader): Lsub {
  r.sp();
  const reference = r.pattern();
  r.sp();
  const pattern = r.pattern();
  r.end();
  return { kind: 'lsub', reference, pattern };
}

const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
