import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnStage, HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { Config } from './config.ts';
import { MailFunction } from './function.ts';
import { grantMail } from './grants.ts';
import { tell, told } from './parameters.ts';
import { forwardingEnvironment, storeEnvironment } from './task-environment.ts';

export interface AdminStackProps extends StackProps {
  readonly config: Config;
}

/** The admin API: the same application that the embedded server has under /v1, behind an HTTP API. */
export class AdminStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: AdminStackProps) {
    super(scope, id, props);
    const firstKey = told(this, config, 'data/admin-key-secret-arn');
    const admin = new MailFunction(this, 'Admin', {
      config,
      bundle: 'admin',
      description: 'answers the admin API',
      // A password is hashed with argon2id: that wants memory, and a processor that comes with it.
      memory: 1024,
      timeout: Duration.seconds(29),
      environment: {
        ...storeEnvironment(this, config),
        ...forwardingEnvironment(config),
        RESTANTE_HOSTNAME: config.hostname,
        RESTANTE_MX: config.features.ownMx ? config.hostname : `inbound-smtp.${this.region}.amazonaws.com`,
        RESTANTE_ADMIN_KEY_SECRET: firstKey,
      },
    });
    grantMail(this, config, admin.role);
    admin.role.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [firstKey] }),
    );

    const api = new HttpApi(this, 'Api', {
      description: `Admin API of ${config.name}`,
      createDefaultStage: false,
    });
    api.addRoutes({ path: '/{proxy+}', integration: new HttpLambdaIntegration('Admin', admin.lambda) });
    const accessLogs = new LogGroup(this, 'AccessLogs', { retention: config.retention.logDays });
    const stage = new CfnStage(this, 'Stage', {
      apiId: api.apiId,
      stageName: '$default',
      autoDeploy: true,
      accessLogSettings: {
        destinationArn: accessLogs.logGroupArn,
        format: JSON.stringify({
          requestId: '$context.requestId',
          ip: '$context.identity.sourceIp',
          method: '$context.httpMethod',
          route: '$context.routeKey',
          status: '$context.status',
          ms: '$context.responseLatency',
        }),
      },
      defaultRouteSettings: { throttlingRateLimit: 100, throttlingBurstLimit: 200 },
    });
    stage.node.addDependency(accessLogs);
    acknowledge(
      api,
      'APIG4',
      undefined,
      'The application checks scoped keys itself, alike on one machine and here; the document is public.',
    );
    tell(this, config, 'admin/api-id', api.apiId);
    new CfnOutput(this, 'Url', {
      value: api.apiEndpoint,
      description: 'The admin API: /v1, its document at /openapi.json',
    });
    new CfnOutput(this, 'NextStep', {
      value: `curl -H "Authorization: Bearer KEY" --json '{"name": "example.com"}' ${api.apiEndpoint}/v1/domains`,
      description:
        'Your first domain, and its DNS records, with the key that the data stack tells how to see',
    });
  }
}
