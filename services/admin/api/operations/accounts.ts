import { isDisplayName } from '../../../../shared/directory/provisioning.ts';
import { setLimit } from '../../../../shared/engine/mailbox-actions.ts';
import type { AccountId } from '../../../../shared/ids.ts';
import { err, ok } from '../../../../shared/result.ts';
import { waitsOf } from '../../../forwarding/waits.ts';
import { addAccount } from '../../../local/add-account.ts';
import { describeMailError } from '../../../local/describe-mail-error.ts';
import { removeAccount } from '../../../local/remove-account.ts';
import { domainOfNew, findAccount, sees } from '../access.ts';
import { emptyPage, listed, wantedPart } from '../listing.ts';
import { operation } from '../operation.ts';
import { fromProvisioning, problem } from '../problem.ts';
import {
  accountChange,
  accountParams,
  accountView,
  addedAccount,
  changedPassword,
  inDomain,
  newAccount,
  none,
  pageOf,
  passwordChange,
  usageView,
  viewAccount,
  viewLastSignIn,
  waitingList,
} from '../schemas.ts';

export const accountOperations = [
  operation({
    id: 'listAccounts',
    method: 'get',
    path: '/v1/accounts',
    summary: 'Accounts, in order of their addresses',
    scope: 'accounts:read',
    params: none,
    query: inDomain,
    status: 200,
    answer: pageOf(accountView),
    handle: async (call) => {
      const part = await wantedPart(call);
      if (part === null) return ok(emptyPage);
      const { directory } = call.parts.data.store;
      return ok(
        await listed((after, limit) => directory.accounts(after, limit, part), viewAccount, call.query),
      );
    },
  }),
  operation({
    id: 'addAccount',
    method: 'post',
    path: '/v1/accounts',
    summary: 'Make an account; it can be used at once',
    scope: 'accounts:write',
    params: none,
    query: none,
    body: newAccount,
    status: 201,
    answer: addedAccount,
    location: ({ address }) => ['accounts', address],
    handle: async (call) => {
      const { body, parts } = call;
      const domain = await domainOfNew(call, body.address);
      if (!domain.ok) return domain;
      const added = await addAccount(parts.data, {
        address: body.address,
        quota: body.quota ?? undefined,
        ...(body.password !== undefined && { password: body.password }),
        ...(body.name !== undefined && { displayName: body.name }),
        ...(body.protocols && { protocols: [...new Set(body.protocols)] }),
        ...(body.pop3Deletion && { pop3Deletion: body.pop3Deletion }),
      });
      if (!added.ok) return err(fromProvisioning(added.error));
      const password = body.password === undefined ? added.value.password : null;
      return ok({ ...viewAccount(added.value.account), password });
    },
  }),
  operation({
    id: 'getAccount',
    method: 'get',
    path: '/v1/accounts/{address}',
    summary: 'One account',
    scope: 'accounts:read',
    params: accountParams,
    query: none,
    status: 200,
    answer: accountView,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      return found.ok ? ok(viewAccount(found.value)) : found;
    },
  }),
  operation({
    id: 'changeAccount',
    method: 'patch',
    path: '/v1/accounts/{address}',
    summary: 'Change how an account may be used; suspend it and take it up again',
    scope: 'accounts:write',
    params: accountParams,
    query: none,
    body: accountChange,
    status: 200,
    answer: accountView,
    handle: async (call) => {
      const { body, parts } = call;
      const { quota, name, protocols, forwarding, ...rest } = body;
      const displayName = name?.normalize('NFC');
      if (displayName !== undefined && !isDisplayName(displayName))
        return err(fromProvisioning({ kind: 'badName' }));
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      if (forwarding !== undefined) {
        const { targets, keep } = forwarding ?? { targets: [], keep: true };
        const set = await parts.data.provisioning.setForwarding(found.value.address, targets, keep);
        if (!set.ok) return err(fromProvisioning(set.error));
      }
      if (quota !== undefined) {
        const set = await parts.data.engine.with(found.value.id, (account) =>
          account.commit(setLimit(quota ?? undefined)),
        );
        if (!set.ok) return err(problem('busy', describeMailError(set.error), { retryAfter: 1 }));
      }
      const changed = await parts.data.store.directory.updateAccount(found.value.id, {
        ...rest,
        ...(displayName !== undefined && { displayName }),
        ...(protocols && { protocols: [...new Set(protocols)] }),
      });
      return changed.ok ? ok(viewAccount(changed.value)) : err(fromProvisioning(changed.error));
    },
  }),
  operation({
    id: 'removeAccount',
    method: 'delete',
    path: '/v1/accounts/{address}',
    summary: 'Remove an account and, with the next maintenance, its mail',
    scope: 'accounts:write',
    params: accountParams,
    query: none,
    status: 204,
    answer: none,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      const removed = await removeAccount(call.parts.data, found.value.address);
      return removed.ok ? ok({}) : err(fromProvisioning(removed.error));
    },
  }),
  operation({
    id: 'changePassword',
    method: 'post',
    path: '/v1/accounts/{address}/password',
    summary: 'Set a new password, or have one made',
    scope: 'accounts:write',
    params: accountParams,
    query: none,
    body: passwordChange,
    status: 200,
    answer: changedPassword,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      const { password } = call.body;
      const changed = await call.parts.data.provisioning.changePassword(found.value.address, password);
      if (!changed.ok) return err(fromProvisioning(changed.error));
      return ok({ password: password === undefined ? changed.value : null });
    },
  }),
  operation({
    id: 'getUsage',
    method: 'get',
    path: '/v1/accounts/{address}/usage',
    summary: 'What an account holds, in all and in each mailbox, and when it was last used',
    scope: 'accounts:read',
    params: accountParams,
    query: none,
    status: 200,
    answer: usageView,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      const opened = await call.parts.data.engine.with(found.value.id, async (account) => ok(account.state));
      if (!opened.ok) return err(problem('busy', describeMailError(opened.error), { retryAfter: 1 }));
      const state = opened.value;
      return ok({
        messages: state.usage.messages,
        bytes: state.usage.bytes,
        quota: state.limits.bytes ?? null,
        lastSignIn: viewLastSignIn(found.value),
        mailboxes: [...state.mailboxes].map(({ name, exists, unseen, bytes }) => ({
          name,
          messages: exists,
          unseen,
          bytes,
        })),
      });
    },
  }),
  operation({
    id: 'listWaiting',
    method: 'get',
    path: '/v1/forwards/waiting',
    summary: 'By account id, mail that goes on to addresses elsewhere and waits to be sent',
    scope: 'accounts:read',
    params: none,
    query: none,
    status: 200,
    answer: waitingList,
    handle: async ({ key, parts }) => {
      const waits = await waitsOf(parts.data.engine);
      if (!waits.ok) return err(problem('busy', describeMailError(waits.error), { retryAfter: 1 }));
      const items = [];
      for (const [id, one] of waits.value) {
        const of = key.tenant && (await parts.data.store.directory.account(id as AccountId));
        if (key.tenant === undefined || (of && sees(key, of.tenant))) items.push({ id, ...one });
      }
      return ok({ items });
    },
  }),
];
