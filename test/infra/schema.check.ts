import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, CfnResource, Stack } from 'aws-cdk-lib';
import { installation } from '../../infra/app.ts';
import { readConfig } from '../../infra/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** As `cdk` gives it to the app. To load CloudFormation's schemas takes seconds: this is `npm run test:schema`, not `npm test`. */
const context = JSON.parse(readFileSync('cdk.json', 'utf8')).context as Record<string, unknown>;

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly conclusion: string;
    readonly violations: readonly { readonly ruleName: string }[];
  }[];
}

/** What CloudFormation's own validator says of what `build` makes, and the exit code that synthesis would end with. */
function validated(build: (app: App) => void): { readonly report: Report; readonly failed: boolean } {
  const outdir = temporaryFolder();
  const app = new App({ outdir, context });
  build(app);
  const [code, write] = [process.exitCode, process.stderr.write];
  process.exitCode = undefined;
  process.stderr.write = (() => true) as typeof write;
  let failed = false;
  try {
    app.synth();
    failed = process.exitCode !== undefined && process.exitCode !== 0;
  } catch {
    failed = true;
  } finally {
    process.exitCode = code;
    process.stderr.write = write;
  }
  return { report: JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')), failed };
}

const schemaFindings = ({ pluginReports }: Report) =>
  pluginReports
    .filter(({ pluginName }) => pluginName === 'CloudFormation Validate')
    .flatMap(({ violations }) => violations);

for (const size of ['small', 'medium', 'large'])
  test(`the templates of the ${size} example hold to the schemas of their resources`, () => {
    const { report, failed } = validated((app) =>
      installation(app, readConfig(`infra/examples/${size}.json`)),
    );
    assert.ok(report.pluginReports.some(({ pluginName }) => pluginName === 'CloudFormation Validate'));
    assert.deepEqual(schemaFindings(report), []);
    assert.equal(failed, false);
  });

const role = 'arn:aws:iam::123456789012:role/x';
const wrong: readonly (readonly [
  what: string,
  rule: string,
  type: string,
  properties: Record<string, unknown>,
])[] = [
  ['a property that there is not', 'F3002', 'AWS::SQS::Queue', { NoSuchThing: 1 }],
  ['a value of the wrong type', 'F3012', 'AWS::SQS::Queue', { DelaySeconds: 'soon' }],
  ['a property that is missing', 'F3003', 'AWS::DynamoDB::Table', {}],
  ['a resource that there is not', 'F3006', 'AWS::SQS::Kueue', {}],
  ['a reference to nothing', 'F1020', 'AWS::SQS::Queue', { QueueName: { Ref: 'Nobody' } }],
  [
    'a number out of its range',
    'F3034',
    'AWS::Lambda::Function',
    { Code: { ZipFile: 'x' }, Role: role, Runtime: 'nodejs24.x', Handler: 'i.h', MemorySize: 64 },
  ],
];

test('synthesis fails for what CloudFormation would refuse', () => {
  const { report, failed } = validated((app) => {
    const stack = new Stack(app, 'wrong');
    for (const [what, , type, properties] of wrong)
      new CfnResource(stack, what.replaceAll(' ', ''), { type, properties });
  });
  const found = new Set(schemaFindings(report).map(({ ruleName }) => ruleName));
  for (const [what, rule] of wrong) assert.ok(found.has(rule), `${what}: ${[...found]}`);
  assert.equal(failed, true);
});
