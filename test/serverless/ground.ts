import type { TestContext } from 'node:test';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { createEngine } from '../../services/local/assemble.ts';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { openAwsStore } from '../../shared/adapters/aws/store.ts';
import type { Account } from '../../shared/engine/account.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import type { AdminRecords } from '../../shared/ports/admin-records.ts';
import type { Address, Directory, DomainName } from '../../shared/ports/directory.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { startAwsEmulators } from '../support/aws-emulators.ts';

export interface ServerlessGround {
  /** The bucket that SES fills. */
  readonly incoming: string;
  /** What every function is told of the store, and the credentials that Lambda gives it. */
  readonly env: Readonly<Record<string, string>>;
  readonly engine: MailEngine;
  readonly directory: Directory;
  readonly adminRecords: AdminRecords;
  readonly leases: Leases;
  /** Open until the test ends. */
  account(name: string, id?: AccountId): Promise<Account>;
  receive(id: string, body: Uint8Array): Promise<void>;
  /** Keys of the bucket that SES fills. */
  received(prefix: string): Promise<readonly string[]>;
}

/** The AWS store on emulators, the domain example.test in it, and what SES has of its own. */
export async function serverlessGround(t: TestContext): Promise<ServerlessGround> {
  const emulators = await startAwsEmulators();
  const { tables, objects, logTable, directoryTable, bucket } = emulators;
  const incoming = bucket.replace('mail', 'incoming');
  const client = createBucketClient(objects);
  await client.send(new CreateBucketCommand({ Bucket: incoming }));
  const store = await openAwsStore({
    logTable,
    directoryTable,
    bucket,
    region: tables.region,
    tableEndpoint: tables.endpoint,
    bucketEndpoint: objects.endpoint,
    credentials: tables.credentials,
  });
  const engine = createEngine({ kind: 'aws', ...store }, (...what) => console.error(...what));
  t.after(async () => {
    await engine.close();
    await store.close();
    client.destroy();
    await emulators.stop();
  });
  await store.directory.addTenant({ id: 'default', name: 'default', createdAt: 0 });
  await store.directory.addDomain({
    name: 'example.test' as DomainName,
    tenant: 'default',
    createdAt: 0,
  });
  return {
    incoming,
    env: {
      RESTANTE_LOG_TABLE: logTable,
      RESTANTE_DIRECTORY_TABLE: directoryTable,
      RESTANTE_BUCKET: bucket,
      RESTANTE_ENDPOINT_URL: tables.endpoint,
      RESTANTE_S3_ENDPOINT_URL: objects.endpoint,
      AWS_ACCESS_KEY_ID: tables.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: tables.credentials.secretAccessKey,
    },
    engine,
    directory: store.directory,
    adminRecords: store.adminRecords,
    leases: store.leases,
    async account(name, id = newAccountId(systemEntropy)) {
      const added = await store.directory.addAccount({
        id,
        address: `${name}@example.test` as Address,
        tenant: 'default',
        displayName: name,
        status: 'active',
        protocols: ['imap', 'pop3'],
        pop3Deletion: 'expunge',
        passwordHash: undefined,
        credentialVersion: 1,
        appPasswords: [],
        createdAt: 0,
      });
      if (!added.ok) throw new Error(added.error.kind);
      const opened = await engine.open(id, 'staying', 'perhapsEmpty');
      if (!opened.ok) throw new Error(opened.error.kind);
      await opened.value.account.commit(initialiseAccount(undefined));
      return opened.value.account;
    },
    receive: async (id, body) =>
      void (await client.send(new PutObjectCommand({ Bucket: incoming, Key: `mail/${id}`, Body: body }))),
    async received(prefix) {
      const { Contents = [] } = await client.send(
        new ListObjectsV2Command({ Bucket: incoming, Prefix: prefix }),
      );
      return Contents.map(({ Key }) => Key!);
    },
  };
}
