/** `npm run record-store`: what the data stack's template says of tables and bucket, for the tests that need them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readConfig } from '../../infra/config.ts';
import { DataStack } from '../../infra/data-stack.ts';
import { define } from '../support/store-definition.ts';
import { recordedStore } from '../support/template-store.ts';

const outdir = mkdtempSync(join(tmpdir(), 'restante-template-'));
try {
  const config = readConfig('infra/examples/small.json');
  const app = new App({ outdir, builtinCloudFormationValidation: false });
  const stack = new DataStack(app, 'data', { config, env: { region: config.region } });
  const definition = define(Template.fromStack(stack).toJSON().Resources);
  writeFileSync(recordedStore, `${JSON.stringify(definition, null, 2)}\n`);
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
