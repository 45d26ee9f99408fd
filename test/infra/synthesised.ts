import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import { installation } from '../../infra/app.ts';
import type { Config } from '../../infra/config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Every template of an installation, by the last part of its stack's name; its resources' schemas are schema.check.ts's. */
export function synthesised(config: Config): Map<string, Template> {
  const app = new App({
    outdir: temporaryFolder(),
    builtinCloudFormationValidation: false,
    // Nobody deploys it: what functions and image are made of need not be copied.
    context: { [DISABLE_ASSET_STAGING_CONTEXT]: true },
  });
  installation(app, config);
  const stacks = app.node.children.filter((child) => child instanceof Stack);
  return new Map(
    stacks.map((stack) => [stack.stackName.slice(config.name.length + 1), Template.fromStack(stack)]),
  );
}
