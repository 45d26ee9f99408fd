/**
 * List prices in US dollars, for us-east-1; other regions are up to a third dearer. No free tier is counted. Compared in November 2026 with what is published:
 * - with Amazon's own price lists or pricing pages, as others keep copies of them: SES (of July 2026: besides, $0.09 for a thousand whole chunks of 256 KiB, of which the model's mail has
 *   none), keys and requests to them, exportable certificates (of February 2025);
 * - with tables and articles of others, which agree: Fargate, the balancer, Valkey, alarms, dashboards and logs, DynamoDB, S3, SNS, SQS, Lambda, public addresses;
 * - with nothing, as known to the authors: interface endpoints, secrets, zones.
 */
export const list = {
  fargateArmCpuHour: 0.032_38,
  fargateArmGiBHour: 0.003_56,
  balancerHour: 0.0225,
  balancerUnitHour: 0.006,
  publicAddressHour: 0.005,
  interfaceEndpointHour: 0.01,
  keyMonth: 1,
  secretMonth: 0.4,
  hostedZoneMonth: 0.5,
  valkeyServerlessMinimumGiBHour: 0.084,
  valkeyServerlessMinimumGiB: 0.1,
  /** A simple command of up to a KiB. */
  valkeyUnit: 0.0023e-6,
  exportableCertificateYear: 15,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  metricMonth: 0.3,
  /** On demand; a KiB written, 4 KiB read consistently. */
  dynamoWriteUnit: 0.625e-6,
  dynamoReadUnit: 0.125e-6,
  /** PUT, COPY, POST, LIST; GET and all others. Deleting is free. */
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  /** With bucket keys, about one request of the key service for a thousand objects (an estimate: it depends on traffic). */
  keyRequest: 3e-6,
  sesReceived: 0.1e-3,
  snsPublish: 0.5e-6,
  /** Up to 64 KiB; a batch of ten messages as one. */
  sqsRequest: 0.4e-6,
  lambdaRequest: 0.2e-6,
  lambdaArmGiBSecond: 0.000_013_333_4,
  logGiB: 0.5,
} as const;
