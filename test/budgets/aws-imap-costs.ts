import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { appendMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { testServer } from '../imap/test-server.ts';
import { WireClient } from '../imap/wire-client.ts';
import type { Asked } from '../support/aws-meter.ts';
import { sampleMessage } from '../support/mail.ts';
import { accountRecord, signedInAs } from '../support/signed-in.ts';
import { day } from '../support/test-clock.ts';
import type { AwsWorld } from './aws-world.ts';
import { mailboxes, requests } from './big-account.ts';

type Told = Asked & { readonly lines: readonly string[] };

/** A mail program that is signed in at a process which has just started; what each of its commands asks of AWS. */
async function device(t: TestContext, world: AwsWorld) {
  const { engine } = world.process();
  const signedIn = signedInAs(accountRecord(world.account.id));
  const server = await testServer({ engine, authenticator: { signIn: async () => signedIn } });
  t.after(() => server.close(0));
  // The grammar of what is said is others' business, and takes longer than saying it.
  const client = await WireClient.connect(server.listeners[0]!.port, undefined, 'other');
  t.after(() => client.close());
  await client.nextLine();
  return async (command: string): Promise<Told> => {
    let lines: readonly string[] = [];
    const asked = await world.asked(async () => {
      lines = await client.command(`a ${command}`);
    });
    assert.match(lines.at(-1)!, /^a OK/, command);
    return { ...asked, lines };
  };
}

const signIn = 'LOGIN somebody secret';
const counters = 'MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ';

/** What a delivery asks of AWS, and IMAP for a list of many mailboxes and for a client that was away. */
export async function awsImapCosts(t: TestContext, world: AwsWorld): Promise<void> {
  const { clock } = world;
  // One who has read what others wrote: nobody waits here for another try.
  const account = await world.fresh();
  await account.load(inboxId);
  const inbox = () => account.state.mailboxes.get(inboxId)!;

  await t.test('a delivery by who has the account open: one look, one entry, one object', async () => {
    const { engine } = world.process();
    assert.ok((await engine.open(account.id)).ok);
    const { requests: asked, ...units } = await world.asked(async () => {
      const delivered = await engine.with(account.id, async (open) => {
        const staged = await open.stage(sampleMessage(1));
        if (!staged.ok) return staged;
        const message = { message: staged.value, flags: [], internalDate: undefined, deliveryId: 'event 1' };
        return open.commit(appendMessages('INBOX', [message]));
      });
      assert.ok(delivered.ok);
    });
    assert.deepEqual(asked, { Query: 1, PutObject: 1, PutItem: 1 });
    assert.ok(units.writeUnits <= 2, `${units.writeUnits} units written`);
    assert.deepEqual({ ...units, writeUnits: 0 }, { readUnits: 1, writeUnits: 0, refused: 0, deleted: 0 });
    assert.ok((await account.refresh()).ok);
  });

  await t.test(
    `LIST with STATUS of ${mailboxes} mailboxes, cold: nothing beside what sign-in read`,
    async (t) => {
      await Promise.all(
        Array.from({ length: mailboxes }, async (_, i) => {
          assert.ok((await account.commit(createMailbox(`box ${i}`))).ok);
          assert.ok((await account.commit(appendMessages(`box ${i}`, requests(account.id, clock, 1, i)))).ok);
        }),
      );
      await account.settle();
      await account.compact();
      const ask = await device(t, world);
      assert.deepEqual((await ask(signIn)).requests, { Query: 1, GetObject: 1 });
      const { requests: asked, lines } = await ask(`LIST "" * RETURN (STATUS (${counters}))`);
      assert.deepEqual(asked, {});
      assert.equal(lines.filter((line) => /^\* STATUS "box \d+" \(MESSAGES 1 /.test(line)).length, mailboxes);
    },
  );

  await t.test(
    'SELECT (QRESYNC …) after 100 changes, cold: seven GETs at the most with those of sign-in; warm: one Query',
    async (t) => {
      const { uidValidity, highestModSeq: since } = inbox();
      const uids = inbox().chunks.flatMap((c) => [...c.fixed.uid.subarray(0, c.length)]);
      const folding = await world.aws.ports().leases.acquire(`compact/${account.id}`, 'nobody', day);
      assert.ok(folding);
      for (let i = 0; i < 100; i++) {
        const one = UidSet.of([uids[(i * 7) % uids.length]!]);
        const what =
          i % 4 === 0 ? expungeMessages(inboxId, one) : storeFlags(inboxId, one, 'add', [`k${i % 3}`]);
        assert.ok((await account.commit<unknown>(what)).ok);
      }
      /** By who has just started, with what signing in asks; and again. */
      const resync = async (opening: Asked['requests']) => {
        const ask = await device(t, world);
        const opened = await ask(signIn);
        await ask('ENABLE QRESYNC');
        const select = `SELECT INBOX (QRESYNC (${uidValidity} ${since}))`;
        const cold = await ask(select);
        assert.ok(cold.lines.some((line) => line.startsWith('* VANISHED (EARLIER) ')));
        assert.equal(cold.lines.filter((line) => / FETCH \(/.test(line)).length, 75);
        const { GetObject: first = 0, ...openedBy } = opened.requests;
        const { GetObject: then = 0, ...selectedBy } = cold.requests;
        assert.deepEqual([openedBy, selectedBy], [opening, { Query: 1 }]);
        assert.ok(first + then <= 7, `${first} + ${then} GETs`);
        assert.deepEqual((await ask(select)).requests, { Query: 1 });
      };
      // A tail of a hundred is more than a first page.
      await resync({ Query: 2 });
      await world.aws.ports().leases.release(folding);
      await account.compact();
      await resync({ Query: 1 });
    },
  );
}
