import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { assertDelivered, assertSameBytes, sampleOf, samples, smallMessage } from './mail.ts';

/** curl's exit codes, as its manual has them. */
const loginDenied = 67;
const certificateNotTrusted = 60;

/** The numbers of a `* SEARCH` response. */
const searched = (text: string): number[] =>
  (/^\* SEARCH(.*)$/m.exec(text)?.[1] ?? '').trim().split(/\s+/).filter(Boolean).map(Number);

/** curl, over IMAP, POP3 and SMTP, with implicit TLS and with STARTTLS. */
export async function curl(bench: Bench): Promise<void> {
  const { server, account, home, check } = bench;
  const { ports } = server;
  const trust = ['--silent', '--show-error', '--max-time', '30', '--cacert', server.caFile];
  const login = ['--user', `${account.address}:${account.password}`];
  const run = (...args: string[]) => bench.run('curl', [...trust, ...login, ...args]);
  const get = async (...args: string[]) =>
    (await bench.runToSuccess('curl', [...trust, ...login, ...args])).stdout;

  const imaps = `imaps://localhost:${ports.imaps}`;
  const imap = `imap://localhost:${ports.imap}`;
  const pop3s = `pop3s://localhost:${ports.pop3s}`;
  const pop3 = `pop3://localhost:${ports.pop3}`;
  const inImap = async (command: string, mailbox = 'INBOX') =>
    (await get('--request', command, `${imaps}/${mailbox}`)).toString();

  await check('a certificate that it cannot trust ends the connection', async () => {
    const { code } = await bench.run('curl', ['--silent', ...login, `${imaps}/`]);
    assert.equal(code, certificateNotTrusted);
  });
  await check('a wrong password is refused, by IMAP and by POP3', async () => {
    for (const url of [`${imaps}/`, `${pop3s}/`]) {
      const { code } = await bench.run('curl', [...trust, '--user', `${account.address}:no`, url]);
      assert.equal(code, loginDenied, url);
    }
  });
  await check('no password is taken without TLS', async () => {
    for (const url of [`${imap}/`, `${pop3}/`]) assert.notEqual((await run(url)).code, 0, url);
  });
  await check('LIST', async () => {
    const list = (await get(`${imaps}/`)).toString();
    for (const name of ['INBOX', 'Sent', 'Drafts', 'Trash', 'Junk', 'Archive'])
      assert.match(list, new RegExp(`^\\* LIST \\([^)]*\\) "/" "?${name}"?\\r$`, 'm'));
  });
  await check('every message over IMAPS is what was delivered', async () => {
    for (const [index, { name, bytes }] of samples.entries())
      assertDelivered(await get(`${imaps}/INBOX;MAILINDEX=${index + 1}`), bytes, name);
  });
  await check('every message over POP3S is what it is over IMAPS', async () => {
    for (const [index, { name }] of samples.entries())
      assertSameBytes(await get(`${pop3s}/${index + 1}`), await get(`${imaps}/INBOX;UID=${index + 1}`), name);
  });
  await check('IMAP with STARTTLS and POP3 with STLS give the same', async () => {
    const expected = await get(`${imaps}/INBOX;UID=1`);
    assertSameBytes(await get('--ssl-reqd', `${imap}/INBOX;UID=1`), expected, 'IMAP');
    assertSameBytes(await get('--ssl-reqd', `${pop3}/1`), expected, 'POP3');
    const plain = ['--ssl-reqd', '--login-options', 'AUTH=PLAIN', `${pop3}/1`];
    assertSameBytes(await get(...plain), expected, 'POP3 with AUTH PLAIN');
  });
  await check('a section alone', async () => {
    const whole = await get(`${imaps}/INBOX;UID=8`);
    const end = whole.indexOf('\r\n\r\n') + 4;
    assertSameBytes(await get(`${imaps}/INBOX;UID=8/;SECTION=HEADER`), whole.subarray(0, end), 'HEADER');
    assertSameBytes(await get(`${imaps}/INBOX;UID=8/;SECTION=TEXT`), whole.subarray(end), 'TEXT');
    const part = (await get(`${imaps}/INBOX;UID=8/;SECTION=1`)).toString();
    assert.equal(part, 'See the attachment.');
  });
  await check('POP3 lists sizes and unique ids, and shows the top', async () => {
    const sizes = (await get(`${pop3s}/`)).toString().trim().split('\r\n');
    assert.equal(sizes.length, samples.length);
    const first = await get(`${pop3s}/1`);
    assert.equal(sizes[0], `1 ${first.length}`);
    const ids = (await get('--request', 'UIDL', `${pop3s}/`)).toString().trim().split('\r\n');
    assert.equal(new Set(ids.map((line) => line.split(' ')[1])).size, samples.length);
    const top = await get('--request', 'TOP 1 0', `${pop3s}/`);
    assertSameBytes(top, first.subarray(0, first.indexOf('\r\n\r\n') + 4), 'TOP 1 0');
  });
  await check('SEARCH by URL and by command', async () => {
    const found = (await get(`${imaps}/INBOX?SUBJECT%20dots`)).toString();
    assert.deepEqual(searched(found), [2]);
    assert.deepEqual(searched(await inImap('UID SEARCH LARGER 1000000')), [10]);
  });

  const upload = smallMessage('uploaded-by-curl');
  const uploadFile = join(home, 'upload.eml');
  await writeFile(uploadFile, upload.bytes);
  const largeFile = join(home, 'large.eml');
  await writeFile(largeFile, sampleOf('large').bytes);
  await check('APPEND from a file, byte for byte', async () => {
    await get('--upload-file', uploadFile, `${imaps}/Drafts`);
    await get('--upload-file', largeFile, `${imaps}/Drafts`);
    assertSameBytes(await get(`${imaps}/Drafts;MAILINDEX=1`), upload.bytes, 'small');
    assertSameBytes(await get(`${imaps}/Drafts;MAILINDEX=2`), sampleOf('large').bytes, 'large');
    assert.match(await inImap('FETCH 1 FLAGS', 'Drafts'), /^\* 1 FETCH \(FLAGS \([^)]*\\Seen[^)]*\)\)\r$/m);
  });
  await check('STORE, COPY and EXPUNGE', async () => {
    await inImap('STORE 1 +FLAGS (\\Flagged $Label)', 'Drafts');
    assert.deepEqual(searched(await inImap('SEARCH FLAGGED KEYWORD $label', 'Drafts')), [1]);
    await inImap('UID COPY 1:2 Archive', 'Drafts');
    assert.match(await inImap('STATUS Archive (MESSAGES UNSEEN)'), /MESSAGES 2 UNSEEN 0|UNSEEN 0 MESSAGES 2/);
    await inImap('STORE 2 +FLAGS.SILENT \\Deleted', 'Drafts');
    assert.match(await inImap('EXPUNGE', 'Drafts'), /^\* 2 EXPUNGE\r$/m);
    assert.deepEqual(searched(await inImap('UID SEARCH ALL', 'Drafts')), [1]);
    assertSameBytes(await get(`${imaps}/Archive;MAILINDEX=2`), sampleOf('large').bytes, 'the copy');
  });
  await check('mailboxes are made, renamed and removed', async () => {
    await inImap('CREATE Projekte/2026', '');
    await inImap('RENAME Projekte Projects', '');
    assert.match((await inImap('LIST "" Projects/%', '')).toString(), /"?Projects\/2026"?\r$/m);
    await inImap('DELETE Projects/2026', '');
    assert.doesNotMatch((await inImap('LIST "" Projects/%', '')).toString(), /2026/);
  });

  await check('DELE by POP3 deletes for IMAP too', async () => {
    const pop = await bench.another('pop');
    await bench.deliver('lmtp', [smallMessage('one'), smallMessage('two')], pop);
    const asPop = ['--user', `${pop.address}:${pop.password}`];
    const popGet = async (...args: string[]) =>
      (await bench.runToSuccess('curl', [...trust, ...asPop, ...args])).stdout.toString();
    await popGet('--list-only', '--request', 'DELE', `${pop3s}/1`);
    assert.equal((await popGet(`${pop3s}/`)).trim().split('\r\n').length, 1);
    assert.deepEqual(searched(await popGet('--request', 'UID SEARCH ALL', `${imaps}/INBOX`)), [2]);
  });

  await check('mail sent by SMTP and by submission arrives', async () => {
    const sent = smallMessage('sent-by-curl');
    const file = join(home, 'sent.eml');
    await writeFile(file, sent.bytes);
    const reader = await bench.another('reader');
    const envelope = ['--mail-from', account.address, '--mail-rcpt', reader.address, '--upload-file', file];
    await bench.runToSuccess('curl', [...trust, '--ssl-reqd', ...envelope, `smtp://localhost:${ports.smtp}`]);
    await get(...envelope, `smtps://localhost:${ports.submissions}`);
    await get(...envelope, '--ssl-reqd', `smtp://localhost:${ports.submission}`);
    const asReader = ['--user', `${reader.address}:${reader.password}`];
    for (const index of [1, 2, 3]) {
      const url = `${imaps}/INBOX;MAILINDEX=${index}`;
      const { stdout } = await bench.runToSuccess('curl', [...trust, ...asReader, url]);
      assertDelivered(stdout, sent.bytes, `message ${index}`);
    }
    const stranger = ['--mail-from', account.address, '--mail-rcpt', 'nobody@example.test'];
    const refused = await run(...stranger, '--upload-file', file, `smtp://localhost:${ports.smtp}`);
    assert.notEqual(refused.code, 0);
  });
  await check('mail by SMTP ends where STARTTLS shows a certificate that it cannot trust', async () => {
    const file = join(home, 'sent.eml');
    const envelope = ['--mail-from', account.address, '--mail-rcpt', account.address, '--upload-file', file];
    for (const port of [ports.smtp, ports.submission]) {
      const url = `smtp://localhost:${port}`;
      const { code } = await bench.run('curl', ['--silent', '--ssl-reqd', ...login, ...envelope, url]);
      assert.equal(code, certificateNotTrusted, url);
    }
  });
  await check('submission takes nothing without TLS and a sign-in', async () => {
    const file = join(home, 'sent.eml');
    const envelope = ['--mail-from', account.address, '--mail-rcpt', account.address, '--upload-file', file];
    const submission = `smtp://localhost:${ports.submission}`;
    assert.notEqual((await run(...envelope, submission)).code, 0, 'without TLS');
    const { code } = await bench.run('curl', [...trust, ...envelope, '--ssl-reqd', submission]);
    assert.notEqual(code, 0, 'without a sign-in');
  });
}
