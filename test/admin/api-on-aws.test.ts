import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { operations } from '../../services/admin/api/operations/index.ts';
import type { Store } from '../../services/local/context.ts';
import { openAwsStore } from '../../shared/adapters/aws/store.ts';
import { type AwsEmulators, startAwsEmulators } from '../support/aws-emulators.ts';
import { cases, prepare } from './cases.ts';
import { adminGround } from './ground.ts';

let emulators: AwsEmulators | undefined;
after(() => emulators?.stop());

const openStore = async (): Promise<Store> => {
  emulators ??= await startAwsEmulators();
  const { tables, objects, logTable, bucket } = emulators;
  const { region, credentials, endpoint: tableEndpoint } = tables;
  const directoryTable = await emulators.newDirectoryTable();
  const where = { region, credentials, tableEndpoint, bucketEndpoint: objects.endpoint };
  return { kind: 'aws', ...(await openAwsStore({ ...where, logTable, directoryTable, bucket })) };
};

test('every operation does on DynamoDB what it does on one machine', async (t) => {
  // The reading ones first, then what makes, changes and removes.
  const order = ['get', 'post', 'patch', 'delete'];
  const ground = await adminGround(t, openStore);
  const prepared = await prepare(ground);
  const token = await ground.key();
  for (const one of operations.toSorted((a, b) => order.indexOf(a.method) - order.indexOf(b.method))) {
    const request = cases(prepared)[one.id]!;
    const verb = one.method.toUpperCase();
    const first = await ground.ask(verb, request.path, token, request.body);
    assert.equal(first.status, one.status, `${one.id}: ${JSON.stringify(first.body)}`);
    const again = await ground.ask(verb, request.path, token, request.body);
    assert.equal(again.status, request.again, `${one.id}, again`);
    const named =
      request.missing === undefined
        ? undefined
        : await ground.ask(verb, request.missing, token, request.body);
    if (named !== undefined) assert.equal(named.status, 404, `${one.id}, of what is not there`);
  }
});
