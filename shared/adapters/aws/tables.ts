import { partitionName, sortName } from './log-items.ts';

/** What a table must be, for the infrastructure, which creates it. */
export interface TableDefinition {
  readonly partition: { readonly name: string; readonly type: 'S' };
  readonly sort: { readonly name: string; readonly type: 'S' | 'N' };
  /** Holds seconds since 1970 after which an item may be deleted by the service. */
  readonly timeToLive: string | undefined;
  /** Paid by request: an account that nobody touches costs only its bytes. */
  readonly billing: 'PAY_PER_REQUEST';
}

/** Entries and heads: see log-items.ts. */
export const logTable: TableDefinition = {
  partition: { name: partitionName, type: 'S' },
  sort: { name: sortName, type: 'N' },
  timeToLive: undefined,
  billing: 'PAY_PER_REQUEST',
};

/** Tenants, domains, accounts, aliases and leases: see directory-items.ts. */
export const directoryTable: TableDefinition = {
  partition: { name: 'k', type: 'S' },
  sort: { name: 's', type: 'S' },
  timeToLive: 'ttl',
  billing: 'PAY_PER_REQUEST',
};
