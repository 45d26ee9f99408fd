import { err, ok } from '../../../../shared/result.ts';
import { findAccount } from '../access.ts';
import { operation } from '../operation.ts';
import { fromProvisioning } from '../problem.ts';
import {
  accountParams,
  addedAppPassword,
  appPasswordList,
  appPasswordParams,
  newAppPassword,
  none,
  viewAppPassword,
} from '../schemas.ts';

/** Passwords for single programs and devices. */
export const appPasswordOperations = [
  operation({
    id: 'listAppPasswords',
    method: 'get',
    path: '/v1/accounts/{address}/app-passwords',
    summary: 'App passwords of an account, oldest first, without their secrets',
    scope: 'accounts:read',
    params: accountParams,
    query: none,
    status: 200,
    answer: appPasswordList,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      return found.ok ? ok({ items: found.value.appPasswords.map(viewAppPassword) }) : found;
    },
  }),
  operation({
    id: 'addAppPassword',
    method: 'post',
    path: '/v1/accounts/{address}/app-passwords',
    summary: 'Make a password for one program or device',
    scope: 'accounts:write',
    params: accountParams,
    query: none,
    body: newAppPassword,
    status: 201,
    answer: addedAppPassword,
    location: ({ id }, { address }) => ['accounts', address, 'app-passwords', id],
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      const added = await call.parts.data.provisioning.addAppPassword(found.value.address, call.body.name);
      if (!added.ok) return err(fromProvisioning(added.error));
      return ok({ ...viewAppPassword(added.value.appPassword), password: added.value.password });
    },
  }),
  operation({
    id: 'removeAppPassword',
    method: 'delete',
    path: '/v1/accounts/{address}/app-passwords/{id}',
    summary: 'Revoke an app password: the next sign-in with it is refused',
    scope: 'accounts:write',
    params: appPasswordParams,
    query: none,
    status: 204,
    answer: none,
    handle: async (call) => {
      const found = await findAccount(call, call.params.address);
      if (!found.ok) return found;
      const removed = await call.parts.data.provisioning.removeAppPassword(
        found.value.address,
        call.params.id,
      );
      return removed.ok ? ok({}) : err(fromProvisioning(removed.error));
    },
  }),
];
