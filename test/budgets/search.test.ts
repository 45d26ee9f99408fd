import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { deliver, MessageSession } from '../imap/message-session.ts';
import { BudgetWorld, type Cost, none, sizes } from './big-account.ts';

/** Which bodies of messages are read, and how many are held at once. */
class BodyWatch {
  asked = 0;
  open = 0;
  most = 0;

  constructor(blobs: BlobStore) {
    const get = blobs.get.bind(blobs);
    blobs.get = async (key, range) => {
      const blob = await get(key, range);
      if (blob === undefined || !key.includes('/m/')) return blob;
      this.asked++;
      this.most = Math.max(this.most, ++this.open);
      return { size: blob.size, body: this.#once(blob.body as Uint8Array) };
    };
  }

  /** Open until it is read to its end, or given up. */
  #once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
    let left: Uint8Array | undefined = bytes;
    let open = true;
    const close = () => {
      if (open) this.open--;
      open = false;
    };
    const iterator: AsyncIterator<Uint8Array> = {
      next: async () => {
        const value = left;
        left = undefined;
        if (value !== undefined) return { value, done: false };
        close();
        return { value, done: true };
      },
      return: async () => {
        close();
        return { value: undefined, done: true };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }
}

interface Found {
  readonly said: string;
  readonly cost: Cost;
  readonly bodies: number;
}

/** A mailbox as a process finds it that has just started; what searches in it find, and cost. */
async function searching(world: BudgetWorld, mailbox = 'INBOX') {
  const reader: Account = await world.fresh();
  await reader.load(reader.state.mailboxes.named(mailbox)!.id);
  const watch = new BodyWatch(world.store.blobs);
  const search = async (keys: string): Promise<Found> => {
    const session = new MessageSession(reader, mailbox);
    const before = watch.asked;
    let said = '';
    const cost = await world.cost(async () => {
      [said = ''] = await session.lines(`SEARCH ${keys}`);
    });
    assert.equal(watch.open, 0, 'bodies that were never let go');
    return { said, cost, bodies: watch.asked - before };
  };
  return { reader, watch, search };
}

const listed = (numbers: readonly number[]): string => ['* SEARCH', ...numbers].join(' ');

// As many as the largest budget asks for, within bounds.
const messages = Math.min(Math.max(...sizes, 2000), 10_000);

test(`SEARCH for a text in ${messages.toLocaleString('en')} messages reads the bodies alone that may have it`, async (t) => {
  const world = await BudgetWorld.make();
  const words = ['alder', 'birch', 'cedar', 'damson', 'elder', 'fir', 'gorse', 'hazel'];
  const text = (n: number): string => {
    const page = Array.from({ length: 40 }, (_, k) => words[(n * 7 + k * k) % words.length]).join(' ');
    return `Subject: ${n}\n\n${page}\n${n % 400 === 3 ? 'the Needle in it' : 'nothing'}\n`;
  };
  for (let from = 0; from < messages; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, messages - from) }, (_, i) => ({
      text: text(from + i),
    }));
    await deliver(world.account, 'INBOX', batch);
  }
  await world.account.settle();
  await world.account.compact();
  const all = Array.from({ length: messages }, (_, i) => i + 1);
  const matches = all.filter((seq) => (seq - 1) % 400 === 3);
  const { reader, search } = await searching(world);

  const assertCheap = ({ cost, bodies }: Found, others: number) => {
    assert.ok(bodies >= matches.length && bodies <= 5 * matches.length, `${bodies} bodies`);
    assert.ok(cost.gets - bodies <= others, `${cost.gets - bodies} other objects`);
    assert.deepEqual({ ...cost, gets: 0, getBytes: 0 }, none);
  };

  await t.test('BODY: signatures, and what is needed to look through those', async () => {
    const found = await search('BODY "needle IN"');
    assert.equal(found.said, listed(matches));
    // Of each that is looked through, a frame at most with where its text is.
    assertCheap(found, 8 + matches.length);
  });

  await t.test('TEXT and NOT BODY: no bodies more', async () => {
    const text = await search('TEXT "needle in"');
    assert.equal(text.said, listed(matches));
    assertCheap(text, 12);
    const others = await search('NOT BODY "needle in"');
    assert.equal(others.said, listed(all.filter((seq) => !matches.includes(seq))));
    assertCheap(others, 0);
  });

  await t.test('a text that no message has, and one that is ruled out among several', async () => {
    const found = await search('BODY zymurgy');
    assert.equal(found.said, listed([]));
    assert.ok(found.bodies <= messages / 100, `${found.bodies} bodies`);
    const both = await search('BODY birch BODY "needle in"');
    assert.equal(both.said, listed(matches));
    assertCheap(both, 0);
  });

  await t.test('two letters are looked for everywhere', async () => {
    const { said, bodies } = await search('1:50 BODY ee');
    assert.equal(said, listed([4]));
    assert.equal(bodies, 50);
  });

  await t.test('what no snapshot has yet may have any text', async () => {
    const { bodies } = await search('BODY "needle in"');
    await deliver(reader, 'INBOX', [{ text: 'Subject: young\n\nnothing\n' }, { text: text(3) }]);
    const found = await search('BODY "needle in"');
    assert.equal(found.said, listed([...matches, messages + 2]));
    assert.equal(found.bodies, bodies + 2);
  });
});

test('few bodies are held at once: eight, and of large ones no more than come to a megabyte', async () => {
  const world = await BudgetWorld.make();
  const small = { text: 'Subject: small\n\nText\n' };
  const large = { text: `Subject: large\n\n${`${'many words '.repeat(7)}\n`.repeat(4000)}` };
  for (const [mailbox, message, count, most] of [
    ['INBOX', small, 40, 8],
    ['Archive', large, 9, 4],
  ] as const) {
    await deliver(world.account, mailbox, Array(count).fill(message));
    const { search, watch } = await searching(world, mailbox);
    assert.equal((await search('BODY zymurgy')).bodies, count);
    assert.equal(watch.most, most);
  }
});
