import { hostname } from 'node:os';
import type { ServiceName } from './config-options.ts';

export interface GuideAccount {
  readonly address: string;
  readonly password: string;
}

/** What a person needs to set up a mail client. */
export interface Guide {
  /** The name by which clients reach this server. */
  readonly host: string;
  /** The ports that are open. */
  readonly ports: ReadonlyMap<ServiceName, number>;
  /** Of the local authority; undefined where the certificate is the operator's. */
  readonly caFile: string | undefined;
  /** What a person types to set a new password, up to the address. */
  readonly passwordCommand: string;
}

/**
 * The command for a new password, as it works where the server was started: npm runs a checkout's own command line, and a folder that is
 * not the one that the command line would take is named.
 */
export function passwordCommand(byNpm: boolean, dataFolder: string, usualFolder: string): string {
  const program = byNpm ? 'npm run -s restante --' : 'restante';
  const where = dataFolder === usualFolder ? '' : ` --data '${dataFolder}'`;
  return `${program} account passwd${where}`;
}

/** The name to give to a client for the address that is listened on. */
export function clientHost(listening: string): string {
  if (['127.0.0.1', '::1', 'localhost'].includes(listening)) return 'localhost';
  return ['0.0.0.0', '::'].includes(listening) ? hostname() : listening;
}

interface Way {
  readonly purpose: 'Incoming mail' | 'Outgoing mail';
  readonly protocol: string;
  readonly port: number;
  readonly security: 'TLS' | 'STARTTLS';
}

const kinds = [
  { purpose: 'Incoming mail', protocol: 'IMAP', implicit: 'imaps', plain: 'imap' },
  { purpose: 'Incoming mail', protocol: 'POP3', implicit: 'pop3s', plain: 'pop3' },
  { purpose: 'Outgoing mail', protocol: 'SMTP', implicit: 'submissions', plain: 'submission' },
] as const;

/** The ways in, the safer one of each protocol first. */
export function waysIn({ ports }: Pick<Guide, 'ports'>): readonly Way[] {
  return kinds.flatMap(({ purpose, protocol, implicit, plain }) => {
    const tls = ports.get(implicit);
    const startTls = ports.get(plain);
    return [
      ...(tls === undefined ? [] : [{ purpose, protocol, port: tls, security: 'TLS' as const }]),
      ...(startTls === undefined
        ? []
        : [{ purpose, protocol, port: startTls, security: 'STARTTLS' as const }]),
    ];
  });
}

function printWays(guide: Guide): string {
  return waysIn(guide)
    .map(
      ({ purpose, protocol, port, security }) =>
        `  ${purpose}   ${protocol}   server ${guide.host}   port ${String(port).padEnd(5)}   ${security}\n`,
    )
    .join('');
}

function printTrust(guide: Guide): string {
  if (guide.caFile === undefined) return '';
  const http = guide.ports.get('http');
  const page = http === undefined ? '' : `\n      (also at http://${guide.host}:${http}/ca.crt)`;
  return `
  The certificate is signed by an authority that this server made for itself.
  Let your mail client, or the system, trust this file once:
      ${guide.caFile}${page}
`;
}

/** For the first start: with the passwords, which are shown this once. */
export function printFirstGuide(guide: Guide, accounts: readonly GuideAccount[]): string {
  const width = Math.max(...accounts.map(({ address }) => address.length));
  const people = accounts
    .map(({ address, password }) => `  user name ${address.padEnd(width)}   password ${password}\n`)
    .join('');
  const first = accounts[0];
  const imaps = guide.ports.get('imaps');
  const trust = guide.caFile === undefined ? '' : ` --cacert ${guide.caFile}`;
  const trial =
    first === undefined || imaps === undefined
      ? ''
      : `
  Or look from here (the second message of INBOX):
      curl${trust} --user ${first.address}:${first.password} "imaps://${guide.host}:${imaps}/INBOX;MAILINDEX=2"
`;
  return `
Restante is running. To read mail, set up an account in your mail client:

${people}
${printWays(guide)}${printTrust(guide)}${trial}
  The passwords are not kept and will not be shown again.
  A new one: ${guide.passwordCommand} ADDRESS

`;
}

/** For later starts. */
export function printLaterGuide(guide: Guide): string {
  const http = guide.ports.get('http');
  const page = http === undefined ? '' : `  More at http://${guide.host}:${http}/\n`;
  const trust = guide.caFile === undefined ? '' : `  Certificate authority to trust: ${guide.caFile}\n`;
  return `
Restante is running.

${printWays(guide)}${trust}${page}  A forgotten password: ${guide.passwordCommand} ADDRESS

`;
}

/** The first API key: shown this once. */
export function printFirstKey(guide: Guide, token: string): string {
  const url = `http://${guide.host}:${guide.ports.get('http')}`;
  return `  Administration by ${url}/v1, described at ${url}/openapi.json
  The first key, for everything, not shown again:
      ${token}

`;
}
