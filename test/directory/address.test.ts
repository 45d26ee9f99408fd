import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { asciiDomain, parseAddress, parseAliasAddress, parseDomain } from '../../shared/directory/address.ts';

for (const [text, address, detail] of [
  ['alice@example.test', 'alice@example.test', undefined],
  ['Alice@EXAMPLE.Test', 'alice@example.test', undefined],
  ['alice+lists@example.test', 'alice+lists@example.test', 'lists'],
  ['alice+a+b@example.test', 'alice+a+b@example.test', 'a+b'],
  ['alice+@example.test', 'alice+@example.test', undefined],
  ['+x@example.test', '+x@example.test', undefined],
  ['"alice"@example.test', 'alice@example.test', undefined],
  ['"Alice Smith"@example.test', '"alice smith"@example.test', undefined],
  ['"a\\"b@c"@example.test', '"a\\"b@c"@example.test', undefined],
  ['"\\a"@example.test', 'a@example.test', undefined],
  ['foo..bar.@example.test', '"foo..bar."@example.test', undefined],
  ['用户@例子.广告', '用户@例子.广告', undefined],
  ['Ünal@XN--MNCHEN-3YA.de', 'ünal@münchen.de', undefined],
  ['u\u0308@example.test', 'ü@example.test', undefined],
  ['a@MÜNCHEN.de', 'a@münchen.de', undefined],
  ['a@localhost', 'a@localhost', undefined],
  ["o'neil/x=y@example.test", "o'neil/x=y@example.test", undefined],
] as const)
  test(`${text} is known as ${address}`, () => {
    const parsed = parseAddress(text);
    assert.ok(parsed.ok);
    assert.equal(parsed.value.address, address);
    assert.equal(parsed.value.detail, detail);
  });

for (const [text, error] of [
  ['', 'noDomain'],
  ['alice', 'noDomain'],
  ['@example.test', 'badLocalPart'],
  ['al ice@example.test', 'badLocalPart'],
  ['alice\n@example.test', 'badLocalPart'],
  ['"alice\n"@example.test', 'badLocalPart'],
  ['"alice@example.test', 'badLocalPart'],
  ['al"ice@example.test', 'badLocalPart'],
  ['<alice@example.test', 'badLocalPart'],
  ['""@example.test', 'badLocalPart'],
  ['a\u200bb@example.test', 'badLocalPart'],
  ['a\u202eb@example.test', 'badLocalPart'],
  ['a\ud800@example.test', 'badLocalPart'],
  [`${'a'.repeat(65)}@example.test`, 'localPartTooLong'],
  [`${'ü'.repeat(33)}@example.test`, 'localPartTooLong'],
  [`${'a'.repeat(10_000)}@example.test`, 'localPartTooLong'],
  ['alice@', 'badDomain'],
  ['alice@example.test.', 'badDomain'],
  ['alice@a..b', 'badDomain'],
  ['alice@-a.test', 'badDomain'],
  ['alice@a-.test', 'badDomain'],
  ['alice@a_b.test', 'badDomain'],
  ['alice@exa%41mple.test', 'badDomain'],
  ['alice@example.test/x', 'badDomain'],
  ['alice@example.test:25', 'badDomain'],
  ['alice@127.0.0.1', 'badDomain'],
  ['alice@1.2', 'badDomain'],
  ['alice@[127.0.0.1]', 'domainLiteral'],
  ['alice@exa mple.test', 'badDomain'],
  ['alice@exam\u00adple.test', 'badDomain'],
  [`alice@${'a'.repeat(64)}.test`, 'badDomain'],
  [`alice@${'a.'.repeat(127)}test`, 'domainTooLong'],
] as const)
  test(`${JSON.stringify(text.slice(0, 40))} is refused: ${error}`, () => {
    assert.deepEqual(parseAddress(text), { ok: false, error });
  });

test('the address without its detail', () => {
  const parsed = parseAddress('Alice+Lists@Example.Test');
  assert.ok(parsed.ok);
  assert.equal(parsed.value.base, 'alice@example.test');
});

test('a domain goes to A-labels and back', () => {
  const domain = parseDomain('例子.广告');
  assert.ok(domain.ok);
  assert.equal(asciiDomain(domain.value), 'xn--fsqu00a.xn--4rr70v');
  assert.deepEqual(parseDomain('xn--fsqu00a.xn--4rr70v'), domain);
});

test('an alias may be a catch-all', () => {
  const alias = parseAliasAddress('@Example.Test');
  assert.ok(alias.ok);
  assert.equal(alias.value.address, '@example.test');
  assert.equal(parseAliasAddress('@').ok, false);
  assert.equal(parseAliasAddress('Sales@example.test').ok, true);
});

const localParts = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20 }),
  fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
  fc.string({ minLength: 1, maxLength: 20 }).map((text) => `"${text}"`),
);

test('any text is an address or an error, and normalising twice changes nothing', () => {
  fc.assert(
    fc.property(localParts, fc.oneof(fc.domain(), fc.string({ unit: 'binary' })), (local, domain) => {
      const once = parseAddress(`${local}@${domain}`);
      if (!once.ok) return;
      const twice = parseAddress(once.value.address);
      assert.deepEqual(twice, once);
      const base = parseAddress(once.value.base);
      assert.ok(base.ok);
      assert.equal(base.value.address, once.value.base);
    }),
    { numRuns: 2000 },
  );
});
