/** Events in the shapes in which AWS hands them to functions, with made-up accounts, names and times. */

export interface SesMail {
  readonly id: string;
  readonly to: readonly string[];
  readonly bucket: string;
  readonly spam?: string;
  readonly dmarc?: string;
  /** The envelope's sender. */
  readonly from?: string;
}

/** What SES tells SNS of a message that its receipt rule put into a bucket. */
export const sesReceived = ({
  id,
  to,
  bucket,
  spam = 'PASS',
  dmarc = 'PASS',
  from = 'sender@elsewhere.test',
}: SesMail): string =>
  JSON.stringify({
    notificationType: 'Received',
    mail: {
      timestamp: '2026-11-24T03:00:00.000Z',
      source: from,
      messageId: id,
      destination: to,
      headersTruncated: false,
      headers: [
        { name: 'Return-Path', value: '<sender@elsewhere.test>' },
        { name: 'From', value: 'Sender <sender@elsewhere.test>' },
        { name: 'Subject', value: id },
      ],
      commonHeaders: {
        returnPath: 'sender@elsewhere.test',
        from: ['Sender <sender@elsewhere.test>'],
        subject: id,
      },
    },
    receipt: {
      timestamp: '2026-11-24T03:00:00.000Z',
      processingTimeMillis: 413,
      recipients: to,
      spamVerdict: { status: spam },
      virusVerdict: { status: 'PASS' },
      spfVerdict: { status: 'PASS' },
      dkimVerdict: { status: 'PASS' },
      dmarcVerdict: { status: dmarc },
      action: {
        type: 'S3',
        topicArn: 'arn:aws:sns:us-east-1:111122223333:received',
        bucketName: bucket,
        objectKeyPrefix: 'mail/',
        objectKey: `mail/${id}`,
      },
    },
  });

/** What SES puts, and tells, when a receipt rule is made. */
export const sesSetup = (bucket: string): string =>
  sesReceived({ id: 'AMAZON_SES_SETUP_NOTIFICATION', to: ['recipient@example.com'], bucket });

/** A batch of a queue that a topic feeds with raw delivery; `messageId`s are q0, q1 … */
export const sqsBatch = (bodies: readonly string[]) => ({
  Records: bodies.map((body, i) => ({
    messageId: `q${i}`,
    receiptHandle: `AQEB${i}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      AWSTraceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      SentTimestamp: '1795489200000',
      SenderId: 'AIDAEXAMPLE',
      ApproximateFirstReceiveTimestamp: '1795489200010',
    },
    messageAttributes: {},
    md5OfBody: '00000000000000000000000000000000',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:111122223333:arrived',
    awsRegion: 'us-east-1',
  })),
});

/** What S3 tells a queue of an object that was put; the key as S3 writes it. */
export const objectCreated = (bucket: string, key: string): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: '2026-11-24T03:00:01.000Z',
        eventName: 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'bounces',
          bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
          object: {
            key: encodeURIComponent(key).replaceAll('%2F', '/'),
            size: 120,
            sequencer: '0055AED6DCD90281E5',
          },
        },
      },
    ],
  });

/** EventBridge Scheduler's own event, where a schedule has no input. */
export const scheduled = () => ({
  version: '0',
  id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
  'detail-type': 'Scheduled Event',
  source: 'aws.scheduler',
  account: '111122223333',
  time: '2026-11-24T03:00:00Z',
  region: 'us-east-1',
  resources: ['arn:aws:scheduler:us-east-1:111122223333:schedule/default/EveryHour'],
  detail: '{}',
});

/** CloudFormation's call of a custom resource. */
export const customResource = (
  type: 'Create' | 'Update' | 'Delete',
  responseUrl: string,
  properties: Readonly<Record<string, string>>,
) => ({
  RequestType: type,
  ServiceToken: 'arn:aws:lambda:us-east-1:111122223333:function:custom',
  ResponseURL: responseUrl,
  StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/mail/guid',
  RequestId: 'unique id for this request',
  ResourceType: 'Custom::Resource',
  LogicalResourceId: 'Resource',
  ...(type === 'Create' ? {} : { PhysicalResourceId: 'the-resource' }),
  ResourceProperties: {
    ServiceToken: 'arn:aws:lambda:us-east-1:111122223333:function:custom',
    ...properties,
  },
  ...(type === 'Update' ? { OldResourceProperties: properties } : {}),
});

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly key?: string | undefined;
  readonly body?: object | undefined;
}

/** What API Gateway's HTTP API hands over (payload format 2.0). */
export const httpApi = ({ method, path, key, body }: HttpCall) => ({
  version: '2.0',
  routeKey: 'ANY /{proxy+}',
  rawPath: path,
  rawQueryString: '',
  headers: {
    host: 'abc.execute-api.us-east-1.amazonaws.com',
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(body && { 'content-type': 'application/json' }),
  },
  requestContext: {
    accountId: '111122223333',
    apiId: 'abc',
    domainName: 'abc.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'abc',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl' },
    requestId: 'r',
    routeKey: 'ANY /{proxy+}',
    stage: '$default',
    time: '24/Nov/2026:03:00:00 +0000',
    timeEpoch: 1_795_489_200_000,
  },
  ...(body && { body: JSON.stringify(body) }),
  isBase64Encoded: false,
});

/** A request as an HTTP API of API Gateway hands it over (payload format 2.0). */
export const httpRequest = (
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: unknown,
) => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers: {
    host: 'abc.execute-api.us-east-1.amazonaws.com',
    'content-type': 'application/json',
    ...headers,
  },
  requestContext: {
    accountId: '111122223333',
    apiId: 'abc',
    domainName: 'abc.execute-api.us-east-1.amazonaws.com',
    domainPrefix: 'abc',
    http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
    requestId: 'JKJaXmPLvHcESHA=',
    routeKey: '$default',
    stage: '$default',
    time: '24/Nov/2026:03:00:00 +0000',
    timeEpoch: 1795489200000,
  },
  ...(body !== undefined && { body: JSON.stringify(body) }),
  isBase64Encoded: false,
});
