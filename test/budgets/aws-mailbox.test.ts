import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMaildrop } from '../../services/pop3/open-maildrop.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { answerColumns } from '../../shared/engine/segment.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Asked } from '../support/aws-meter.ts';
import { readUnits } from '../support/capacity-units.ts';
import { day } from '../support/test-clock.ts';
import { awsImapCosts } from './aws-imap-costs.ts';
import { AwsWorld } from './aws-world.ts';
import { sizes } from './big-account.ts';

/**
 * What operations ask of DynamoDB and S3, request by request, and the units that DynamoDB charges for them (design, section 6): the adapters are the real
 * ones. A request that is not named here is one too many.
 */

/** Nothing of the tables, and so many objects at most. */
function assertGets({ requests: { GetObject: gets = 0, ...others } }: Asked, most: number): void {
  assert.deepEqual(others, {});
  assert.ok(gets <= most, `${gets} GETs`);
}

const assertNothing = ({ requests }: Asked): void => assert.deepEqual(requests, {});

/** A reader who knows the log's end already looks at the head alone. */
function assertOneLook({ requests, ...units }: Asked): void {
  assert.deepEqual(requests, { Query: 1 });
  assert.deepEqual(units, { readUnits: 1, writeUnits: 0, refused: 0, deleted: 0 });
}

for (const messages of sizes) {
  test(`what operations ask of AWS with ${messages.toLocaleString('en')} messages`, async (t) => {
    const world = await AwsWorld.settled(messages, 150);
    const { id } = world.account;
    const numbers = Array.from({ length: messages }, (_, i) => i + 1);
    let account!: Account;

    await t.test(
      'open and SELECT INBOX with its flags, cold: one Query of the newest items alone, four GETs',
      async () => {
        const { requests, ...units } = await world.asked(async () => {
          account = await world.fresh();
          await account.load(inboxId);
          const { chunks } = account.state.mailboxes.get(inboxId)!;
          assert.equal(
            chunks.reduce((sum, { marks, length }) => sum + marks.flags.subarray(0, length).length, 0),
            messages,
          );
        });
        const { GetObject: gets = 0, ...others } = requests;
        assert.deepEqual(others, { Query: 1 });
        assert.ok(gets <= 4, `${gets} GETs`);
        // The head, the entries of an ordinary tail and one that is folded: a log of a day has many more.
        const items = world.aws.itemSizes(id);
        assert.ok(items.length > 150);
        const newest = items.slice(-66).reduce((sum, size) => sum + size, 0);
        assert.equal(units.readUnits, readUnits(newest));
        assert.equal(units.writeUnits, 0);
      },
    );

    await t.test('SELECT, NOOP, STATUS and flags, warm: one Query of one unit', async () => {
      const asked = await world.asked(async () => {
        assert.ok((await account.refresh()).ok);
        await account.load(inboxId);
      });
      assertOneLook(asked);
    });

    await t.test(
      'headers and what is made of them, of 10,000, cold: twelve GETs; warm: nothing',
      async () => {
        const asked = numbers.slice(-10_000);
        for (const column of ['records', ...answerColumns] as const) {
          const reader = await world.fresh();
          const ask = async () => {
            for (let from = 0; from < asked.length; from += 1000) {
              const some = asked.slice(from, from + 1000);
              const answers = column === 'records' ? [] : await reader.answers(some, column);
              if (column === 'records' || answers.includes(undefined)) await reader.records(some);
            }
          };
          assertGets(await world.asked(ask), 12);
          assertNothing(await world.asked(ask));
        }
      },
    );

    await t.test(
      'STORE, COPY, MOVE and EXPUNGE of all and of every second: one put of few units',
      async () => {
        const everySecond = UidSet.of(numbers.filter((uid) => uid % 2 === 1));
        const spills = messages > 120_000;
        // Sets of a million soon make the log worth folding: not here.
        const folding = await world.aws.ports().leases.acquire(`compact/${id}`, 'nobody', day);
        assert.ok(folding);
        const run = async <T>(what: Decide<T>, of: 'all' | 'second') => {
          const { requests, ...units } = await world.asked(async () =>
            assert.ok((await account.commit(what)).ok),
          );
          const spilled = of === 'second' && spills;
          assert.deepEqual(requests, { PutItem: 1, ...(spilled && { PutObject: 1 }) });
          // An eighth of a byte a UID, beyond 16 KB in an object.
          const bytes = of === 'all' || spilled ? 1024 : messages / 8 + 1024;
          assert.ok(units.writeUnits <= Math.ceil(bytes / 1024), `${units.writeUnits} units`);
          assert.equal(units.readUnits + units.refused, 0);
        };
        await run(storeFlags(inboxId, everyUid, 'add', ['\\Flagged']), 'all');
        await run(storeFlags(inboxId, everySecond, 'remove', ['\\Flagged']), 'second');
        await run(copyMessages('copy', inboxId, everySecond, 'Archive'), 'second');
        await run(expungeMessages(inboxId, everySecond), 'second');
        await run(copyMessages('move', inboxId, everyUid, 'Trash'), 'second');
        const trash = account.state.mailboxes.named('Trash')!;
        await run(expungeMessages(trash.id, everyUid), 'all');
        const archive = account.state.mailboxes.named('Archive')!;
        await run(copyMessages('move', archive.id, everyUid, 'INBOX'), 'all');
        await world.aws.ports().leases.release(folding);
      },
    );

    await t.test('the body of a message, small or large, or a part of it: one GET', async () => {
      for (const size of [20_000, 300_000]) {
        const staged = await account.stage(Buffer.alloc(size, 'Subject: a body\r\n\r\nwords and '));
        assert.ok(staged.ok);
        const request = { message: staged.value, flags: [], internalDate: undefined };
        const number = account.state.nextMessage;
        assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
        for (const range of [undefined, { start: 100, end: size - 100 }, { start: 0, end: 5 }]) {
          const asked = await world.asked(async () => {
            const { body } = await account.body(number, range);
            assert.equal((await collect(body)).length, range ? range.end - range.start : size);
          });
          assert.deepEqual(asked.requests, { GetObject: 1 });
        }
      }
    });

    await t.test(
      'POP3 with nothing new, warm: one Query of one unit, and a lease of two writes',
      async () => {
        const { engine, ports } = world.process();
        const visit = async () => {
          const opened = await openMaildrop({ engine, leases: ports.leases }, { id } as AccountRecord);
          assert.ok(opened.ok);
          const { maildrop, hold, release } = opened.value;
          await hold.account.emailIds(Array.from(maildrop, (drop) => drop.message));
          await release();
        };
        await visit();
        const { requests, ...units } = await world.asked(visit);
        assert.deepEqual(requests, { 'lease PutItem': 1, Query: 1, 'lease DeleteItem': 1 });
        assert.deepEqual(units, { readUnits: 1, writeUnits: 2, refused: 0, deleted: 0 });
      },
    );

    await awsImapCosts(t, world);
  });
}
