/** SEARCH, SORT and THREAD around their keys (RFC 9051 §6.4.4, RFC 5256, RFC 5267 §3, RFC 5957). */
import type { ArgReader } from '../arg-reader.ts';
import { decodeText } from '../characters.ts';
import type { Numbers, Search, Sort, Thread } from '../commands.ts';
import type { SearchCharset, SearchReturn, SortKey, ThreadAlgorithm } from '../search-criteria.ts';
import { criteria, type TextDecoding } from './search-key.ts';

const returnOptions = new Map<string, SearchReturn>([
  ['MIN', 'min'],
  ['MAX', 'max'],
  ['ALL', 'all'],
  ['COUNT', 'count'],
  ['SAVE', 'save'],
]);

export const search = (numbers: Numbers) => {
  return (r: ArgReader): Search => {
    r.sp();
    const returns = returnList(r);
    if (returns) r.sp();
    let charset: SearchCharset = { kind: 'supported', name: undefined };
    if (r.tookWord('CHARSET')) {
      r.sp();
      charset = searchCharset(r);
      r.sp();
    }
    const keys = criteria(r, decodingOf(charset));
    r.end();
    return { kind: 'search', numbers, returns, charset, criteria: keys };
  };
};

/** RETURN (…); undefined where it is not at hand. */
function returnList(r: ArgReader): readonly SearchReturn[] | undefined {
  if (!r.tookWord('RETURN')) return undefined;
  // Forgiven: no space before the list.
  if (r.peek() !== 0x28) r.sp();
  const options = [
    ...new Set(r.list(() => returnOptions.get(r.word()) ?? r.fail('Unknown SEARCH return option'))),
  ];
  return options.length === 0 ? ['all'] : options;
}

/** Forgiven: an empty charset or NIL means none. */
function searchCharset(r: ArgReader): SearchCharset {
  const name = decodeText(r.astringBytes()).toUpperCase();
  if (name === '' || name === 'NIL') return { kind: 'supported', name: undefined };
  return isSupported(name) ? { kind: 'supported', name } : { kind: 'unsupported', name };
}

/** Whether the platform can decode it; UTF-16 and the like cannot be what stands between quotes. */
function isSupported(name: string): boolean {
  if (/^(?:UTF-?16|UNICODE|UCS|ISO-10646-UCS|CSUNICODE)/.test(name)) return false;
  try {
    new TextDecoder(name);
    return true;
  } catch {
    return false;
  }
}

function decodingOf(charset: SearchCharset): TextDecoding {
  const { name } = charset;
  // Of an unsupported charset only the syntax matters.
  if (charset.kind === 'unsupported' || name === undefined || name === 'UTF-8' || name === 'US-ASCII')
    return decodeText;
  const decoder = new TextDecoder(name);
  return (bytes) => decoder.decode(bytes);
}

const sortKeys = new Map<string, SortKey['by']>([
  ['ARRIVAL', 'arrival'],
  ['CC', 'cc'],
  ['DATE', 'date'],
  ['FROM', 'from'],
  ['SIZE', 'size'],
  ['SUBJECT', 'subject'],
  ['TO', 'to'],
  ['DISPLAYFROM', 'displayFrom'],
  ['DISPLAYTO', 'displayTo'],
]);

export const sort = (numbers: Numbers) => {
  return (r: ArgReader): Sort => {
    r.sp();
    const returns = returnList(r);
    if (returns) r.sp();
    const order = r.list((): SortKey => {
      let name = r.word();
      const direction = name === 'REVERSE' ? 'descending' : 'ascending';
      if (direction === 'descending') {
        r.sp();
        name = r.word();
      }
      return { by: sortKeys.get(name) ?? r.fail('Unknown SORT key'), direction };
    });
    if (order.length === 0) r.fail('Expected a SORT key');
    // What is named again decides nothing any more.
    const deciding = order.filter(({ by }, i) => order.findIndex((key) => key.by === by) === i);
    r.sp();
    const charset = searchCharset(r);
    r.sp();
    const keys = criteria(r, decodingOf(charset));
    r.end();
    return { kind: 'sort', numbers, returns, order: deciding, charset, criteria: keys };
  };
};

const algorithms = new Map<string, ThreadAlgorithm>([
  ['ORDEREDSUBJECT', 'orderedSubject'],
  ['REFERENCES', 'references'],
]);

export const thread = (numbers: Numbers) => {
  return (r: ArgReader): Thread => {
    r.sp();
    const algorithm = algorithms.get(r.word()) ?? r.fail('Unknown THREAD algorithm');
    r.sp();
    const charset = searchCharset(r);
    r.sp();
    const keys = criteria(r, decodingOf(charset));
    r.end();
    return { kind: 'thread', numbers, algorithm, charset, criteria: keys };
  };
};
