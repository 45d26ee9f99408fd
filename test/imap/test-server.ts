import { readFile } from 'node:fs/promises';
import { defaultImapOptions, type ImapOptions } from '../../services/imap/options.ts';
import { type ImapServer, type ImapServerParts, startImap } from '../../services/imap/server.ts';
import type { Authenticator, AuthFailure } from '../../shared/directory/authenticator.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import type { EngineParts } from '../../shared/engine/engine.ts';
import { createMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import { serverContext } from '../../shared/net/tls-context.ts';
import type { AccountRecord, Address } from '../../shared/ports/directory.ts';
import { err } from '../../shared/result.ts';
import { type Log, silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { type LocalEngine, localEngine } from '../support/local-engine.ts';
import { accountRecord, lastingSessions, signedInAs } from '../support/signed-in.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Somebody with a mail store; the password is always `secret`. */
export interface Person {
  readonly address: string;
  readonly record: AccountRecord;
  readonly account: Account;
  quota(bytes: number): Promise<void>;
  /** Makes a mailbox where it is missing. */
  mailbox(name: string): Promise<void>;
  deliver(mailbox: string, message: string, given?: Delivery): Promise<void>;
}

export interface Delivery {
  readonly flags?: readonly string[];
  /** Milliseconds since 1970. */
  readonly internalDate?: number;
}

/** One engine on an embedded store for a whole test file, and as many people and servers on it as tests want. */
export interface Ground {
  readonly local: LocalEngine;
  person(name?: string): Promise<Person>;
  /** On 127.0.0.1: listener 0 is plain with STARTTLS, listener 1 TLS. Passwords may be sent in plain unless told otherwise. */
  server(options?: Partial<ImapOptions>, log?: Log): Promise<ImapServer>;
  /** The certificate authority of the servers, PEM. */
  readonly ca: Buffer;
  /** What the next sign-ins are refused with; undefined: by the password. */
  refuse(failure: AuthFailure | undefined): void;
}

export const password = 'secret';

/** A server that takes passwords in plain; on a free port of 127.0.0.1 without TLS unless told otherwise. */
export async function testServer({
  options,
  ...parts
}: Pick<ImapServerParts, 'engine' | 'authenticator'> & Partial<ImapServerParts>): Promise<ImapServer> {
  const started = await startImap({
    sessions: lastingSessions(),
    listeners: [{ tls: 'startTls', host: '127.0.0.1', port: 0 }],
    tls: undefined,
    limits: { counts: new OpenCounts(1000, 1000), trusted: noNetworks },
    log: silentLog,
    metrics: createMetrics(),
    ...parts,
    options: { ...defaultImapOptions, allowPlaintextAuth: true, ...options },
  });
  if (!started.ok) throw new Error(started.error);
  return started.value;
}

export async function openGround(change: Partial<EngineParts> = {}): Promise<Ground> {
  const local = await localEngine(change);
  const files = await ensureLocalCertificate({ folder: temporaryFolder(), log: silentLog });
  const tls = { secureContext: serverContext(await readFile(files.certFile), await readFile(files.keyFile)) };
  const people = new Map<string, AccountRecord>();
  let failure: AuthFailure | undefined;
  const authenticator: Authenticator = {
    async signIn(attempt) {
      if (failure) return err(failure);
      const record = people.get(attempt.address);
      return record && attempt.password === password ? signedInAs(record) : err({ kind: 'invalid' });
    },
  };

  return {
    local,
    ca: await readFile(files.caFile),
    refuse: (next) => {
      failure = next;
    },
    async person(name = 'alice') {
      const id = newAccountId(systemEntropy);
      const account = await local.account(id);
      const address = `${name}-${people.size}@example.test`;
      const record = accountRecord(id, { address: address as Address, displayName: name });
      people.set(address, record);
      return personOf(record, account);
    },
    async server(options = {}, log = silentLog) {
      return testServer({
        engine: local.engine,
        authenticator,
        listeners: [
          { tls: 'startTls', host: '127.0.0.1', port: 0 },
          { tls: 'implicit', host: '127.0.0.1', port: 0 },
        ],
        tls,
        log,
        options,
      });
    },
  };
}

function personOf(record: AccountRecord, account: Account): Person {
  const must = <T>(result: { ok: true; value: T } | { ok: false; error: { kind: string } }): T => {
    if (!result.ok) throw new Error(result.error.kind);
    return result.value;
  };
  return {
    address: record.address,
    record,
    account,
    quota: async (bytes) => must(await account.commit(setLimit(bytes))),
    async mailbox(name) {
      if (account.state.mailboxes.named(name) === undefined) must(await account.commit(createMailbox(name)));
    },
    async deliver(mailbox, text, { flags = [], internalDate } = {}) {
      const message = must(await account.stage(Buffer.from(text)));
      const seconds = internalDate === undefined ? undefined : Math.floor(internalDate / 1000);
      must(await account.commit(appendMessages(mailbox, [{ message, flags, internalDate: seconds }])));
    },
  };
}
