import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAccount } from '../support/server-process.ts';
import type { Bench } from './bench.ts';
import { openImap } from './imap-session.ts';
import { assertDelivered, assertSameBytes, sampleOf, samples, smallMessage, withCrLf } from './mail.ts';

/** Without the fields that mutt puts at the end of the header of what it copies. */
const withoutCounts = (bytes: Buffer): Buffer => {
  const text = bytes.toString('latin1');
  return Buffer.from(text.replace(/(?<=\r\n)Content-Length: \d+\r\nLines: \d+\r\n(?=\r\n)/, ''), 'latin1');
};

/** mutt, on a terminal of its own, by keys that it is given before it starts. */
export async function mutt(bench: Bench): Promise<void> {
  const { server, account, home, check } = bench;
  const { ports } = server;
  const out = join(home, 'out');
  const configFile = join(home, 'muttrc');
  await mkdir(join(home, 'cache'));
  const imaps = `imaps://localhost:${ports.imaps}/`;

  const config = (who: TestAccount, authority: string) => [
    `set imap_user="${who.address}" imap_pass="${who.password}"`,
    `set pop_user="${who.address}" pop_pass="${who.password}"`,
    `set from="${who.address}" use_envelope_from envelope_from_address="${who.address}"`,
    `set smtp_url="smtps://${encodeURIComponent(who.address)}@localhost:${ports.submissions}" smtp_pass="${who.password}"`,
    `set folder="${imaps}" record="=Sent" copy ssl_force_tls ssl_starttls`,
    `set ssl_ca_certificates_file="${authority}" certificate_file="${join(home, 'accepted')}"`,
    `set header_cache="${join(home, 'cache')}" message_cachedir="${join(home, 'cache')}"`,
    'set mbox_type=Maildir delete=yes quit=yes abort_nosubject=no abort_noattach=no',
    'unset confirmappend confirmcreate wait_key beep mark_old move imap_idle save_history',
    'set imap_condstore imap_qresync imap_check_subscribed=no net_inc=0 read_inc=0 sleep_time=0 timeout=1',
  ];
  /** Opens a mailbox, presses the keys, which must end with leaving it, and returns when mutt has ended. */
  const press = async (
    mailbox: string,
    keys: string,
    who = account,
    authority = server.caFile,
    input = '',
  ) => {
    await writeFile(configFile, `${config(who, authority).join('\n')}\n`, { mode: 0o600 });
    const command = `exec mutt -n -F ${configFile} -f '${mailbox}' -e 'push "${keys}"'`;
    const env = { TERM: 'xterm', SHELL: '/bin/sh' };
    // script lends it a terminal and gives back its exit code.
    return bench.run('script', ['-qec', command, '/dev/null'], { env, input, timeLimit: 30_000 });
  };
  /** Copies what the pattern says to files, by subject. */
  const copied = async (mailbox: string, pattern: string, who = account): Promise<Map<string, Buffer>> => {
    await rm(out, { recursive: true, force: true });
    const keys = `<limit>${pattern}<enter><tag-pattern>~A<enter><tag-prefix><copy-message>${out}<enter><quit>`;
    const { stdout } = await press(mailbox, keys, who);
    const found = new Map<string, Buffer>();
    for (const sub of ['new', 'cur'])
      for (const name of await readdir(join(out, sub)).catch(() => [])) {
        const bytes = withoutCounts(withCrLf(await readFile(join(out, sub, name))));
        const subject = /^Subject: (?:sample )?(.*)\r$/m.exec(bytes.toString())?.[1] ?? '';
        assert.ok(!found.has(subject), `${subject} twice`);
        found.set(subject, bytes);
      }
    assert.ok(found.size > 0, `nothing was copied; the screen:\n${stdout.toString().slice(-1500)}`);
    return found;
  };
  const assertAll = (found: ReadonlyMap<string, Buffer>) => {
    assert.deepEqual([...found.keys()].sort(), samples.map(({ name }) => name).sort());
    for (const { name, bytes } of samples) assertDelivered(found.get(name) ?? Buffer.alloc(0), bytes, name);
  };
  /** Flags by UID, of what is in the mailbox now. */
  const flagsOf = async (mailbox: string, who = account) => {
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
  const sourceOf = async (mailbox: string, message: string, who = account) => {
    const client = await openImap(server, who);
    try {
      const lock = await client.getMailboxLock(mailbox);
      const found = await client.fetchOne(message, { source: true });
      lock.release();
      return (found ? found.source : undefined) ?? Buffer.alloc(0);
    } finally {
      await client.logout();
    }
  };

  await check('every message copied from IMAP to files is what was delivered', async () => {
    assertAll(await copied(`${imaps}INBOX`, '~A'));
  });
  await check('the same with STARTTLS', async () => {
    assertAll(await copied(`imap://localhost:${ports.imap}/INBOX`, '~A'));
  });
  await check('flags are set, and new messages stay new', async () => {
    await press(
      `${imaps}INBOX`,
      '1<enter><flag-message>3<enter><set-flag>r4<enter><display-message><exit><quit>',
    );
    const flags = await flagsOf('INBOX');
    assert.deepEqual(
      [1, 2, 3, 4].map((uid) => flags.get(uid)),
      ['\\Flagged', '', '\\Answered \\Seen', '\\Seen'],
    );
  });
  await check('changes of others are seen through the header cache, with QRESYNC', async () => {
    const client = await openImap(server, account);
    const lock = await client.getMailboxLock('INBOX');
    await client.messageFlagsAdd('2,5', ['\\Flagged'], { uid: true });
    await client.messageFlagsRemove('1', ['\\Flagged'], { uid: true });
    lock.release();
    await client.logout();
    const found = await copied(`${imaps}INBOX`, '~F');
    assert.deepEqual([...found.keys()].sort(), [samples[1]?.name, samples[4]?.name].sort());
  });
  await check('a search in bodies by the server', async () => {
    const found = await copied(`${imaps}INBOX`, '=b paragraphs');
    assert.deepEqual([...found.keys()], ['plain']);
  });
  await check('messages are moved, into a mailbox that is made for it too', async () => {
    const before = await sourceOf('INBOX', '2');
    await press(
      `${imaps}INBOX`,
      '2<enter><save-message>=Archive<enter>10<enter><save-message>=Projects<enter><quit>',
    );
    assert.deepEqual([...(await flagsOf('INBOX')).keys()], [1, 3, 4, 5, 6, 7, 8, 9]);
    assertSameBytes(await sourceOf('Archive', '1'), before, 'what was moved');
    assertDelivered(await sourceOf('Projects', '1'), sampleOf('large').bytes, 'large');
    assert.equal((await flagsOf('Archive')).get(1), '\\Flagged');
  });
  await check('messages are deleted by a pattern', async () => {
    await press(
      `${imaps}INBOX`,
      '<tag-pattern>~s from-lines|~s empty<enter><tag-prefix><delete-message><quit>',
    );
    assert.deepEqual([...(await flagsOf('INBOX')).keys()], [1, 3, 4, 5, 8, 9]);
  });
  await check('every message copied from POP3, by TLS and by STLS', async () => {
    const pop = await bench.another('pop-copy');
    await bench.deliver('lmtp', samples, pop);
    assertAll(await copied(`pops://localhost:${ports.pop3s}/`, '~A', pop));
    assertAll(await copied(`pop://localhost:${ports.pop3}/`, '~A', pop));
    assert.equal((await flagsOf('INBOX', pop)).size, samples.length);
  });
  await check('POP3: deleted at the end of the session', async () => {
    const pop = await bench.another('pop');
    await bench.deliver('lmtp', ['one', 'two', 'three'].map(smallMessage), pop);
    await press(`pops://localhost:${ports.pop3s}/`, '2<enter><delete-message><quit>', pop);
    assert.deepEqual([...(await flagsOf('INBOX', pop)).keys()], [1, 3]);
  });

  const attachment = join(home, 'attached.bin');
  const octets = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 31) & 255));
  await writeFile(attachment, octets);
  /** Sends from the command line, without a terminal. */
  const send = async (to: TestAccount, authority: string) => {
    await writeFile(configFile, `${config(account, authority).join('\n')}\n`, { mode: 0o600 });
    const args = ['-n', '-F', configFile, '-s', 'Grüße, 日本語', '-a', attachment, '--', to.address];
    return bench.run('mutt', args, { input: 'Straße\n' });
  };
  await check('it sends with an attachment, and keeps a copy in Sent', async () => {
    const to = await bench.another('to');
    const { code, stderr } = await send(to, server.caFile);
    assert.equal(code, 0, stderr);
    const [received, kept] = [await sourceOf('INBOX', '1', to), await sourceOf('Sent', '1')];
    for (const message of [received, kept]) {
      const text = message.toString();
      assert.match(text, /^Subject: =\?utf-8\?/m);
      assert.ok(
        withCrLf(message).toString().replaceAll('\r\n', '').includes(octets.toString('base64')),
        'attachment',
      );
    }
    assert.equal((await flagsOf('Sent')).get(1), '\\Seen');
  });
  await check('a certificate that it cannot trust: nothing is sent', async () => {
    const to = await bench.another('none');
    assert.notEqual((await send(to, '/dev/null')).code, 0);
    assert.equal((await flagsOf('INBOX', to)).size, 0);
    // Its question about the certificate is answered by a real key, r for reject; no key that was given before it is taken for the answer.
    const keys = '<tag-pattern>~A<enter><tag-prefix><delete-message><quit>';
    const { stdout } = await press(`${imaps}INBOX`, keys, account, '/dev/null', 'r');
    assert.equal((await flagsOf('INBOX')).size, 6);
    assert.match(stdout.toString(), /SSL Certificate check/);
  });
}
