import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { generateMessages } from '../support/messages.ts';
import { day, hour } from '../support/test-clock.ts';
import { BudgetWorld, fill, sizes } from './big-account.ts';

/** What folding costs over weeks of mail, whose texts are there to be read (design, section 6); from nothing, and beside what an account has already. */

const mail = [...generateMessages(200, 7)];
const messagesADay = 50;

// A million would take long to fill in, to say nothing else.
const starts = [
  { held: 0, days: 60 },
  ...sizes.filter((held) => held <= 100_000).map((held) => ({ held, days: 20 })),
];

for (const { held, days } of starts)
  test(`compaction of an active account that holds ${held.toLocaleString('en')} messages: two runs a day, eight objects a run, and a fraction of the bytes that came`, async () => {
    const world = await BudgetWorld.make();
    const { account, clock, store } = world;
    await fill(account, clock, 'INBOX', held);
    await account.settle();
    if (held > 0) await account.compact();
    const came = { entries: 0, messages: 0 };
    let folded = 0;
    for (let today = 0; today < days; today++) {
      let runs = 0;
      for (let n = 0; n < messagesADay; n++) {
        const number = today * messagesADay + n;
        const staged = await account.stage(mail[number % mail.length]!);
        assert.ok(staged.ok);
        const before = account.snapshot;
        const cost = await world.cost(async () => {
          const delivered = {
            message: staged.value,
            flags: [],
            internalDate: undefined,
            deliveryId: `an event with a long name, ${number}, for somebody`,
          };
          assert.ok((await account.commit(appendMessages('INBOX', [delivered]))).ok);
          // Two devices read, file and delete.
          const one = UidSet.of([held + number + 1]);
          if (n % 2 === 0) assert.ok((await account.commit(storeFlags(inboxId, one, 'add', ['\\Seen']))).ok);
          if (n % 10 === 3)
            assert.ok((await account.commit(copyMessages('move', inboxId, one, 'Archive'))).ok);
          if (n % 10 === 7) assert.ok((await account.commit(expungeMessages(inboxId, one))).ok);
          await account.settle();
        });
        came.entries += cost.logPutBytes;
        came.messages += staged.value.size;
        folded += cost.putBytes;
        if (account.snapshot === before) assert.equal(cost.puts, 0);
        else {
          runs++;
          assert.equal(cost.headMoves, 1);
          assert.ok(cost.puts <= 8, `${cost.puts} PUTs in a run`);
        }
        clock.advance(0.48 * hour);
      }
      assert.ok(runs <= 2, `${runs} runs in a day`);
      if (today % 7 === 0) {
        const cutoff = Math.floor((clock.now() - 14 * day) / 1000);
        assert.ok((await purgeExpunged(account, world.engine.parts, cutoff)).ok);
      }
    }
    // Header records are written three times on average until they rest in segments of megabytes, and so are signatures of texts.
    const all = `${folded} bytes folded of ${came.entries} in the log and ${came.messages} of messages`;
    assert.ok(folded <= 3.5 * came.entries && folded <= 0.3 * (came.entries + came.messages), all);
    const { texts, count } = account.messages.settled;
    assert.equal(
      texts.reduce((sum, text) => sum + text.count, 0),
      count,
    );
    const signatures = texts.reduce((sum, { bytes }) => sum + bytes, 0) / (count - held);
    assert.ok(signatures > 100, `${signatures} bytes of a text: they are not what is counted here`);
    // Old objects of snapshots go when their time has come.
    const kept = [...store.blobs.objects.keys()].filter((key) => /\/[htix]\//.test(key));
    assert.ok(kept.length <= 40, `${kept.length} objects are kept`);
    const reader = await world.fresh();
    assert.equal(reader.state.usage.messages, held + days * 45);
  });
