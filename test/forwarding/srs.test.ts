import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { claimsRewriting, loopMark, senderRewriting } from '../../services/forwarding/srs.ts';
import { day } from '../support/test-clock.ts';

const now = Date.UTC(2026, 10, 28);
const ours = senderRewriting(Buffer.from('a secret of ours'));
const theirs = senderRewriting(Buffer.from('a secret of others'));
const local = (address: string) => address.slice(0, address.lastIndexOf('@'));
const back = (address: string, at = now) => ours.restore(local(address), at);

test('a rewritten sender is led back to the one before, for 21 days', () => {
  const rewritten = ours.rewrite('Ann.Lee@elsewhere.test', 'example.org', now);
  assert.match(rewritten, /^SRS0=[a-z2-7]{6}=[a-z2-7]{2}=elsewhere\.test=Ann\.Lee@example\.org$/);
  assert.ok(claimsRewriting(local(rewritten)));
  assert.equal(back(rewritten), 'Ann.Lee@elsewhere.test');
  assert.equal(back(rewritten, now + 21 * day), 'Ann.Lee@elsewhere.test');
  assert.equal(back(rewritten, now + 22 * day), undefined);
  assert.equal(back(rewritten, now - day), undefined, 'a day that is yet to come was not written here');
});

test('a sender in a domain of other letters is rewritten in ASCII', () => {
  const rewritten = ours.rewrite('ann@müller.test', 'example.org', now);
  assert.match(rewritten, /^SRS0=[a-z2-7]{6}=[a-z2-7]{2}=xn--mller-kva\.test=ann@example\.org$/);
  assert.equal(back(rewritten), 'ann@xn--mller-kva.test');
});

test('any sender survives the way there and back, whatever servers make of the case', () => {
  const name = fc.stringMatching(/^[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}$/);
  fc.assert(
    fc.property(name, fc.constantFrom('a.test', 'mail.b.example'), fc.boolean(), (who, host, upper) => {
      const rewritten = local(ours.rewrite(`${who}@${host}`, 'example.org', now));
      const restored = ours.restore(upper ? rewritten.toUpperCase() : rewritten, now);
      assert.equal(restored?.toLowerCase(), `${who}@${host}`);
    }),
  );
  const quoted = ours.rewrite('"a b"@elsewhere.test', 'example.org', now);
  assert.equal(back(quoted), '"a b"@elsewhere.test');
});

test('what was forged, changed or made elsewhere is led nowhere', () => {
  const rewritten = ours.rewrite('ann@elsewhere.test', 'example.org', now);
  assert.equal(back(theirs.rewrite('ann@elsewhere.test', 'example.org', now)), undefined);
  assert.equal(back(rewritten.replace('=ann@', '=bob@')), undefined);
  assert.equal(back(rewritten.replace('elsewhere', 'nowhere')), undefined);
  for (let at = 5; at < 11; at++) {
    const other = rewritten[at] === 'a' ? 'b' : 'a';
    assert.equal(back(rewritten.slice(0, at) + other + rewritten.slice(at + 1)), undefined);
  }
  for (const text of [
    'SRS0=aaaaaa=aa=elsewhere.test=ann',
    'SRS0=',
    'SRS0==a=b=c',
    'SRS1=aaaaaa=x==y',
    'srs0',
  ])
    assert.equal(ours.restore(text, now), undefined);
});

test('a sender that others rewrote is led back to the first of them, and no further', () => {
  const first = theirs.rewrite('ann@elsewhere.test', 'first.test', now);
  const second = ours.rewrite(first, 'example.org', now);
  assert.match(second, /^SRS1=[a-z2-7]{6}=first\.test==[a-z2-7]{6}=..=elsewhere\.test=ann@example\.org$/);
  assert.equal(back(second), first);
  const third = theirs.rewrite(second, 'third.test', now);
  assert.match(third, /^SRS1=[a-z2-7]{6}=first\.test==/);
  assert.equal(theirs.restore(local(third), now), first);
  assert.equal(back(second.replace('first.test', 'other.test')), undefined);
});

test('the null sender, and what is no address, stay as they are', () => {
  for (const sender of ['', 'nobody', 'ann@[127.0.0.1]'])
    assert.equal(ours.rewrite(sender, 'example.org', now), sender);
});

test('marks tell accounts and installations apart', () => {
  const marks = ['a', 'b'].flatMap((secret) => ['1', '2'].map((id) => loopMark(Buffer.from(secret), id)));
  assert.equal(new Set(marks).size, 4);
});
