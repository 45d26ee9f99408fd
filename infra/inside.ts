import { Fn } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { told } from './parameters.ts';
import { valkeyEnvironment } from './task-environment.ts';

/** Where in the network a function stands. */
export interface Inside {
  readonly subnetIds: string[];
  readonly groupId: string;
}

/**
 * Where functions that change accounts stand: in the network of Valkey where there is one, to tell the tasks of it. S3 and DynamoDB have gateways
 * there; nothing else can be reached, and nothing else is called. Without Valkey they stand in no network, which starts them sooner.
 */
export function besideValkey(
  scope: Construct,
  config: Config,
): { readonly inside?: Inside; readonly environment: Record<string, string> } {
  if (!config.features.valkey) return { environment: {} };
  return {
    inside: {
      subnetIds: Fn.split(',', told(scope, config, 'network/private-subnet-ids'), config.network.zones),
      groupId: told(scope, config, 'network/function-group-id'),
    },
    environment: valkeyEnvironment(scope, config),
  };
}
