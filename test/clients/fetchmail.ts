import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAccount } from '../support/server-process.ts';
import type { Bench } from './bench.ts';
import { openImap } from './imap-session.ts';
import { assertDelivered, assertSameBytes, type Sample, samples, smallMessage, withCrLf } from './mail.ts';

/** fetchmail's exit codes, as its manual has them. */
const fetched = 0;
const noMail = 1;
const socketError = 2;
const authenticationFailed = 3;
const limitReached = 13;

interface Poll {
  readonly protocol: 'IMAP' | 'POP3';
  readonly keep: boolean;
  /** TLS from the first byte; otherwise STARTTLS or STLS, required. */
  readonly implicitTls?: boolean;
  readonly account?: TestAccount;
  /** Nothing unless given, which is what the server's certificate must not pass with. */
  readonly trust?: 'nothing' | 'server';
  readonly folder?: string;
  /** Further words of its configuration, about the user. */
  readonly user?: readonly string[];
}

/** fetchmail, by IMAP and by POP3, keeping and deleting, into files and into other accounts. */
export async function fetchmail(bench: Bench): Promise<void> {
  const { server, account, home, check } = bench;
  const { ports } = server;
  const inbox = join(home, 'in');
  await mkdir(inbox);
  // It delivers one message after the other, so counting is safe.
  const mda = join(home, 'mda');
  await writeFile(mda, `n=$(ls ${inbox} | wc -l)\ncat > ${inbox}/$(printf %04d "$n")\n`);
  const configFile = join(home, 'fetchmailrc');
  const pidFile = join(home, 'fetchmail.pid');

  const run = async (poll: Poll, deliver: readonly string[] = [`mda "/bin/sh ${mda}"`]) => {
    const { protocol, keep, implicitTls = true, trust = 'server', folder, user = [] } = poll;
    const who = poll.account ?? account;
    const port =
      protocol === 'IMAP' ? ports[implicitTls ? 'imaps' : 'imap'] : ports[implicitTls ? 'pop3s' : 'pop3'];
    const config = [
      'set no bouncemail',
      'set invisible',
      `poll localhost protocol ${protocol} port ${port} timeout 20`,
      ...(protocol === 'POP3' ? ['uidl'] : []),
      `user "${who.address}" password "${who.password}"`,
      implicitTls ? 'ssl' : 'sslproto "TLS1.2+"',
      'sslcertck',
      ...(trust === 'server' ? [`sslcertfile "${server.caFile}"`] : []),
      ...(folder === undefined ? [] : [`folder "${folder}"`]),
      keep ? 'keep' : 'nokeep',
      'no rewrite no forcecr no mimedecode',
      ...deliver,
      ...user,
    ];
    await writeFile(configFile, `${config.join('\n')}\n`, { mode: 0o600 });
    const args = ['--fetchmailrc', configFile, '--pidfile', pidFile, '--nodetach', '--nosyslog', '-v'];
    const finished = await bench.run('fetchmail', args);
    return { code: finished.code, said: `${finished.stdout}\n${finished.stderr}` };
  };
  /** Runs it and takes what it delivered out of the folder. */
  const fetch = async (poll: Poll, expected = fetched): Promise<Buffer[]> => {
    const { code, said } = await run(poll);
    assert.equal(code, expected, said.slice(-3000));
    const names = (await readdir(inbox)).sort();
    const got = await Promise.all(names.map((name) => readFile(join(inbox, name))));
    await rm(inbox, { recursive: true });
    await mkdir(inbox);
    return got;
  };
  const assertAll = (got: readonly Buffer[], sent: readonly Sample[]) => {
    assert.equal(got.length, sent.length, 'messages fetched');
    for (const [index, { name, bytes }] of sent.entries())
      assertDelivered(withCrLf(got[index] ?? Buffer.alloc(0)), bytes, name);
  };
  /** Flags by UID, of what is in the mailbox now. */
  const flagsOf = async (who: TestAccount, mailbox = 'INBOX') => {
    const client = await openImap(server, who);
    try {
      const lock = await client.getMailboxLock(mailbox);
      const all = await client.fetchAll('1:*', { uid: true, flags: true });
      lock.release();
      return new Map(all.map(({ uid, flags }) => [uid, [...(flags ?? [])].sort().join(' ')]));
    } finally {
      await client.logout();
    }
  };

  await check('a certificate that it cannot trust ends the connection', async () => {
    for (const protocol of ['IMAP', 'POP3'] as const)
      for (const implicitTls of [true, false]) {
        const { code } = await run({ protocol, keep: true, implicitTls, trust: 'nothing' });
        assert.equal(code, socketError, protocol);
      }
    assert.deepEqual(await readdir(inbox), []);
  });
  await check('a wrong password is refused, by IMAP and by POP3', async () => {
    for (const protocol of ['IMAP', 'POP3'] as const) {
      const { code } = await run({ protocol, keep: true, account: { ...account, password: 'no' } });
      assert.equal(code, authenticationFailed, protocol);
    }
  });
  await check('POP3, keeping: every message, once', async () => {
    assertAll(await fetch({ protocol: 'POP3', keep: true }), samples);
    assert.deepEqual(await fetch({ protocol: 'POP3', keep: true }, noMail), []);
    assert.equal((await flagsOf(account)).size, samples.length);
  });
  await check('POP3, keeping: its list of unique ids tells new mail, by STLS too', async () => {
    const more = smallMessage('after-the-list');
    await bench.deliver('smtp', [more]);
    assertAll(await fetch({ protocol: 'POP3', keep: true, implicitTls: false }), [more]);
  });
  await check('IMAP, keeping: what it has read is \\Seen, and is not read again', async () => {
    const all = [...samples, smallMessage('after-the-list')];
    assertAll(await fetch({ protocol: 'IMAP', keep: true, user: ['fetchall'] }), all);
    assert.deepEqual(await fetch({ protocol: 'IMAP', keep: true }, noMail), []);
    const flags = await flagsOf(account);
    assert.equal(flags.size, all.length);
    for (const [uid, set] of flags) assert.match(set, /\\Seen/, `UID ${uid}`);
    const more = smallMessage('unseen');
    await bench.deliver('lmtp', [more]);
    assertAll(await fetch({ protocol: 'IMAP', keep: true, implicitTls: false }), [more]);
  });
  await check('IMAP from another mailbox', async () => {
    const client = await openImap(server, account);
    const archived = smallMessage('archived');
    await client.append('Archive', archived.bytes, []);
    await client.logout();
    const got = await fetch({ protocol: 'IMAP', keep: false, folder: 'Archive' });
    assert.equal(got.length, 1);
    assertSameBytes(withCrLf(got[0] ?? Buffer.alloc(0)), archived.bytes, 'archived');
    assert.equal((await flagsOf(account, 'Archive')).size, 0);
  });
  await check('POP3, deleting: all of it, and nothing is left', async () => {
    const drained = await bench.another('pop3');
    await bench.deliver('lmtp', samples, drained);
    assertAll(await fetch({ protocol: 'POP3', keep: false, account: drained }), samples);
    assert.equal((await flagsOf(drained)).size, 0);
    assert.deepEqual(await fetch({ protocol: 'POP3', keep: false, account: drained }, noMail), []);
  });
  await check('IMAP, deleting: a few at a time, then all', async () => {
    const drained = await bench.another('imap');
    await bench.deliver('lmtp', samples, drained);
    const few = ['fetchlimit 3', 'expunge 1'];
    const first = await fetch({ protocol: 'IMAP', keep: false, account: drained, user: few }, limitReached);
    assertAll(first, samples.slice(0, 3));
    assert.deepEqual(
      [...(await flagsOf(drained)).keys()],
      samples.slice(3).map((_, index) => index + 4),
    );
    assertAll(await fetch({ protocol: 'IMAP', keep: false, account: drained }), samples.slice(3));
    assert.equal((await flagsOf(drained)).size, 0);
  });
  await check('from one account by POP3 into another by SMTP and by LMTP', async () => {
    for (const way of ['smtp', 'lmtp'] as const) {
      const from = await bench.another(`from-${way}`);
      const to = await bench.another(`to-${way}`);
      await bench.deliver('lmtp', samples, from);
      const deliver = [
        `smtphost "localhost/${ports[way]}"`,
        `smtpname "${to.address}"`,
        ...(way === 'lmtp' ? ['lmtp'] : []),
      ];
      const { code, said } = await run({ protocol: 'POP3', keep: false, account: from }, deliver);
      assert.equal(code, fetched, said.slice(-3000));
      assert.equal((await flagsOf(from)).size, 0);
      assertAll(await fetch({ protocol: 'POP3', keep: false, account: to }), samples);
    }
  });
}
