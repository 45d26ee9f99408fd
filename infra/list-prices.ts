/**
 * List prices in US dollars, for us-east-1; other regions are up to a third dearer. Requests of DynamoDB and S3 were compared with published tables in
 * November 2026; the others are as known to the authors. Amazon's own price pages are what counts.
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
  exportableCertificateYear: 15,
  alarmMonth: 0.1,
  dashboardMonth: 3,
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
  sqsRequest: 0.4e-6,
  lambdaRequest: 0.2e-6,
  lambdaArmGiBSecond: 0.000_013_333_4,
  logGiB: 0.5,
} as const;
