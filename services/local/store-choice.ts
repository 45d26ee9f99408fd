import type { AwsStoreOptions } from '../../shared/adapters/aws/store.ts';
import { err, ok } from '../../shared/result.ts';
import { type Environment, OptionReader, type Parsed, quoted, type ServeOption } from './option-reader.ts';

/** Where accounts and mail are: a folder of this machine, or two DynamoDB tables and an S3 bucket. */
export type StoreChoice =
  | { readonly kind: 'embedded'; readonly folder: string }
  | ({ readonly kind: 'aws' } & AwsStoreOptions);

const given = (name: string, value: string, description: string): ServeOption => ({
  name,
  value,
  description,
  fallback: undefined,
});

/** On every command that works on accounts. */
export const storeOptions: readonly ServeOption[] = [
  {
    name: 'store',
    value: 'kind',
    description: 'embedded (the data folder), or aws',
    fallback: 'embedded',
  },
  given('log-table', 'name', 'with --store aws: the DynamoDB table of the account logs'),
  given('directory-table', 'name', 'with --store aws: the DynamoDB table of domains, accounts and leases'),
  given('bucket', 'name', 'with --store aws: the S3 bucket'),
  given('region', 'name', 'with --store aws: the region (otherwise as AWS_REGION or the profile says)'),
  given('endpoint-url', 'url', 'with --store aws: where DynamoDB is, and S3, instead of Amazon'),
  given('s3-endpoint-url', 'url', 'with --store aws: where S3 is, if not at --endpoint-url'),
];

/** On what serves, besides. */
export const servingStoreOptions: readonly ServeOption[] = [
  given(
    'valkey',
    'url',
    'with --store aws: news between servers and leases by redis://, rediss:// (TLS) or rediss+cluster://',
  ),
  given(
    'poll-interval',
    'seconds',
    'with --store aws: between two looks at an open account; 15 if not given, 300 with Valkey',
  ),
];

/** Reads the choice from options of the lists above; complaints are left with the reader. */
export function readStoreChoice(reader: OptionReader, folder: string): StoreChoice {
  if (reader.read('store', parseKind, 'embedded') === 'embedded') {
    for (const { name } of [...storeOptions, ...servingStoreOptions])
      if (name !== 'store' && reader.from(name)?.startsWith('--')) reader.complain(name, 'needs --store aws');
    return { kind: 'embedded', folder };
  }
  const needed = (name: string, parse: (text: string) => Parsed<string>): string => {
    if (!reader.has(name)) reader.complain(name, 'is needed with --store aws');
    return reader.read(name, parse, '');
  };
  const optional = <T>(name: string, parse: (text: string) => Parsed<T>): T | undefined =>
    reader.read<T | undefined>(name, parse, undefined);
  return {
    kind: 'aws',
    logTable: needed('log-table', parseTable),
    directoryTable: needed('directory-table', parseTable),
    bucket: needed('bucket', parseBucket),
    region: optional('region', parseRegion),
    tableEndpoint: optional('endpoint-url', parseEndpoint),
    bucketEndpoint: optional('s3-endpoint-url', parseEndpoint) ?? optional('endpoint-url', parseEndpoint),
    valkey: optional('valkey', parseValkey),
    pollMs: optional('poll-interval', parseInterval),
  };
}

/** The choice of a command that does not serve: undefined where the data folder is meant. The error is every complaint. */
export function parseAwsStore(options: Record<string, unknown>, environment: Environment) {
  const reader = new OptionReader(storeOptions, options, environment);
  const choice = readStoreChoice(reader, '');
  if (reader.complaints.length > 0) return err(reader.complaints);
  return ok(choice.kind === 'aws' ? choice : undefined);
}

function parseKind(text: string): Parsed<StoreChoice['kind']> {
  return text === 'embedded' || text === 'aws' ? ok(text) : err(`${quoted(text)} is not embedded or aws`);
}

const matching =
  (pattern: RegExp, what: string) =>
  (text: string): Parsed<string> =>
    pattern.test(text) ? ok(text) : err(`${quoted(text)} is not ${what}`);

const parseTable = matching(/^[\w.-]{3,255}$/, 'the name of a table');
const parseBucket = matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket');
const parseRegion = matching(/^[a-z0-9-]{1,32}$/, 'the name of a region');

function parseEndpoint(text: string): Parsed<string> {
  const url = URL.parse(text);
  const plain = url !== null && ['', '/'].includes(url.pathname) && url.search === '' && url.hash === '';
  if (!plain || !['http:', 'https:'].includes(url.protocol) || url.username !== '')
    return err(`${quoted(text)} is not a URL such as http://127.0.0.1:8000`);
  return ok(url.origin);
}

/** What is wrong is said without the value: there may be a password in it. */
function parseValkey(text: string): Parsed<string> {
  const url = URL.parse(text);
  if (url === null || url.hostname === '' || !/^rediss?(\+cluster)?:$/.test(url.protocol))
    return err(
      'it is not a URL such as redis://127.0.0.1:6379, rediss://user:password@host or rediss+cluster://host',
    );
  return ok(text);
}

function parseInterval(text: string): Parsed<number> {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(seconds >= 0.05 && seconds <= 3600)) return err(`${quoted(text)} is not 0.05 to 3600 seconds`);
  return ok(seconds * 1000);
}
