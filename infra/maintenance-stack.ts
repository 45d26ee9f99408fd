import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate, CertificateValidation, KeyAlgorithm } from 'aws-cdk-lib/aws-certificatemanager';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Schedule, ScheduleExpression, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Construct } from 'constructs';
import type { Config } from './config.ts';
import { MailFunction } from './function.ts';
import { grantCertificate, grantMail } from './grants.ts';
import { besideValkey } from './inside.ts';
import { tell, told } from './parameters.ts';
import { storeEnvironment } from './task-environment.ts';

export interface MaintenanceStackProps extends StackProps {
  readonly config: Config;
}

/** What runs by the clock: compaction, what retention has ended, blobs that nothing refers to, and the certificate. */
export class MaintenanceStack extends Stack {
  constructor(scope: Construct, id: string, { config, ...props }: MaintenanceStackProps) {
    super(scope, id, props);
    this.#maintain(config);
    if (config.certificate.kind === 'acm') this.#certificate(config);
  }

  #maintain(config: Config): void {
    const { retention } = config;
    const { inside, environment } = besideValkey(this, config);
    const maintain = new MailFunction(this, 'Maintain', {
      config,
      bundle: 'maintain',
      description: 'compacts logs and gives up what retention has ended',
      memory: 1769,
      timeout: Duration.minutes(15),
      inside,
      environment: {
        ...storeEnvironment(this, config),
        ...environment,
        RESTANTE_RETENTION_DAYS: String(retention.expungedDays),
        RESTANTE_TRASH_DAYS: String(retention.trashDays),
        RESTANTE_JUNK_DAYS: String(retention.junkDays),
        RESTANTE_NOTICE_LANGUAGE: config.noticeLanguage,
      },
    });
    grantMail(this, config, maintain.role);
    tell(this, config, 'maintenance/maintain-function', maintain.lambda.functionName);
    hourly(maintain, 'Maintenance of the accounts whose turn it is', 2);
  }

  #certificate(config: Config): void {
    if (!config.hostedZone) return;
    const { id: hostedZoneId, name: zoneName } = config.hostedZone;
    const zone = HostedZone.fromHostedZoneAttributes(this, 'Zone', { hostedZoneId, zoneName });
    const certificate = new Certificate(this, 'Certificate', {
      domainName: config.hostname,
      validation: CertificateValidation.fromDns(zone),
      allowExport: true,
      keyAlgorithm: KeyAlgorithm.EC_PRIME256V1,
    });
    const bring = new MailFunction(this, 'BringCertificate', {
      config,
      bundle: 'certificate',
      description: 'brings the certificate that ACM issued or renewed to the tasks',
      memory: 256,
      timeout: Duration.minutes(1),
      environment: {
        RESTANTE_CERTIFICATE_ARN: certificate.certificateArn,
        RESTANTE_TLS_SECRET: told(this, config, 'data/certificate-secret-arn'),
      },
    });
    bring.role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['acm:ExportCertificate', 'acm:DescribeCertificate'],
        resources: [certificate.certificateArn],
      }),
    );
    grantCertificate(this, config, bring.role, 'write');
    tell(this, config, 'maintenance/certificate-function', bring.lambda.functionName);
    // So often for the first one, and for that of another host name.
    hourly(bring, 'Looks whether ACM has another certificate than the tasks', 5);
  }
}

/** Calls a function every hour, by a role that may do that and nothing else. */
function hourly(target: MailFunction, description: string, retryAttempts: number): void {
  const role = new Role(target, 'Caller', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
  role.addToPolicy(
    new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.lambda.functionArn] }),
  );
  const schedule = new Schedule(target, 'EveryHour', {
    description,
    schedule: ScheduleExpression.rate(Duration.hours(1)),
    timeWindow: TimeWindow.flexible(Duration.minutes(15)),
    target: new LambdaInvoke(target.lambda, {
      retryAttempts,
      maxEventAge: Duration.hours(1),
      role: role.withoutPolicyUpdates(),
    }),
  });
  // The first call comes as soon as it is made: the role must have been given its right.
  schedule.node.addDependency(role);
}
