import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { objectsEndpointVariable } from '../support/aws-emulators.ts';
import { define } from '../support/store-definition.ts';
import { storeDefinition } from '../support/template-store.ts';
import { openTables, sharedEmulators } from './aws-ground.ts';

describe('tables and bucket of the tests, made as the template defines them', () => {
  const emulators = sharedEmulators();

  test('the services say of the tables what the template says', async () => {
    const up = await emulators();
    const client = openTables(up);
    const definition = storeDefinition();
    for (const [TableName, { create, timeToLive }] of [
      [up.logTable, definition.log],
      [up.directoryTable, definition.directory],
    ] as const) {
      const { Table } = await client.send(new DescribeTableCommand({ TableName }));
      assert.deepEqual(Table?.KeySchema, create.KeySchema);
      assert.deepEqual(Table?.AttributeDefinitions, create.AttributeDefinitions);
      assert.equal(Table?.BillingModeSummary?.BillingMode, create.BillingMode);
      assert.equal(Table?.DeletionProtectionEnabled, create.DeletionProtectionEnabled);
      const { TimeToLiveDescription: told } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
      assert.equal(told?.AttributeName, timeToLive?.AttributeName);
    }
  });

  test('the bucket keeps versions where the stand-in knows of them, and what stand-ins do not know is known', async () => {
    const up = await emulators();
    // versitygw, in `npm run test:aws`, or s3rver.
    const versions = Boolean(process.env[objectsEndpointVariable]);
    const missing = [
      'PointInTimeRecovery',
      'Lifecycle',
      'PublicAccessBlock',
      ...(versions ? [] : ['Versioning']),
    ];
    assert.deepEqual([...up.unknownSettings].sort(), missing.sort());
    if (!versions) return;
    const client = createBucketClient(up.objects);
    const { Status } = await client.send(new GetBucketVersioningCommand({ Bucket: up.bucket }));
    client.destroy();
    assert.equal(Status, storeDefinition().bucket.versioning?.Status);
  });

  test('a setting of the template that no test makes is an error, and so is a table that nobody is told of', () => {
    const log = {
      Type: 'AWS::DynamoDB::GlobalTable',
      Properties: { Replicas: [{ Region: 'x' }], StreamSpecification: {} },
    };
    const told = {
      Type: 'AWS::SSM::Parameter',
      Properties: { Name: '/a/data/log-table', Value: { Ref: 'Log' } },
    };
    assert.throws(() => define({ Log: log, Told: told }), /nobody knows how to ask for StreamSpecification/);
    assert.throws(() => define({ Log: log }), /no AWS::DynamoDB::GlobalTable is told as data\/log-table/);
  });
});
