import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ExistsEvent, ExpungeEvent, FlagsEvent, ImapFlow, ImapFlowOptions } from 'imapflow';
import type { TestAccount } from '../support/server-process.ts';
import type { Bench } from './bench.ts';
import { openImap } from './imap-session.ts';
import { assertDelivered, assertSameBytes, sampleOf, samples, smallMessage } from './mail.ts';

/** What an event of the client must tell within the bench's patience. */
const told = async <T>(client: ImapFlow, event: string): Promise<T> =>
  (await once(client, event, { signal: AbortSignal.timeout(20_000) }))[0] as T;

/** npm's imapflow: several sessions on one account, with CONDSTORE, QRESYNC and IDLE. */
export async function imapflow(bench: Bench): Promise<void> {
  const { server, account, check } = bench;
  /** A session of its own, in a mailbox where one is named. */
  async function inSession<T>(
    body: (client: ImapFlow) => Promise<T>,
    {
      mailbox,
      who = account,
      ...options
    }: { mailbox?: string; who?: TestAccount } & Partial<ImapFlowOptions> = {},
  ): Promise<T> {
    const client = await openImap(server, who, options);
    try {
      if (mailbox !== undefined) await client.mailboxOpen(mailbox);
      return await body(client);
    } finally {
      await client.logout();
    }
  }

  await check('a certificate that it cannot trust ends the connection', async () => {
    await assert.rejects(openImap(server, account, { tls: {} }), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });
  await check('a wrong password is refused', async () => {
    await assert.rejects(openImap(server, { ...account, password: 'no' }), { authenticationFailed: true });
  });
  await check('STARTTLS is asked for and verified', async () => {
    const plain = { port: server.ports.imap, secure: false, doSTARTTLS: true };
    await inSession(async (client) => assert.equal(client.secureConnection, true), plain);
    await assert.rejects(openImap(server, account, { ...plain, tls: {} }));
  });
  await check('every message has its octets, size, envelope and structure', () =>
    inSession(
      async (client) => {
        const query = { uid: true, size: true, source: true, envelope: true, bodyStructure: true };
        const messages = await client.fetchAll('1:*', query);
        assert.equal(messages.length, samples.length);
        for (const [index, { name, bytes }] of samples.entries()) {
          const message = messages[index];
          assert.ok(message?.source);
          assertDelivered(message.source, bytes, name);
          assert.equal(message.size, message.source.length, name);
          assert.equal(message.envelope?.subject, `sample ${name}`);
          assert.equal(message.envelope?.messageId, `<${name}@elsewhere.test>`);
          assert.deepEqual(message.envelope?.from, [
            { name: 'Sender, One', address: 'sender@elsewhere.test' },
          ]);
          assert.equal(new Date(message.envelope?.date ?? 0).toISOString(), '2026-03-03T09:11:12.000Z');
        }
        const parts = messages[7]?.bodyStructure?.childNodes ?? [];
        assert.deepEqual(
          parts.map(({ type }) => type),
          ['text/plain', 'application/octet-stream'],
        );
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('a large attachment is downloaded and decoded in pieces', () =>
    inSession(
      async (client) => {
        const { meta, content } = await client.download('10', '2', { chunkSize: 100_000 });
        assert.ok(meta && content);
        assert.equal(meta.filename, 'noise.bin');
        const pieces: Buffer[] = [];
        for await (const piece of content) pieces.push(piece as Buffer);
        const encoded = sampleOf('large').bytes.toString('latin1').split('base64\r\n\r\n')[1] ?? '';
        const expected = Buffer.from(encoded.slice(0, encoded.indexOf('--=_b')), 'base64');
        assertSameBytes(Buffer.concat(pieces), expected, 'the attachment');
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('APPEND keeps octets, flags and date', () =>
    inSession(async (client) => {
      const sent = smallMessage('appended-by-imapflow');
      const date = new Date('2020-02-29T23:34:56Z');
      const appended = await client.append('Drafts', sent.bytes, ['\\Draft', '$Forwarded'], date);
      assert.ok(appended);
      assert.equal(appended.uid, 1);
      await client.mailboxOpen('Drafts');
      const query = { source: true, flags: true, internalDate: true };
      const found = await client.fetchOne('1', query, { uid: true });
      assert.ok(found);
      assert.ok(found.source);
      assertSameBytes(found.source, sent.bytes, 'what was appended');
      assert.deepEqual([...(found.flags ?? [])].sort(), ['$Forwarded', '\\Draft']);
      assert.equal(new Date(found.internalDate ?? 0).getTime(), date.getTime());
    }),
  );
  await check('COPY and MOVE tell the new UIDs, and counts agree', () =>
    inSession(
      async (client) => {
        const copied = await client.messageCopy('1:3', 'Archive', { uid: true });
        assert.deepEqual(copied && [...(copied.uidMap ?? [])], [
          [1, 1],
          [2, 2],
          [3, 3],
        ]);
        const moved = await client.messageMove('2', 'Archive', { uid: true });
        assert.deepEqual(moved && [...(moved.uidMap ?? [])], [[2, 4]]);
        const inbox = await client.status('INBOX', { messages: true, unseen: true, uidNext: true });
        const archive = await client.status('Archive', { messages: true, unseen: true, uidNext: true });
        const wanted = {
          messages: samples.length - 1,
          unseen: samples.length - 1,
          uidNext: samples.length + 1,
        };
        assert.deepEqual(inbox, { path: 'INBOX', ...wanted });
        assert.deepEqual(archive, { path: 'Archive', messages: 4, unseen: 4, uidNext: 5 });
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('one session idles and is told what others do, as it happens', () =>
    inSession(
      async (idle) => {
        assert.equal(idle.enabled.has('CONDSTORE'), true);
        const mailbox = idle.mailbox;
        assert.ok(mailbox);
        const exists = told<ExistsEvent>(idle, 'exists');
        void idle.idle();
        await bench.deliver('lmtp', [smallMessage('while-idling')]);
        assert.equal((await exists).count, mailbox.exists);
        await inSession(
          async (other) => {
            const flags = told<FlagsEvent>(idle, 'flags');
            await other.messageFlagsAdd('4', ['\\Flagged'], { uid: true });
            assert.deepEqual([...(await flags).flags], ['\\Flagged']);
            const expunge = told<ExpungeEvent>(idle, 'expunge');
            await other.messageDelete('1', { uid: true });
            assert.equal((await expunge).seq, 1);
          },
          { mailbox: 'INBOX' },
        );
        await idle.noop(); // Ends IDLE; what follows DONE is answered too.
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('after a time away, QRESYNC and CHANGEDSINCE tell just what changed', async () => {
    const before = await inSession(
      async ({ mailbox }) => {
        assert.ok(mailbox);
        assert.ok(mailbox.highestModseq);
        return mailbox;
      },
      { mailbox: 'INBOX' },
    );
    const since = before.highestModseq ?? 0n;
    await inSession(
      async (client) => {
        await client.messageFlagsAdd('5', ['\\Seen', 'Work'], { uid: true });
        await client.messageDelete('6:7', { uid: true });
      },
      { mailbox: 'INBOX' },
    );
    await inSession(
      async (client) => {
        const gone: number[] = [];
        client.on('expunge', (event: ExpungeEvent) => gone.push(event.uid ?? 0));
        await client.mailboxOpen('INBOX', { changedSince: since, uidValidity: before.uidValidity });
        assert.deepEqual(gone, [6, 7]);
        const changed = await client.fetchAll('1:*', { uid: true, flags: true }, { changedSince: since });
        assert.deepEqual(
          changed.map(({ uid, flags }) => [uid, [...(flags ?? [])].sort()]),
          [[5, ['Work', '\\Seen']]],
        );
        assert.ok(client.mailbox && (client.mailbox.highestModseq ?? 0n) > since);
      },
      { qresync: true },
    );
  });
  await check('UNCHANGEDSINCE keeps a change from being overwritten', () =>
    inSession(
      async (client) => {
        const found = await client.fetchOne('8', { flags: true }, { uid: true });
        const modseq = (found ? found.modseq : undefined) ?? 0n;
        assert.ok(modseq > 0n);
        await client.messageFlagsAdd('8', ['First'], { uid: true });
        await client.messageFlagsSet('8', ['Second'], { uid: true, unchangedSince: modseq });
        const after = await client.fetchOne('8', { flags: true }, { uid: true });
        assert.deepEqual(after && [...(after.flags ?? [])], ['First']);
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('SEARCH', () =>
    inSession(
      async (client) => {
        const found = async (query: Parameters<ImapFlow['search']>[0]) => client.search(query, { uid: true });
        assert.deepEqual(await found({ keyword: 'Work' }), [5]);
        assert.deepEqual(await found({ body: 'العربية' }), [3]);
        assert.deepEqual(await found({ or: [{ larger: 1_000_000 }, { flagged: true }] }), [4, 10]);
        assert.deepEqual(await found({ header: { 'message-id': '<html@elsewhere.test>' } }), [9]);
      },
      { mailbox: 'INBOX' },
    ),
  );
  await check('mailboxes: special uses, names that are not ASCII, subscriptions', () =>
    inSession(async (client) => {
      const uses = new Map((await client.list()).map(({ path, specialUse }) => [specialUse, path]));
      for (const name of ['Sent', 'Drafts', 'Trash', 'Junk', 'Archive'])
        assert.equal(uses.get(`\\${name}`), name);
      await client.mailboxCreate(['Entwürfe', '日本語 & more']);
      await client.mailboxRename('Entwürfe', 'Alt');
      await client.mailboxUnsubscribe('Alt/日本語 & more');
      const made = (await client.list()).find(({ path }) => path === 'Alt/日本語 & more');
      assert.ok(made && !made.subscribed);
      await client.mailboxDelete('Alt/日本語 & more');
      assert.ok(!(await client.list()).some(({ path }) => path === 'Alt/日本語 & more'));
    }),
  );
  await check('the quota, as it is set while the server runs, and a message that is over it', async () => {
    await server.restante(['account', 'quota', account.address, '3MiB']);
    await inSession(async (client) => {
      const quota = await client.getQuota('INBOX');
      assert.ok(quota);
      assert.equal(quota.storage?.limit, 3 * 1024 * 1024);
      assert.ok((quota.storage?.usage ?? 0) > 2_000_000);
      await assert.rejects(client.append('Drafts', sampleOf('large').bytes), {
        serverResponseCode: 'OVERQUOTA',
      });
    });
  });
}
