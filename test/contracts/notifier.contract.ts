import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type AccountId, type LogPosition, newAccountId, systemEntropy } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { Notifier } from '../../shared/ports/notifier.ts';
import { bytesOf } from './bytes.ts';

export interface NotifierGround {
  readonly notifier: Notifier;
  /** The log that is announced; some notifiers learn from it what others wrote. */
  readonly log: AccountLog;
  /** The notifier of another process. */
  another(): Promise<Notifier>;
}

/** What every Notifier promises where nothing fails. `make` cleans up by `t.after`. */
export function notifierContract(make: (t: TestContext) => Promise<NotifierGround>): void {
  describe('Notifier', () => {
    test('a watcher hears announcements of its account, own ones included', async (t) => {
      const { notifier } = await make(t);
      const [account, silent] = [newAccountId(systemEntropy), newAccountId(systemEntropy)];
      const positions: number[] = [];
      notifier.watch(silent, () => assert.fail('an account that was not announced'));
      const heard = new Promise<void>((resolve) => {
        notifier.watch(account, (position) => {
          positions.push(position);
          if (position === 2) resolve();
        });
      });
      notifier.announce(account, at(1));
      notifier.announce(account, at(2));
      await heard;
      assert.deepEqual(positions, [1, 2]);
    });

    test('announcing never calls a watcher before it returns', async (t) => {
      const { notifier } = await make(t);
      const account = newAccountId(systemEntropy);
      let returned = false;
      const heard = new Promise<boolean>((resolve) => notifier.watch(account, () => resolve(returned)));
      notifier.announce(account, at(1));
      returned = true;
      assert.equal(await heard, true);
    });

    test('all watchers of an account hear, until each ends its watch', async (t) => {
      const { notifier } = await make(t);
      const account = newAccountId(systemEntropy);
      const calls: string[] = [];
      const listener = (): void => void calls.push('same');
      const [first, second] = [notifier.watch(account, listener), notifier.watch(account, listener)];
      const hears = (position: number): Promise<void> =>
        new Promise((resolve) => {
          const end = notifier.watch(account, () => {
            end();
            resolve();
          });
          notifier.announce(account, at(position));
        });
      await hears(1);
      assert.equal(calls.length, 2);
      first();
      first();
      await hears(2);
      assert.equal(calls.length, 3);
      second();
      await hears(3);
      assert.equal(calls.length, 3);
    });

    test('a watcher hears what another process appended and announced', async (t) => {
      const { notifier, log, another } = await make(t);
      const other = await another();
      const [account, unwatched] = [newAccountId(systemEntropy), newAccountId(systemEntropy)];
      const heard = new Promise<number>((resolve) => other.watch(account, resolve));
      for (const one of [unwatched, account]) {
        await append(log, one, 1);
        notifier.announce(one, at(1));
      }
      assert.equal(await heard, 1);
      const again = new Promise<number>((resolve) => other.watch(account, resolve));
      await append(log, account, 2);
      notifier.announce(account, at(2));
      assert.equal(await again, 2);
    });
  });
}

const at = (position: number): LogPosition => position as LogPosition;

async function append(log: AccountLog, account: AccountId, position: number): Promise<void> {
  const outcome = await log.append({
    account,
    position: at(position),
    bytes: bytesOf('entry'),
    blobs: [],
    readAt: Date.now(),
  });
  assert.deepEqual(outcome, { kind: 'done' });
}
