import type { OptionValues } from 'commander';
import { parseAddress } from '../../shared/directory/address.ts';
import { type NetworkList, noNetworks, parseNetworks } from '../../shared/net/networks.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { type LogLevel, logLevels } from '../../shared/telemetry/log.ts';
import { quotaNotices } from '../maintenance/quota-wording.ts';
import { type ServiceName, serveOptions, serviceNames } from './config-options.ts';
import { parseDuration } from './duration.ts';
import { type Environment, OptionReader, type Parsed, parseSwitch, quoted } from './option-reader.ts';
import { readStoreChoice, type StoreChoice } from './store-choice.ts';
import { parseFile, readTlsChoice, type TlsChoice } from './tls-choice.ts';

/** Everything that `restante serve` was told, checked; nothing below it reads options or the environment. */
export interface ServeConfig {
  /** An absolute path. The certificates of this machine's own authority are in it, whatever the store. */
  readonly dataFolder: string;
  readonly store: StoreChoice;
  readonly host: string;
  /** Processes that serve clients; 1: this one does. */
  readonly workers: number;
  /** 0 for any free port. */
  readonly ports: Readonly<Record<ServiceName, number | 'off'>>;
  readonly tls: TlsChoice;
  readonly demo: boolean;
  /** On the HTTP port. */
  readonly adminApi: boolean;
  readonly allowPlaintextAuth: boolean;
  readonly trustedNetworks: NetworkList;
  /** Clients at once, over all services and processes. */
  readonly maxConnections: number;
  /** Balancers, whose connections begin with a PROXY header; undefined for none. */
  readonly proxies: NetworkList | undefined;
  /** Undefined: the machine's. */
  readonly hostname: string | undefined;
  /** Who gets mail to `<postmaster>` without a domain; undefined: the first domain's postmaster. */
  readonly postmaster: string | undefined;
  /** What balancers have to notice that the server is to stop, ms; 0 where there are none. */
  readonly noticeMs: number;
  /** What clients have to take their leave after that, ms. */
  readonly graceMs: number;
  /** How long expunged messages are kept, ms. */
  readonly retention: number;
  /** How long messages stay in Trash and Junk, ms; undefined where they are left alone. */
  readonly clear: { readonly trash: number | undefined; readonly junk: number | undefined };
  /** Of what the server itself writes to the owners of accounts. */
  readonly noticeLanguage: string;
  readonly logLevel: LogLevel;
  readonly smartHost: SmartHost | SesRelayChoice | undefined;
  /** Accounts' mail may go on to addresses in domains of others, by way of the smart host. */
  readonly forwardOutside: boolean;
}

/** SES, in the region where the domains are verified. */
export interface SesRelayChoice {
  readonly sesRegion: string;
}

export interface SmartHost {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS, which is required where there is a password. */
  readonly implicitTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | undefined;
}

function parsePort(text: string): Parsed<number | 'off'> {
  if (text.toLowerCase() === 'off') return ok('off');
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? ok(port) : err(`${quoted(text)} is not a port (0 to 65535, or off)`);
}

/** Of one to `most`. */
const countOf =
  (what: string, most: number) =>
  (text: string): Parsed<number> => {
    const count = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
    return count >= 1 && count <= most
      ? ok(count)
      : err(`${quoted(text)} is not a number of ${what}, 1 to ${most}`);
  };

const parseWorkers = countOf('processes', 64);
const parseConnections = countOf('connections', 1_000_000);

function parseSeconds(text: string): Parsed<number> {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= 3600 ? ok(seconds) : err(`${quoted(text)} is not a number of seconds, up to 3600`);
}

function parseHost(text: string): Parsed<string> {
  const host = text.replace(/^\[(.*)\]$/, '$1');
  const fit = /^[a-z0-9.-]{1,253}$/i.test(host) || /^[0-9a-f:.]{2,45}(%[a-z0-9.]{1,16})?$/i.test(host);
  return fit ? ok(host) : err(`${quoted(text)} is not an address or a host name`);
}

function parseMailAddress(text: string): Parsed<string> {
  return parseAddress(text).ok
    ? ok(text)
    : err(`${quoted(text)} is not an address such as postmaster@example.org`);
}

const parseClearing = (text: string): Parsed<number | undefined> =>
  text.toLowerCase() === 'off' ? ok(undefined) : parseDuration(text);

function parseLanguage(text: string): Parsed<string> {
  const known = Object.keys(quotaNotices);
  return known.includes(text) ? ok(text) : err(`${quoted(text)} is not one of ${known.join(', ')}`);
}

function parseLogLevel(text: string): Parsed<LogLevel> {
  const level = logLevels.find((name) => name === text.toLowerCase());
  return level ? ok(level) : err(`${quoted(text)} is not one of ${logLevels.join(', ')}`);
}

function parseTrusted(text: string): Parsed<NetworkList> {
  const texts = text.split(',').map((part) => part.trim());
  const list = parseNetworks(texts.filter((part) => part !== ''));
  return list.ok ? list : err(`${quoted(list.error)} is not a network such as 10.0.0.0/8 or 2001:db8::/32`);
}

/** What is wrong is said without the value: there may be a password in it. */
function parseSmartHost(text: string): Parsed<SmartHost | SesRelayChoice> {
  const url = URL.parse(text);
  if (url?.protocol === 'ses:')
    return /^[a-z]{2}(-[a-z]+)+-\d$/.test(url.hostname)
      ? ok({ sesRegion: url.hostname })
      : err('it names no region, as ses://eu-central-1 does');
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol))
    return err('it is not a URL such as smtp://user:password@host:587 or smtps://host');
  if (url.hostname === '') return err('the URL names no host');
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    return err('the URL has more than user, password, host and port');
  if ((url.username === '') !== (url.password === ''))
    return err('the URL has a user or a password without the other');
  const implicitTls = url.protocol === 'smtps:';
  try {
    const user = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    return ok({
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? (implicitTls ? 465 : 587) : Number(url.port),
      implicitTls,
      credentials: user === '' ? undefined : { user, password },
    });
  } catch {
    return err('the user or password is not percent-encoded as a URL wants it');
  }
}

/**
 * The configuration from commander's options (see `addServeOptions`), then the environment, then the defaults. The error is every
 * complaint, one line each, with the option or variable that it is about.
 */
export function parseServeConfig(
  options: OptionValues,
  environment: Environment,
): Result<ServeConfig, readonly string[]> {
  const reader = new OptionReader(serveOptions, options, environment);
  const { complaints } = reader;
  const read = reader.read.bind(reader);

  function readPorts(): ServeConfig['ports'] {
    const entries = serviceNames.map((name) => [name, read(name, parsePort, 'off')] as const);
    const taken = new Map<number, string>();
    for (const [name, port] of entries) {
      if (port === 'off' || port === 0) continue;
      const from = reader.from(name) ?? name;
      const other = taken.get(port);
      if (other) complaints.push(`${from}: port ${port} is given to ${other} already`);
      else taken.set(port, from);
    }
    if (complaints.length === 0 && entries.every(([, port]) => port === 'off'))
      complaints.push('every service is off: there is nothing to serve');
    return Object.fromEntries(entries) as ServeConfig['ports'];
  }

  const dataFolder = read('data', parseFile, '');
  const store = readStoreChoice(reader, dataFolder);
  const config: ServeConfig = {
    dataFolder,
    store,
    host: read('host', parseHost, ''),
    workers: read('workers', parseWorkers, 1),
    ports: readPorts(),
    tls: readTlsChoice(reader),
    demo:
      !read('no-demo', parseSwitch, false) && (store.kind === 'embedded' || read('demo', parseSwitch, false)),
    adminApi:
      !read('no-admin-api', parseSwitch, false) &&
      (store.kind === 'embedded' || read('admin-api', parseSwitch, false)),
    allowPlaintextAuth: read('allow-plaintext-auth', parseSwitch, false),
    trustedNetworks: read<NetworkList>('trusted-networks', parseTrusted, noNetworks),
    maxConnections: read('max-connections', parseConnections, 0),
    proxies: read<NetworkList | undefined>('proxy-protocol', parseTrusted, undefined),
    hostname: read<string | undefined>('hostname', parseHost, undefined),
    postmaster: read<string | undefined>('postmaster', parseMailAddress, undefined),
    noticeMs: read('notice-seconds', parseSeconds, 0) * 1000,
    graceMs: read('drain-seconds', parseSeconds, 0) * 1000,
    retention: read('retention', parseDuration, 0),
    clear: {
      trash: read<number | undefined>('trash-retention', parseClearing, undefined),
      junk: read<number | undefined>('junk-retention', parseClearing, undefined),
    },
    noticeLanguage: read('notice-language', parseLanguage, ''),
    logLevel: read('log-level', parseLogLevel, 'info'),
    smartHost: read<SmartHost | SesRelayChoice | undefined>('smart-host', parseSmartHost, undefined),
    forwardOutside: read('forward-outside', parseSwitch, false),
  };
  if (config.forwardOutside && !reader.has('smart-host'))
    reader.complain('forward-outside', 'needs --smart-host, by which such mail goes out');
  return complaints.length > 0 ? err(complaints) : ok(config);
}
