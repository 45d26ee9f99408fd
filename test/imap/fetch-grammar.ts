import { type Check, flagList, match, number, objectId, orNil } from './grammar-parts.ts';
import { checkBodyStructure, checkEnvelope } from './message-grammar.ts';
import type { ResponseReader } from './response-reader.ts';

/** What begins with a number, RFC 9051 §9: message-data, and mailbox-data's EXISTS and RECENT. */
export function messageData(r: ResponseReader): void {
  const n = r.number();
  r.sp();
  const name = r.match(/EXISTS|RECENT|EXPUNGE|FETCH/, 'message data');
  if (n === 0 && (name === 'EXPUNGE' || name === 'FETCH')) r.fail('message 0');
  if (name !== 'FETCH') return;
  r.take(' (');
  for (;;) {
    fetchItem(r);
    if (r.peek() === ')') break;
    r.sp();
  }
  r.take(')');
}

const section =
  /BODY\[([1-9]\d*(\.[1-9]\d*)*)?(\.?(MIME|TEXT|HEADER(\.FIELDS(\.NOT)? \([^)]+\))?))?\](<\d+>)?|BINARY\[([1-9]\d*(\.[1-9]\d*)*)?\](<\d+>)?|RFC822(\.HEADER|\.TEXT)?(?= )/;
const date = / "[ \d]\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d [+-]\d{4}"/;

function fetchItem(r: ResponseReader): void {
  const { octets, at } = r;
  const ahead = octets.toString('latin1', at, at + 2000);
  if (new RegExp(`^(${section.source})`).test(ahead)) {
    const name = r.match(section, 'a section');
    r.sp();
    if (r.is('NIL')) {
      r.take('NIL');
      return;
    }
    const value = r.string();
    if (value.kind === 'string' && value.form === 'literal8' && !name.startsWith('BINARY'))
      r.fail('literal8 in BODY');
    return;
  }
  const name = r.match(/[A-Z0-9.]+(\[[\d.]*\])?/, 'a FETCH item');
  const check = fetchItems.get(name.replace(/\[.*/, '['));
  if (check === undefined) r.fail(`no such item: ${name}`);
  check(r);
}

const structure =
  (form: 'short' | 'full'): Check =>
  (r) => {
    r.sp();
    checkBodyStructure(r.list(), form, (what) => r.fail(what));
  };

const fetchItems = new Map<string, Check>([
  ['UID', number],
  ['RFC822.SIZE', number],
  ['BINARY.SIZE[', number],
  ['FLAGS', flagList],
  ['MODSEQ', match(/ \([1-9]\d*\)/, 'a mod-sequence')],
  ['INTERNALDATE', match(date, 'a date')],
  ['SAVEDATE', orNil(match(date, 'a date'))],
  ['EMAILID', objectId],
  ['THREADID', orNil(objectId)],
  [
    'PREVIEW',
    orNil((r) => {
      r.sp();
      r.string();
    }),
  ],
  [
    'ENVELOPE',
    (r) => {
      r.sp();
      checkEnvelope(r.list(), (what) => r.fail(what));
    },
  ],
  ['BODY', structure('short')],
  ['BODYSTRUCTURE', structure('full')],
]);
