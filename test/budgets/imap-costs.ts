import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type BudgetWorld, mailboxes, none, wholeMessage } from './big-account.ts';
import { type Asked, type Device, ServingProcess } from './devices.ts';

const oneQuery = { ...none, queries: 1 };
const counters = 'MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE HIGHESTMODSEQ';
const listWithStatus = `LIST "" * RETURN (STATUS (${counters}))`;
const signIn = (device: Device): Promise<Asked> => device.ask('LOGIN somebody secret');

/** What IMAP's commands cost over sessions on a world as `BudgetWorld.of` makes it. */
export async function imapCosts(t: TestContext, world: BudgetWorld, messages: number): Promise<void> {
  const assertListed = ({ told }: Asked) => {
    const said = told.filter((line) => line.startsWith('* STATUS '));
    assert.equal(said.filter((line) => /^\* STATUS "box \d+" \(MESSAGES 1 /.test(line)).length, mailboxes);
    assert.ok(said.some((line) => line.startsWith(`* STATUS INBOX (MESSAGES ${messages} `)));
  };
  const assertFetched = ({ told }: Asked, count = messages) => {
    assert.equal(told.filter((line) => /^\* \d+ FETCH \(/.test(line)).length, count);
  };

  await t.test('LIST with STATUS of 200 mailboxes, cold: the manifest, which sign-in read', async (t) => {
    const device = await new ServingProcess(t, world).imap();
    const { cost } = await signIn(device);
    assert.deepEqual({ ...cost, getBytes: 0 }, { ...oneQuery, gets: 1 });
    const listed = await device.ask(listWithStatus);
    assertListed(listed);
    assert.deepEqual(listed.cost, none);
    assert.deepEqual((await device.ask(`STATUS INBOX (${counters})`)).cost, oneQuery);
    // Small mailboxes are packed together: there are few objects, and of each only what a mailbox has there is read.
    assert.ok(world.account.snapshot!.objects.length <= 14);
    const opened = await device.ask('SELECT "box 7"');
    assert.ok(opened.told.includes('* 1 EXISTS'));
    assert.ok(opened.cost.gets <= 1 && opened.cost.getBytes <= 1024, `${opened.cost.getBytes} bytes`);
  });

  await t.test(
    'SELECT INBOX, cold: four objects with the manifest, 20 bytes a message; FETCH of flags, sizes, dates: no more',
    async (t) => {
      const device = await new ServingProcess(t, world).imap();
      const opened = await signIn(device);
      const selected = await device.ask('SELECT INBOX');
      assert.ok(selected.told.includes(`* ${messages} EXISTS`));
      assert.equal(selected.cost.queries, 1);
      const gets = opened.cost.gets + selected.cost.gets;
      assert.ok(gets <= 4, `${gets} GETs`);
      const bytes = opened.cost.getBytes + selected.cost.getBytes;
      assert.ok(bytes <= 20 * messages + 16_384, `${bytes / messages} bytes a message`);
      const fetched = await device.ask('FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE MODSEQ)');
      assertFetched(fetched);
      assert.deepEqual(fetched.cost, none);
    },
  );

  await t.test(
    'SELECT, NOOP, STATUS, warm: one query each; FETCH FLAGS, LIST with STATUS: none',
    async (t) => {
      const process = new ServingProcess(t, world);
      const [first, other] = [await process.imap(), await process.imap()];
      await signIn(first);
      await first.ask('SELECT INBOX');
      // For who comes back, and for another device.
      for (const device of [first, other]) {
        if (device === other) assert.deepEqual((await signIn(device)).cost, oneQuery);
        for (const command of [
          'SELECT INBOX',
          'NOOP',
          `STATUS INBOX (${counters})`,
          'STATUS "box 7" (UNSEEN)',
        ])
          assert.deepEqual((await device.ask(command)).cost, oneQuery, command);
        const [fetched, listed] = [await device.ask('FETCH 1:* FLAGS'), await device.ask(listWithStatus)];
        assertFetched(fetched);
        assertListed(listed);
        assert.deepEqual([fetched.cost, listed.cost], [none, none]);
        assert.deepEqual((await device.ask('LOGOUT')).cost, none);
      }
    },
  );

  const headers = Math.min(10_000, messages);
  for (const [item, bytes] of [
    // Kept as octets to be sent: a fraction of the records.
    ['ENVELOPE', 250],
    ['BODYSTRUCTURE', 250],
    ['BODY.PEEK[HEADER.FIELDS (Subject)]', 250],
    ['PREVIEW', 800],
    ['EMAILID', 32],
  ] as const)
    await t.test(
      `FETCH ${item} of ${headers.toLocaleString('en')}, cold: twelve objects, ${bytes} bytes a message; warm: none`,
      async (t) => {
        const device = await new ServingProcess(t, world).imap();
        await signIn(device);
        await device.ask('SELECT INBOX');
        const command = `FETCH ${messages - headers + 1}:* ${item}`;
        const cold = await device.ask(command);
        assertFetched(cold, headers);
        const { gets, getBytes, ...others } = cold.cost;
        assert.ok(gets >= 1 && gets <= 12, `${gets} GETs`);
        assert.ok(getBytes <= bytes * headers, `${getBytes / headers} bytes a message`);
        assert.deepEqual({ ...others, gets: 0, getBytes: 0 }, none);
        const warm = await device.ask(command);
        assertFetched(warm, headers);
        assert.deepEqual(warm.cost, none);
      },
    );

  // A message's email id is in its segment: whoever has read no page of 2,048 of those reads one first, and for a part of a message a frame of structures.
  for (const [item, first, most] of [
    ['BODY.PEEK[]', 2, 2048 * 16],
    ['BODY.PEEK[TEXT]', 3, 2048 * 16 + 65_536],
  ] as const)
    await t.test(
      `FETCH ${item} of a settled message right after SELECT: ${first} GETs with what says where it is; again: one`,
      async (t) => {
        const device = await new ServingProcess(t, world).imap();
        await signIn(device);
        await device.ask('SELECT INBOX');
        const { gets, getBytes, ...others } = (await device.ask(`FETCH * ${item}`)).cost;
        assert.deepEqual([gets, { ...others, gets: 0, getBytes: 0 }], [first, none]);
        assert.ok(getBytes <= most + wholeMessage.length, `${getBytes} bytes`);
        const again = await device.ask(`FETCH * ${item}`);
        assert.deepEqual({ ...again.cost, getBytes: 0 }, { ...none, gets: 1 });
      },
    );

  await t.test(
    'FETCH of a body whose name is known, or of a part of one: one object, or what is needed of it',
    async (t) => {
      const device = await new ServingProcess(t, world).imap();
      await signIn(device);
      await device.ask('SELECT INBOX');
      // What the body is called, and where its parts are.
      await device.ask('FETCH * (EMAILID PREVIEW)');
      for (const [item, octets] of [
        ['BODY.PEEK[]', wholeMessage.length],
        ['BODY.PEEK[TEXT]', 'Text\r\n'.length],
        ['BINARY.PEEK[1]', 'Text\r\n'.length],
      ] as const) {
        const { cost } = await device.ask(`FETCH * ${item}`);
        assert.deepEqual(cost, { ...none, gets: 1, getBytes: octets }, item);
      }
    },
  );
}
