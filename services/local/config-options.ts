import { type Command, Option } from 'commander';
import { logLevels } from '../../shared/telemetry/log.ts';
import { quotaNotices } from '../maintenance/quota-wording.ts';
import { environmentName, type ServeOption } from './option-reader.ts';
import { servingStoreOptions, storeOptions } from './store-choice.ts';
import { letsEncrypt } from './tls-choice.ts';

/** The services that listen, in the order in which they are shown, with the port each has by default. */
export const servicePorts = {
  imap: 1143,
  imaps: 1993,
  pop3: 1110,
  pop3s: 1995,
  smtp: 1025,
  lmtp: 1024,
  submission: 1587,
  submissions: 1465,
  http: 8080,
} as const;

export type ServiceName = keyof typeof servicePorts;
export const serviceNames = Object.keys(servicePorts) as readonly ServiceName[];

const serviceDescriptions: Record<ServiceName, string> = {
  imap: 'IMAP with STARTTLS',
  imaps: 'IMAP over TLS',
  pop3: 'POP3 with STLS',
  pop3s: 'POP3 over TLS',
  smtp: 'inbound SMTP',
  lmtp: 'inbound LMTP',
  submission: 'mail submission with STARTTLS',
  submissions: 'mail submission over TLS',
  http: 'health, metrics and administration',
};

const port = (name: ServiceName): ServeOption => ({
  name,
  value: 'port',
  description: `${serviceDescriptions[name]}: a port, 0 for any free one, or off`,
  fallback: String(servicePorts[name]),
});

/** Also on the command that changes what is forwarded: it must not accept what the server would not send. */
export const forwardOutsideOption: ServeOption = {
  name: 'forward-outside',
  value: undefined,
  description: "let accounts' mail go on to addresses in domains of others, by the smart host",
  fallback: undefined,
};

/** Every setting of `restante serve`: an option, and an environment variable of the same name. */
export const serveOptions: readonly ServeOption[] = [
  { name: 'data', value: 'folder', description: 'where everything is kept', fallback: './data' },
  ...storeOptions,
  ...servingStoreOptions,
  { name: 'host', value: 'address', description: 'the address to listen on', fallback: '127.0.0.1' },
  ...serviceNames.map(port),
  {
    name: 'workers',
    value: 'number',
    description: 'processes that serve clients, on the same ports; with 1, all is one process',
    fallback: '1',
  },
  {
    name: 'tls-cert',
    value: 'file',
    description: 'certificate chain (PEM), reloaded when it changes; a local authority signs one otherwise',
    fallback: undefined,
  },
  { name: 'tls-key', value: 'file', description: 'its private key (PEM)', fallback: undefined },
  {
    name: 'tls-secret',
    value: 'arn',
    description: 'certificate and key in AWS Secrets Manager, {"cert", "key"}, looked at every five minutes',
    fallback: undefined,
  },
  {
    name: 'acme-domain',
    value: 'name,...',
    description:
      'host names of this server, for which an ACME authority gives the certificate, renewed in time',
    fallback: undefined,
  },
  {
    name: 'acme-agree',
    value: undefined,
    description: "agree to the authority's terms of service",
    fallback: undefined,
  },
  {
    name: 'acme-email',
    value: 'address',
    description: 'where the authority may write to',
    fallback: undefined,
  },
  {
    name: 'acme-directory',
    value: 'url',
    description: 'the authority',
    fallback: letsEncrypt,
  },
  {
    name: 'acme-port',
    value: 'port',
    description: 'where the authority is answered (http-01): it comes to port 80',
    fallback: '80',
  },
  {
    name: 'hostname',
    value: 'name',
    description: "this server's name to other servers and in trace fields; the machine's unless given",
    fallback: undefined,
  },
  {
    name: 'postmaster',
    value: 'address',
    description:
      "who gets mail to <postmaster> without a domain; the first of the domains' postmasters unless given",
    fallback: undefined,
  },
  {
    name: 'proxy-protocol',
    value: 'cidr,...',
    description: 'balancers whose connections begin with a PROXY header (version 2)',
    fallback: undefined,
  },
  {
    name: 'drain-seconds',
    value: 'seconds',
    description: 'how long clients have to end what they are at when the server stops',
    fallback: '5',
  },
  {
    name: 'notice-seconds',
    value: 'seconds',
    description:
      'before that, how long all goes on while /readyz says that the server stops, for a balancer to notice',
    fallback: '0',
  },
  {
    name: 'demo',
    value: undefined,
    description: 'make example accounts with --store aws too',
    fallback: undefined,
  },
  { name: 'no-demo', value: undefined, description: 'make no example accounts', fallback: undefined },
  {
    name: 'admin-api',
    value: undefined,
    description: 'answer the admin API on the HTTP port with --store aws too',
    fallback: undefined,
  },
  { name: 'no-admin-api', value: undefined, description: 'answer no admin API', fallback: undefined },
  {
    name: 'allow-plaintext-auth',
    value: undefined,
    description: 'permit passwords without TLS (for test benches)',
    fallback: undefined,
  },
  {
    name: 'trusted-networks',
    value: 'cidr,...',
    description: 'addresses exempt from sign-in throttling and connection limits per address',
    fallback: undefined,
  },
  {
    name: 'max-connections',
    value: 'number',
    description: 'how many clients may be connected at once, over all services and processes',
    fallback: '20000',
  },
  {
    name: 'retention',
    value: 'period',
    description: 'how long expunged messages can be restored, such as 14d or 12h',
    fallback: '14d',
  },
  {
    name: 'trash-retention',
    value: 'period',
    description: 'how long messages stay in Trash, such as 30d, or off',
    fallback: '30d',
  },
  { name: 'junk-retention', value: 'period', description: 'the same for Junk', fallback: '30d' },
  {
    name: 'notice-language',
    value: 'language',
    description: `of what owners of full accounts are told: ${Object.keys(quotaNotices).join(', ')}`,
    fallback: 'en',
  },
  { name: 'log-level', value: 'level', description: logLevels.join(', '), fallback: 'info' },
  {
    name: 'smart-host',
    value: 'url',
    description: 'relay for mail to others: smtp://user:password@host:587, smtps://host, or ses://region',
    fallback: undefined,
  },
  forwardOutsideOption,
];

/** Adds the options to a command. Defaults are applied by `parseServeConfig`, since the environment comes before them. */
export const addServeOptions = (command: Command): Command => addOptions(command, serveOptions);

export function addOptions(command: Command, options: readonly ServeOption[]): Command {
  for (const { name, value, description, fallback } of options) {
    const shown = fallback === undefined ? '' : `, default ${fallback}`;
    const flags = value === undefined ? `--${name}` : `--${name} <${value}>`;
    command.addOption(new Option(flags, `${description} (${environmentName(name)}${shown})`));
  }
  return command;
}
