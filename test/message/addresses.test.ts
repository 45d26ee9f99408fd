import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxAddresses, parseAddresses } from '../../shared/message/addresses.ts';
import type { EnvelopeAddress } from '../../shared/message/structure.ts';

/** name|mailbox|host, "-" where undefined. */
const show = ({ name, mailbox, host }: EnvelopeAddress): string =>
  [name, mailbox, host].map((piece) => piece ?? '-').join('|');

for (const [what, text, ...want] of [
  ['a bare address', 'joe@example.org', '-|joe|example.org'],
  ['a name', 'Joe Q. Public <joe@example.org>', 'Joe Q. Public|joe|example.org'],
  ['a quoted name', '"Public, \\"Joe\\"" <joe@example.org>', 'Public, "Joe"|joe|example.org'],
  ['a comment as the name', 'joe@example.org (Joe (the) Doe)', 'Joe (the) Doe|joe|example.org'],
  ['comments anywhere', '(a) Joe (b) <(c) joe (d) @ (e) example.org (f)> (g)', 'Joe|joe|example.org'],
  ['a group', 'Team: a@x, B <b@y>; , c@z', '-|Team|-', '-|a|x', 'B|b|y', '-|-|-', '-|c|z'],
  ['an empty group', 'undisclosed-recipients:;', '-|undisclosed-recipients|-', '-|-|-'],
  ['a group that does not end', 'Team: a@x', '-|Team|-', '-|a|x', '-|-|-'],
  ['a route', '<@a.example,@b.example:joe@example.org>', '-|joe|example.org'],
  ['a quoted local part', '"john doe"@example.org', '-|john doe|example.org'],
  ['a domain literal', 'joe@[IPv6:2001:db8::1]', '-|joe|[IPv6:2001:db8::1]'],
  ['white space around dots and at', 'joe . doe @ example . org', '-|joe.doe|example.org'],
  ['encoded words as received', '=?utf-8?Q?a=2Cb?= =?x?B?YQ==?= <a@x>', '=?utf-8?Q?a=2Cb?= =?x?B?YQ==?=|a|x'],
  ['a comma inside an encoded word', '=?utf-8?Q?Doe,_Joe?= <a@x>', '=?utf-8?Q?Doe,_Joe?=|a|x'],
  ['empty items', ', ,a@x,,', '-|a|x'],
  ['semicolons between addresses', 'a@x; b@y', '-|a|x', '-|b|y'],
  ['a name without brackets', 'Joe Doe joe@example.org', 'Joe Doe|joe|example.org'],
  ['no domain', 'joe', '-|joe|'],
  ['the empty path', '<>', '-||'],
  ['8-bit names', 'Jürgen <j@bücher.example>', 'Jürgen|j|bücher.example'],
  ['brackets that do not close', 'Joe <joe@example.org', 'Joe|joe|example.org'],
  ['two at signs', 'a@b@c', '-|a@b|c'],
  ['nothing', ' (only a comment) '],
] as const)
  test(`address list with ${what}`, () => assert.deepEqual(parseAddresses(text).map(show), want));

test('any text is an address list, within the bound', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(fc.constantFrom(...'<>@,;:()"[]\\. =?', '=?utf-8?q?a,b?='), fc.string({ maxLength: 5 })),
      ),
      (pieces) => {
        for (const address of parseAddresses(pieces.join('')))
          assert.ok(
            address.mailbox !== undefined || (address.name === undefined && address.host === undefined),
          );
      },
    ),
    { numRuns: 2000 },
  ));

test('endless and hostile lists are bounded', () => {
  assert.equal(parseAddresses('a@x,'.repeat(200_000)).length, maxAddresses);
  for (const unit of ['<@a,', '[', '"', '(', 'a@:', '=?', '<', ':', '=?a?q?', '\\', 'a '])
    assert.ok(parseAddresses(unit.repeat(200_000)).length <= maxAddresses);
});
