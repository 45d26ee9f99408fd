import assert from 'node:assert/strict';
import { type ImportReport, MessageImport } from '../../../services/local/transfer/import-messages.ts';
import { openSource } from '../../../services/local/transfer/open-source.ts';
import type { Source } from '../../../services/local/transfer/source-message.ts';
import type { Account } from '../../../shared/engine/account.ts';
import { collect } from '../../../shared/engine/message-index.ts';

export const limit = 1 << 20;

export async function sourceAt(path: string, mailbox?: string, most = limit): Promise<Source> {
  const source = await openSource(path, mailbox, most);
  assert.ok(source.ok, source.ok ? '' : source.error);
  return source.value;
}

export async function bring(account: Account, path: string, mailbox?: string): Promise<ImportReport> {
  const run = await new MessageImport(account, await sourceAt(path, mailbox), { limit }).run();
  assert.ok(run.ok, run.ok ? '' : run.error.kind);
  return run.value;
}

/** Everything that an export must keep, by mailbox and in order. */
export async function contents(account: Account) {
  const { flags, mailboxes } = account.state;
  const all: Record<string, unknown[]> = {};
  for (const { name, chunks } of mailboxes)
    for (const { fixed, marks, length } of chunks)
      for (let i = 0; i < length; i++) {
        const { body } = await account.body(fixed.message[i]!);
        const set = [...flags.set(marks.flags[i]!).flags].sort();
        (all[name] ??= []).push([
          fixed.internalDate[i],
          set,
          Buffer.from(await collect(body)).toString('latin1'),
        ]);
      }
  return all;
}
