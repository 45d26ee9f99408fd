import { readQuoted, skipCfws } from './parameters.ts';

/** More references than this in one field are thinned: the first and the newest are kept. */
export const maxReferences = 1000;

/**
 * The message ids of a References, In-Reply-To or Message-ID value, without brackets, normalised as RFC 5256 §2.3 asks (quoting that is
 * not needed removed), in order. What is no message id is passed over.
 */
export function parseMessageIds(value: string): string[] {
  const ids: string[] = [];
  let at = 0;
  while (at < value.length) {
    const c = value[at]!;
    if (c === '(') at = skipCfws(value, at);
    else if (c === '"') at = readQuoted(value, at).end;
    else if (c === '<') {
      const { id, end } = readId(value, at + 1);
      if (id !== undefined) ids.push(id);
      at = end;
    } else at++;
  }
  return ids.length <= maxReferences ? ids : [ids[0]!, ...ids.slice(1 - maxReferences)];
}

function readId(value: string, from: number): { readonly id: string | undefined; readonly end: number } {
  let id = '';
  let at = from;
  while (at < value.length && value[at] !== '>' && value[at] !== '<') {
    const c = value[at]!;
    if (c === '"') {
      const quoted = readQuoted(value, at);
      id += quoted.value;
      at = quoted.end;
    } else if (c === ' ' || c === '\t' || c === '(') at = Math.max(at + 1, skipCfws(value, at));
    else {
      const start = at;
      while (at < value.length && !'<>" \t('.includes(value[at]!)) at++;
      id += value.slice(start, at);
    }
  }
  const closed = value[at] === '>';
  return { id: closed && id !== '' ? id : undefined, end: closed ? at + 1 : at };
}
