import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();
const words = ['alpha', 'beta', 'gamma'] as const;
const flags = ['\\Seen', '\\Flagged', '$Label'] as const;
const count = 60;

interface Sample {
  readonly number: number;
  readonly flags: readonly string[];
  readonly subject: string;
  readonly body: string;
  readonly day: number;
}

/** Every mixture of what can be asked for, in an order without pattern. */
const samples: readonly Sample[] = Array.from({ length: count }, (_, i) => {
  const mixed = (i * 37) % 101;
  return {
    number: i + 1,
    flags: flags.filter((_flag, bit) => (mixed >> bit) & 1),
    subject: words[mixed % 3]!,
    body: words[(mixed >> 2) % 3]!,
    day: 1 + (mixed % 5),
  };
});

/** A criterion as SEARCH has it, and what it means. */
interface Criterion {
  readonly text: string;
  readonly holds: (sample: Sample) => boolean;
}

const word = fc.constantFrom(...words);
const number = fc.integer({ min: 1, max: count });
const leaf: fc.Arbitrary<Criterion> = fc.oneof(
  fc.constant({ text: 'ALL', holds: () => true }),
  fc.constantFrom(...flags).map((flag): Criterion => {
    const holds = (s: Sample): boolean => s.flags.includes(flag);
    return { text: flag.startsWith('\\') ? flag.slice(1).toUpperCase() : `KEYWORD ${flag}`, holds };
  }),
  fc.tuple(number, number, fc.constantFrom('', 'UID ')).map(
    ([a, b, prefix]): Criterion => ({
      text: `${prefix}${a}:${b}`,
      holds: (s) => s.number >= Math.min(a, b) && s.number <= Math.max(a, b),
    }),
  ),
  word.map((w): Criterion => ({ text: `SUBJECT ${w.toUpperCase()}`, holds: (s) => s.subject === w })),
  word.map((w): Criterion => ({ text: `BODY ${w}`, holds: (s) => s.body === w })),
  word.map((w): Criterion => ({ text: `TEXT ${w}`, holds: (s) => s.body === w || s.subject === w })),
  fc
    .integer({ min: 1, max: 6 })
    .map((day): Criterion => ({ text: `BEFORE ${day}-Mar-2024`, holds: (s) => s.day < day })),
);

const { tree } = fc.letrec<{ tree: Criterion }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    tie('tree').map((a): Criterion => ({ text: `NOT ${a.text}`, holds: (s) => !a.holds(s) })),
    fc
      .tuple(tie('tree'), tie('tree'))
      .map(
        ([a, b]): Criterion => ({ text: `OR ${a.text} ${b.text}`, holds: (s) => a.holds(s) || b.holds(s) }),
      ),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map(
      (all): Criterion => ({
        text: `(${all.map(({ text }) => text).join(' ')})`,
        holds: (s) => all.every(({ holds }) => holds(s)),
      }),
    ),
  ),
}));

const account = await local.account();
const deliverSome = (some: readonly Sample[]) =>
  deliver(
    account,
    'INBOX',
    some.map(({ flags: set, subject, body, day }) => ({
      text: `Subject: ${subject}\n\n${body}\n`,
      flags: set,
      internalDate: Date.UTC(2024, 2, day, 12) / 1000,
    })),
  );
// Of most of them a snapshot has an index of their texts, of the others none has.
await deliverSome(samples.slice(0, 45));
await account.compact();
await deliverSome(samples.slice(45));

test('any criteria find what they mean, whatever they are decided by', () =>
  fc.assert(
    fc.asyncProperty(tree, fc.array(tree, { maxLength: 2 }), async (first, more) => {
      const criteria = [first, ...more];
      const session = new MessageSession(account);
      const [line, tagged] = await session.lines(`SEARCH ${criteria.map(({ text }) => text).join(' ')}`);
      const found = line!.split(' ').slice(2).map(Number);
      assert.match(tagged!, /^a OK /);
      const meant = samples.filter((sample) => criteria.every(({ holds }) => holds(sample)));
      assert.deepEqual(
        found,
        meant.map(({ number: n }) => n),
      );
    }),
    { numRuns: 300 },
  ));
