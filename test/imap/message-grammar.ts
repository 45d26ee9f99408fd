import type { Value } from './response-reader.ts';

type List = Extract<Value, { kind: 'list' }>;
type Fail = (what: string) => never;

const isNil = (value: Value | undefined): boolean => value?.kind === 'atom' && value.text === 'NIL';
const isString = (value: Value | undefined): boolean => value?.kind === 'string' && value.form !== 'literal8';
const isNstring = (value: Value | undefined): boolean => isNil(value) || isString(value);
const isNumber = (value: Value | undefined): boolean =>
  value?.kind === 'atom' && /^(0|[1-9]\d*)$/.test(value.text);
const textOf = (value: Value | undefined): string =>
  value?.kind === 'string' ? value.octets.toString('utf8').toLowerCase() : '';

const spaced = ({ gaps }: List): boolean => gaps.every((gap) => gap === 'sp');
const adjacent = ({ gaps }: List): boolean => gaps.every((gap) => gap === 'none');

/** envelope, RFC 9051 §9: date, subject, six address lists, In-Reply-To, Message-ID. */
export function checkEnvelope(envelope: List, fail: Fail): void {
  const { items } = envelope;
  if (items.length !== 10 || !spaced(envelope)) fail('an envelope of ten');
  for (const i of [0, 1, 8, 9]) if (!isNstring(items[i])) fail(`envelope, item ${i}`);
  for (const i of [2, 3, 4, 5, 6, 7]) {
    const addresses = items[i]!;
    if (isNil(addresses)) continue;
    if (addresses.kind !== 'list' || addresses.items.length === 0 || !adjacent(addresses)) fail('addresses');
    for (const one of addresses.items)
      if (one.kind !== 'list' || one.items.length !== 4 || !spaced(one) || !one.items.every(isNstring))
        fail('an address of four');
  }
}

function checkParameters(value: Value | undefined, fail: Fail): void {
  if (isNil(value)) return;
  const fits =
    value?.kind === 'list' && value.items.length > 0 && value.items.length % 2 === 0 && spaced(value);
  if (!fits || !value.items.every(isString)) fail('parameters in pairs');
}

/** body-fld-dsp, body-fld-lang, body-fld-loc. */
function checkExtension([disposition, language, location, ...more]: readonly Value[], fail: Fail): void {
  if (!isNil(disposition)) {
    if (disposition?.kind !== 'list' || disposition.items.length !== 2 || !isString(disposition.items[0]))
      fail('a disposition');
    checkParameters(disposition.items[1], fail);
  }
  const languages = language?.kind === 'list' && language.items.length > 0 && language.items.every(isString);
  if (!languages && !isNstring(language)) fail('languages');
  if (!isNstring(location) || more.length > 0) fail('a location, and no more');
}

/** body, RFC 9051 §9; without extension data where it is 'short'. Not recursive: parts nest as deep as their senders like. */
export function checkBodyStructure(root: List, form: 'short' | 'full', fail: Fail): void {
  const left: List[] = [root];
  for (let body = left.pop(); body !== undefined; body = left.pop()) {
    const { items, gaps } = body;
    const parts = items.findIndex((item) => item.kind !== 'list');
    if (parts < 0) fail('a body without a type');
    if (parts > 0) {
      if (gaps.some((gap, i) => gap !== (i < parts - 1 ? 'none' : 'sp'))) fail('SP in a multipart');
      left.push(...(items.slice(0, parts) as List[]));
      if (!isString(items[parts])) fail('a subtype');
      const rest = items.slice(parts + 1);
      if (form === 'full') {
        checkParameters(rest[0], fail);
        checkExtension(rest.slice(1), fail);
      } else if (rest.length > 0) fail('extension data in BODY');
      continue;
    }
    if (!spaced(body)) fail('SP in a part');
    const [type, subtype, parameters, id, description, encoding, size, ...more] = items;
    if (!isString(type) || !isString(subtype) || !isString(encoding) || !isNumber(size)) fail('a part');
    if (!isNstring(id) || !isNstring(description)) fail('id and description');
    checkParameters(parameters, fail);
    let rest = more;
    if (textOf(type) === 'message' && /^(rfc822|global)$/.test(textOf(subtype))) {
      const [envelope, inner, lines] = rest;
      if (envelope?.kind !== 'list' || inner?.kind !== 'list' || !isNumber(lines)) fail('a message part');
      checkEnvelope(envelope, fail);
      left.push(inner);
      rest = rest.slice(3);
    } else if (textOf(type) === 'text') {
      if (!isNumber(rest[0])) fail('lines of a text part');
      rest = rest.slice(1);
    }
    if (form === 'full') {
      if (!isNstring(rest[0])) fail('an MD5');
      checkExtension(rest.slice(1), fail);
    } else if (rest.length > 0) fail('extension data in BODY');
  }
}
