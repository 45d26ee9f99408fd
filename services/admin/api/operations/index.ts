import type { Operation } from '../operation.ts';
import { accountOperations } from './accounts.ts';
import { aliasOperations } from './aliases.ts';
import { appPasswordOperations } from './app-passwords.ts';
import { auditOperations } from './audit.ts';
import { domainOperations } from './domains.ts';
import { keyOperations } from './keys.ts';
import { tenantOperations } from './tenants.ts';

/** All of the API. */
export const operations = [
  ...tenantOperations,
  ...domainOperations,
  ...appPasswordOperations,
  ...accountOperations,
  ...aliasOperations,
  ...keyOperations,
  ...auditOperations,
] as const satisfies readonly Operation[];
