/**
 * The grammar of everything the server may say, RFC 9051 §9 and its extensions, written down a second time and from the client's side: each
 * response that any test of real sessions reads is held against it.
 */
import { messageData } from './fetch-grammar.ts';
import {
  all,
  type Check,
  flagList,
  flags,
  match,
  number,
  objectId,
  orNil,
  set,
  uidSet,
} from './grammar-parts.ts';
import { ResponseReader, type Value } from './response-reader.ts';

/** Throws Ungrammatical where the octets, with their final CRLF, are no response. */
export function checkResponse(octets: Buffer, utf8: boolean): void {
  const r = new ResponseReader(octets, utf8);
  if (r.is('+ ')) {
    r.take('+ ');
    if (!r.is('\r\n')) text(r);
    r.end();
    return;
  }
  if (!r.is('* ')) {
    r.match(/[^\x00-\x20"(){}%*\\+\x7f-\xff]+/, 'a tag');
    r.sp();
    condition(r, /OK|NO|BAD/);
    r.end();
    return;
  }
  r.take('* ');
  if (/\d/.test(r.peek())) messageData(r);
  else {
    const at = r.at;
    const name = r.match(/[A-Z]+/, 'the name of a response');
    const check = responses.get(name);
    if (check === undefined) {
      r.at = at;
      condition(r, /OK|NO|BAD|BYE/);
    } else check(r);
  }
  r.end();
}

function text(r: ResponseReader): void {
  r.match(/[\x01-\x09\x0b\x0c\x0e-\x7f]+/, 'text');
}

function condition(r: ResponseReader, which: RegExp): void {
  r.match(which, 'a condition');
  r.sp();
  if (r.peek() === '[') {
    r.take('[');
    const name = r.match(/[A-Z0-9-]+/, 'a response code');
    const check = codes.get(name);
    if (check === undefined) r.fail(`no such response code: ${name}`);
    check(r);
    r.take('] ');
  }
  text(r);
}

const capabilities: Check = (r) => {
  const names = r
    .match(/( [A-Za-z0-9=+.-]+)+/, 'capabilities')
    .trim()
    .split(' ');
  if (!names.includes('IMAP4rev1') || new Set(names).size !== names.length) r.fail('capabilities');
};

const codes = new Map<string, Check>([
  ...(
    'ALERT ALREADYEXISTS AUTHENTICATIONFAILED AUTHORIZATIONFAILED CANNOT CLIENTBUG CLOSED CONTACTADMIN CORRUPTION EXPIRED ' +
    'EXPUNGEISSUED HASCHILDREN INUSE LIMIT NONEXISTENT NOPERM NOTSAVED OVERQUOTA PARSE PRIVACYREQUIRED READ-ONLY ' +
    'READ-WRITE SERVERBUG TOOBIG TRYCREATE UNAVAILABLE UNKNOWN-CTE USEATTR'
  )
    .split(' ')
    .map((name): [string, Check] => [name, () => undefined]),
  ['UIDNEXT', number],
  ['UIDVALIDITY', number],
  ['UNSEEN', number],
  ['HIGHESTMODSEQ', number],
  ['MODIFIED', set],
  ['APPENDUID', all(number, set)],
  ['COPYUID', all(number, set, set)],
  ['CAPABILITY', capabilities],
  [
    'PERMANENTFLAGS',
    (r) => {
      r.sp();
      flags(r, 'new keywords too');
    },
  ],
  ['MAILBOXID', objectId],
  [
    'BADCHARSET',
    (r) => {
      r.sp();
      r.list();
    },
  ],
]);

const mailboxAttributes =
  /\\(NonExistent|Noinferiors|Noselect|HasChildren|HasNoChildren|Subscribed|All|Archive|Drafts|Flagged|Junk|Sent|Trash)/;

const mailboxList: Check = (r) => {
  r.take(' (');
  while (r.peek() !== ')') {
    r.match(mailboxAttributes, 'an attribute');
    if (r.peek() !== ')') r.sp();
  }
  r.take(') "/" ');
  r.astring();
  if (r.peek() !== ' ') return;
  r.sp();
  const { items } = r.list();
  if (items.length === 0 || items.length % 2 !== 0) r.fail('extended data in pairs');
};

const statusItems: Readonly<Record<string, RegExp>> = {
  MESSAGES: /^\d+$/,
  UIDNEXT: /^[1-9]\d*$/,
  UIDVALIDITY: /^[1-9]\d*$/,
  UNSEEN: /^\d+$/,
  DELETED: /^\d+$/,
  'DELETED-STORAGE': /^\d+$/,
  SIZE: /^\d+$/,
  RECENT: /^\d+$/,
  HIGHESTMODSEQ: /^[1-9]\d*$/,
  APPENDLIMIT: /^(\d+|NIL)$/,
  MAILBOXID: /^\([A-Za-z0-9_-]+\)$/,
};

const show = (value: Value): string =>
  value.kind === 'atom'
    ? value.text
    : value.kind === 'list'
      ? `(${value.items.map(show).join(' ')})`
      : JSON.stringify(value.octets.toString());

const status: Check = (r) => {
  r.sp();
  r.astring();
  r.sp();
  const { items } = r.list();
  for (let i = 0; i < items.length; i += 2) {
    const name = show(items[i]!);
    const value = items[i + 1];
    if (value === undefined || !statusItems[name]?.test(show(value))) r.fail(`STATUS ${name}`);
  }
};

const numbers: Check = (r) => {
  while (/^ \d/.test(r.octets.toString('latin1', r.at, r.at + 2))) number(r);
  if (r.is(' (MODSEQ ')) r.match(/ \(MODSEQ \d+\)/, 'MODSEQ');
};

const esearch: Check = (r) => {
  r.take(' (TAG ');
  r.string();
  r.take(')');
  if (r.is(' UID')) r.take(' UID');
  while (r.peek() === ' ')
    r.match(
      new RegExp(
        ` ((MIN|MAX|COUNT|MODSEQ) \\d+|ALL ${uidSet.source}|PARTIAL \\(-?\\d+:-?\\d+ (NIL|${uidSet.source})\\))`,
      ),
      'a result',
    );
};

/** thread-list, RFC 5256 §5, with its parentheses in balance. */
const thread: Check = (r) => {
  if (r.is('\r\n')) return;
  r.sp();
  do r.list();
  while (r.peek() === '(');
};

const astrings: Check = (r) => {
  while (r.peek() === ' ') {
    r.sp();
    r.astring();
  }
};

const responses = new Map<string, Check>([
  ['CAPABILITY', capabilities],
  ['ENABLED', match(/( [A-Za-z0-9=]+)*(?=\r)|(?=\r)/, 'capabilities')],
  ['FLAGS', flagList],
  ['LIST', mailboxList],
  ['LSUB', mailboxList],
  ['STATUS', status],
  ['SEARCH', numbers],
  ['SORT', numbers],
  ['ESEARCH', esearch],
  ['THREAD', thread],
  ['NAMESPACE', match(/( (NIL|\(\("" "\/"\)\))){3}/, 'three namespaces')],
  [
    'ID',
    orNil((r) => {
      r.sp();
      r.list();
    }),
  ],
  [
    'QUOTA',
    (r) => {
      r.sp();
      r.astring();
      r.match(/ \(([A-Z]+ \d+ \d+( |(?=\))))*\)/, 'resources');
    },
  ],
  ['QUOTAROOT', astrings],
  [
    'VANISHED',
    (r) => {
      if (r.is(' (EARLIER)')) r.take(' (EARLIER)');
      set(r);
    },
  ],
]);
