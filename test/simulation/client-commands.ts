import type { Tagged } from './imap-connection.ts';
import { numbersOf, setOf } from './imap-reader.ts';
import type { MailCache } from './mail-cache.ts';
import type { MailClient, MailClientWorld } from './mail-client.ts';
import type { Random } from './random.ts';
import { drawKey } from './search-keys.ts';

export const mailboxes = ['INBOX', 'INBOX', 'INBOX', 'Archive', 'Trash', 'Work', 'Work/New'];
const flagNames = ['\\Seen', '\\Flagged', '\\Answered', '\\Deleted', '\\Deleted', '$Forwarded', 'later'];

/** Does one thing of those that people do. */
export async function oneCommand(client: MailClient, world: MailClientWorld): Promise<void> {
  const { random } = world;
  const kind = random.weighted({
    check: 6,
    store: 5,
    expunge: 2,
    copy: 2,
    move: 2,
    fetch: 2,
    glance: 2,
    body: 2,
    search: 2,
    append: 2,
    idle: 2,
    select: 1,
    mailbox: 1,
    cut: 1,
  });
  switch (kind) {
    case 'check':
      await client.check();
      return;
    case 'store':
      return store(client, random);
    case 'expunge':
      await client.send(random.chance(0.3) ? `UID EXPUNGE ${someUids(client, random) ?? '1:*'}` : 'EXPUNGE');
      return;
    case 'copy':
    case 'move': {
      const uids = someUids(client, random);
      const to = random.pick(mailboxes);
      if (uids !== undefined) await client.send(`UID ${kind.toUpperCase()} ${uids} ${to}`);
      return;
    }
    case 'fetch': {
      const { length } = client.cache.numbers;
      const items = random.pick(['FLAGS', 'FLAGS MODSEQ', 'UID FLAGS EMAILID', 'UID ENVELOPE']);
      if (length > 0) await client.send(`FETCH ${random.int(1, length)}:* (${items})`);
      return;
    }
    case 'glance': {
      // Turns mod-sequences on where EXPUNGE may not be told, and perhaps that was the last the client heard.
      for (let looks = random.int(1, 3); looks > 0; looks--) {
        if (client.cache.numbers.length === 0) return;
        await client.send('FETCH 1 (FLAGS)');
        await world.pause(random.spread(10, 5_000));
      }
      if (client.cache.numbers.length > 0) await client.send('FETCH 1 (MODSEQ)');
      if (random.chance(0.7)) {
        client.leaveAndComeBack();
      }
      return;
    }
    case 'body': {
      const { length } = client.cache.numbers;
      const item = random.chance(0.3) ? 'BODY[]' : 'BODY.PEEK[]';
      if (length > 0) await client.send(`FETCH ${random.int(1, length)} (UID EMAILID ${item})`);
      return;
    }
    case 'search':
      return search(client, world);
    case 'append':
      return append(client, random);
    case 'idle':
      return idle(client, world);
    case 'select':
      await client.select(random.pick(mailboxes));
      return;
    case 'mailbox':
      return changeMailboxes(client, random);
    case 'cut':
      client.connection.cut();
  }
}

/** By UID, or by the client's own numbers; told what came of it, or not (.SILENT). */
async function store(client: MailClient, random: Random): Promise<void> {
  const uids = client.cache.numbers.filter((uid) => uid !== undefined && random.chance(0.4)) as number[];
  if (uids.length === 0) return;
  const mode = random.pick(['+', '+', '-', '']);
  const flags = random.some([...new Set(flagNames)], 0.3);
  const silent = random.chance(0.4);
  const byUid = random.chance(0.6);
  const guard = random.chance(0.2) ? ` (UNCHANGEDSINCE ${client.cache.highestModSeq})` : '';
  const set = byUid ? setOf(uids) : setOf(uids.map((uid) => client.cache.numbers.indexOf(uid) + 1));
  if (mode !== '' && flags.length === 0) return;
  // What the client may take for granted, in order: the change, then whatever the server says.
  const before = new Map(uids.map((uid) => [uid, client.cache.messages.get(uid)?.flags]));
  const told = new Set<number>();
  const { cache } = client;
  const watch = cache.fetched.bind(cache);
  cache.fetched = (fetched) => {
    watch(fetched);
    if (fetched.flags !== undefined) told.add(cache.numbers[fetched.seq - 1]!);
  };
  const named = mode === '' ? 'FLAGS' : `${mode}FLAGS`;
  const prefix = byUid ? 'UID STORE' : 'STORE';
  let answer: Tagged;
  try {
    answer = await client.send(
      `${prefix} ${set}${guard} ${named}${silent ? '.SILENT' : ''} (${flags.join(' ')})`,
      byUid ? 'allowed' : 'withheld',
    );
  } catch (cause) {
    // What became of it is not known: the flags are unknown until they are told.
    for (const uid of uids) if (!told.has(uid)) forget(cache, uid);
    throw cause;
  } finally {
    cache.fetched = watch;
  }
  if (!silent || answer.condition !== 'OK') return;
  const modified = /\[MODIFIED (\S+)\]/.exec(answer.text)?.[1];
  const left = new Set(modified === undefined ? [] : numbersOf(modified));
  uids.forEach((uid) => {
    const message = cache.messages.get(uid);
    const had = before.get(uid);
    const at = byUid ? uid : cache.numbers.indexOf(uid) + 1;
    if (message === undefined || had === undefined || told.has(uid) || left.has(at)) return;
    const now =
      mode === '' ? flags : mode === '+' ? [...had, ...flags] : had.filter((f) => !flags.includes(f));
    message.flags = [...new Set(now)].sort();
  });
}

async function append(client: MailClient, random: Random): Promise<void> {
  const text = `Subject: draft ${random.bits()}\r\n\r\n${'x'.repeat(random.int(0, 300))}\r\n`;
  const flags = random.chance(0.5) ? ' (\\Seen)' : '';
  const { goOn, done } = client.connection.begin(`APPEND ${random.pick(mailboxes)}${flags} {${text.length}}`);
  if (await goOn) client.connection.say(`${text}\r\n`);
  await done;
  client.cache.answered('allowed');
}

async function idle(client: MailClient, world: MailClientWorld): Promise<void> {
  const { goOn, done } = client.connection.begin('IDLE');
  if (await goOn) {
    await world.pause(world.random.spread(10, 600_000));
    client.connection.say('DONE\r\n');
  }
  await done;
  client.cache.answered('allowed');
}

async function changeMailboxes(client: MailClient, random: Random): Promise<void> {
  const name = random.pick(['Work', 'Work/New', 'Old', 'Work/Old']);
  const command = random.pick([
    `CREATE ${name}`,
    `DELETE ${name}`,
    `RENAME ${name} ${random.pick(['Old', 'Work', 'Old/Deep'])}`,
  ]);
  await client.send(random.chance(0.1) ? `RENAME INBOX Old/Inbox${random.int(1, 3)}` : command);
}

function someUids(client: MailClient, random: Random): string | undefined {
  const uids = client.cache.numbers.filter((uid) => uid !== undefined && random.chance(0.4)) as number[];
  return uids.length === 0 || !client.selected ? undefined : setOf(uids);
}

/** What is found must be what is there: the NOOP before it brings the session to the newest. */
async function search(client: MailClient, world: MailClientWorld): Promise<void> {
  const from = world.length();
  if ((await client.send('NOOP')).condition !== 'OK') return;
  const key = drawKey(world.random, world.events());
  client.searched.length = 0;
  const answer = await client.send(`UID SEARCH ${key}`);
  if (answer.condition !== 'OK') return;
  world.compareSearch(
    client.cache.uidValidity,
    { key, found: new Set(client.searched) },
    from,
    world.length(),
  );
  world.count(/BODY|TEXT/.test(key) ? 'search of texts' : 'search');
}

function forget(cache: MailCache, uid: number): void {
  const message = cache.messages.get(uid);
  if (message !== undefined) message.flags = undefined;
}
