import type { AccountState } from '../../../shared/engine/state.ts';
import { quotaLine, quotaRootLine } from '../../../shared/imap/responses/server.ts';
import type { ResponseWriter } from '../../../shared/imap/writer.ts';
import type { SessionHandler } from '../dispatch.ts';

type SignedIn = 'authenticated' | 'selected';

/** One root for the whole account (RFC 9208 §3.2); it is there only where there is a limit. */
const root = '';

function writeQuota(writer: ResponseWriter, { usage, limits }: AccountState): void {
  if (limits.bytes === undefined) return;
  const kibibytes = (bytes: number) => Math.ceil(bytes / 1024);
  quotaLine(writer, root, [
    { name: 'STORAGE', usage: kibibytes(usage.bytes), limit: Math.floor(limits.bytes / 1024) },
  ]);
}

/** GETQUOTA, RFC 9208 §4.1.1. */
export const getQuota: SessionHandler<'getQuota', SignedIn> = async ({ writer }, { account }, command) => {
  if (command.root !== root || account.state.limits.bytes === undefined)
    return { condition: 'NO', code: { code: 'NONEXISTENT' }, text: 'No such quota root' };
  writeQuota(writer, account.state);
  return { condition: 'OK', text: 'Done' };
};

/** GETQUOTAROOT, RFC 9208 §4.1.2: also of a name that no mailbox has, for who thinks of making one. */
export const getQuotaRoot: SessionHandler<'getQuotaRoot', SignedIn> = async (
  { writer },
  { account },
  { mailbox },
) => {
  quotaRootLine(writer, mailbox, account.state.limits.bytes === undefined ? [] : [root]);
  writeQuota(writer, account.state);
  return { condition: 'OK', text: 'Done' };
};

/** SETQUOTA, RFC 9208 §4.1.3: limits are the administrator's. */
export const setQuota: SessionHandler<'setQuota', SignedIn> = async () => ({
  condition: 'NO',
  code: { code: 'NOPERM' },
  text: 'Only the administrator sets limits',
});
