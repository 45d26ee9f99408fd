import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { parseServeConfig } from '../../services/local/config.ts';
import { addServeOptions } from '../../services/local/config-options.ts';

type Environment = Record<string, string | undefined>;

function parse(args: readonly string[] = [], environment: Environment = {}) {
  const command = addServeOptions(new Command().exitOverride());
  command.parse([...args], { from: 'user' });
  return parseServeConfig(command.opts(), environment);
}

function config(args: readonly string[] = [], environment: Environment = {}) {
  const outcome = parse(args, environment);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.error.join('\n'));
  return outcome.value;
}

function complaints(args: readonly string[] = [], environment: Environment = {}) {
  const outcome = parse(args, environment);
  assert.ok(!outcome.ok);
  return outcome.error;
}

test('without options everything is served on this machine only', () => {
  const { trustedNetworks, ...rest } = config();
  assert.deepEqual(rest, {
    dataFolder: resolve('data'),
    store: { kind: 'embedded', folder: resolve('data') },
    host: '127.0.0.1',
    workers: 1,
    ports: {
      imap: 1143,
      imaps: 1993,
      pop3: 1110,
      pop3s: 1995,
      smtp: 1025,
      lmtp: 1024,
      submission: 1587,
      submissions: 1465,
      http: 8080,
    },
    tls: { kind: 'local' },
    demo: true,
    adminApi: true,
    allowPlaintextAuth: false,
    proxies: undefined,
    hostname: undefined,
    postmaster: undefined,
    maxConnections: 20_000,
    noticeMs: 0,
    graceMs: 5000,
    retention: 14 * 24 * 3600_000,
    clear: { trash: 30 * 24 * 3600_000, junk: 30 * 24 * 3600_000 },
    noticeLanguage: 'en',
    logLevel: 'info',
    smartHost: undefined,
    forwardOutside: false,
  });
  assert.equal(trustedNetworks.contains('127.0.0.1'), false);
});

test('options come before the environment, and both before the defaults', () => {
  const got = config(['--imap', '2143', '--no-demo', '--log-level', 'debug'], {
    RESTANTE_IMAP: '3143',
    RESTANTE_POP3: 'off',
    RESTANTE_DATA: '/srv/mail',
    RESTANTE_LOG_LEVEL: 'error',
    RESTANTE_HTTP: '',
  });
  assert.equal(got.ports.imap, 2143);
  assert.equal(got.ports.pop3, 'off');
  assert.equal(got.ports.http, 8080);
  assert.equal(got.dataFolder, '/srv/mail');
  assert.equal(got.logLevel, 'debug');
  assert.equal(got.demo, false);
});

test('switches have environment variables of the same names', () => {
  assert.equal(config([], { RESTANTE_NO_DEMO: '1' }).demo, false);
  assert.equal(config([], { RESTANTE_NO_DEMO: 'no' }).demo, true);
  assert.equal(config([], { RESTANTE_ALLOW_PLAINTEXT_AUTH: 'true' }).allowPlaintextAuth, true);
  assert.equal(config(['--allow-plaintext-auth']).allowPlaintextAuth, true);
});

test('ports may be off or any', () => {
  const { ports } = config(['--imap', '0', '--pop3', '0', '--smtp', 'OFF']);
  assert.deepEqual([ports.imap, ports.pop3, ports.smtp], [0, 0, 'off']);
});

test('a certificate of one’s own, trusted networks and a smart host', () => {
  const got = config([
    ...['--tls-cert', '/etc/a.crt', '--tls-key', '/etc/a.key'],
    ...['--trusted-networks', '10.0.0.0/8, ::1'],
    ...['--smart-host', 'smtp://me%40home:p%3As@mail.example.test:2525'],
    ...['--host', '::'],
  ]);
  assert.deepEqual(got.tls, { kind: 'files', certFile: '/etc/a.crt', keyFile: '/etc/a.key' });
  assert.equal(got.trustedNetworks.contains('10.1.1.1'), true);
  assert.equal(got.trustedNetworks.contains('::1'), true);
  assert.equal(got.host, '::');
  assert.deepEqual(got.smartHost, {
    host: 'mail.example.test',
    port: 2525,
    implicitTls: false,
    credentials: { user: 'me@home', password: 'p:s' },
  });
  assert.deepEqual(config(['--smart-host', 'smtps://[::1]']).smartHost, {
    host: '::1',
    port: 465,
    implicitTls: true,
    credentials: undefined,
  });
});

for (const [args, complaint] of [
  [['--imap', '65536'], '--imap: "65536" is not a port (0 to 65535, or off)'],
  [['--pop3', 'yes'], '--pop3: "yes" is not a port (0 to 65535, or off)'],
  [['--pop3', '-1'], '--pop3: "-1" is not a port (0 to 65535, or off)'],
  [['--max-connections', '0'], '--max-connections: "0" is not a number of connections, 1 to 1000000'],
  [['--imap', '1993'], '--imaps: port 1993 is given to --imap already'],
  [['--host', 'not a host'], '--host: "not a host" is not an address or a host name'],
  [['--log-level', 'loud'], '--log-level: "loud" is not one of debug, info, warn, error, silent'],
  [['--tls-cert', 'a.crt'], '--tls-cert: needs --tls-key too'],
  [
    ['--acme-domain', 'mail.example.test'],
    "--acme-domain: needs --acme-agree: that you agree to the authority's terms of service",
  ],
  [
    ['--acme-domain', '*.example.test', '--acme-agree'],
    '--acme-domain: "*.example.test" is not a host name such as mail.example.org',
  ],
  [
    ['--acme-domain', 'a.test', '--acme-agree', '--tls-secret', 's'],
    '--tls-secret: is another certificate than that of --acme-domain',
  ],
  [['--acme-email', 'me@example.test'], '--acme-email: needs --acme-domain'],
  [
    ['--acme-domain', 'a.test', '--acme-agree', '--acme-directory', 'http://a.test/'],
    '--acme-directory: "http://a.test/" is not a URL with https',
  ],
  [['--tls-key', 'a.key'], '--tls-key: needs --tls-cert too'],
  [['--data', ''], '--data: it is no path'],
  [
    ['--trusted-networks', '10.0.0.0/8,home'],
    '--trusted-networks: "home" is not a network such as 10.0.0.0/8 or 2001:db8::/32',
  ],
  [
    ['--smart-host', 'http://u:secret@h'],
    '--smart-host: it is not a URL such as smtp://user:password@host:587 or smtps://host',
  ],
  [['--forward-outside'], '--forward-outside: needs --smart-host, by which such mail goes out'],
  [['--smart-host', 'smtp://u@h'], '--smart-host: the URL has a user or a password without the other'],
  [
    ['--smart-host', 'smtp://u:secret@h/x?y'],
    '--smart-host: the URL has more than user, password, host and port',
  ],
  [
    ['--smart-host', 'smtp://u:%ff@h'],
    '--smart-host: the user or password is not percent-encoded as a URL wants it',
  ],
  [['--postmaster', 'root'], '--postmaster: "root" is not an address such as postmaster@example.org'],
] as const)
  test(`a wrong value is named: ${args.join(' ')}`, () => assert.deepEqual(complaints(args), [complaint]));

test('every wrong value is named at once, with the variable where it came from there', () => {
  assert.deepEqual(complaints(['--imap', 'x'], { RESTANTE_POP3S: 'y', RESTANTE_NO_DEMO: 'maybe' }), [
    '--imap: "x" is not a port (0 to 65535, or off)',
    'RESTANTE_POP3S: "y" is not a port (0 to 65535, or off)',
    'RESTANTE_NO_DEMO: "maybe" is not yes or no',
  ]);
});

test('a server that serves nothing is a mistake', () => {
  const off = ['imap', 'imaps', 'pop3', 'pop3s', 'smtp', 'lmtp', 'submission', 'submissions', 'http'];
  const outcome = complaints(off.flatMap((name) => [`--${name}`, 'off']));
  assert.deepEqual(outcome, ['every service is off: there is nothing to serve']);
});

test('the help names each option with its variable and default', () => {
  const help = addServeOptions(new Command()).helpInformation();
  assert.match(help, /--imaps <port>/);
  assert.match(help.replace(/\s+/g, ' '), /RESTANTE_TLS_CERT/);
  assert.match(help.replace(/\s+/g, ' '), /RESTANTE_IMAP, default 1143/);
});

const onAws = ['--store', 'aws', '--log-table', 'log', '--directory-table', 'dir', '--bucket', 'mail-bucket'];

test('an AWS store is two tables and a bucket, and has no example accounts unless asked', () => {
  const { store, demo } = config([
    ...onAws,
    '--endpoint-url',
    'http://127.0.0.1:8000',
    '--poll-interval',
    '0.5',
  ]);
  assert.deepEqual(store, {
    kind: 'aws',
    logTable: 'log',
    directoryTable: 'dir',
    bucket: 'mail-bucket',
    region: undefined,
    tableEndpoint: 'http://127.0.0.1:8000',
    bucketEndpoint: 'http://127.0.0.1:8000',
    valkey: undefined,
    pollMs: 500,
  });
  assert.equal(demo, false);
  assert.equal(config([...onAws, '--demo']).demo, true);
  assert.equal(config([...onAws, '--demo', '--no-demo']).demo, false);
});

test('what an AWS store lacks, and what is meant for one, is complained of by name', () => {
  assert.deepEqual(complaints(['--store', 'aws', '--bucket', 'B']), [
    '--log-table: is needed with --store aws',
    '--directory-table: is needed with --store aws',
    '--bucket: "B" is not the name of a bucket',
  ]);
  assert.deepEqual(complaints(['--log-table', 'log']), ['--log-table: needs --store aws']);
  assert.deepEqual(complaints(['--store', 'gcp']), ['--store: "gcp" is not embedded or aws']);
  const [complaint] = complaints([...onAws, '--valkey', 'http://user:secret@host']);
  assert.match(complaint!, /^--valkey: it is not a URL/);
  assert.doesNotMatch(complaint!, /secret/);
  config([], { RESTANTE_LOG_TABLE: 'log' });
});

test('Trash and Junk are cleared after a period each, or left alone', () => {
  const { clear } = config(['--trash-retention', 'off'], { RESTANTE_JUNK_RETENTION: '7d' });
  assert.deepEqual(clear, { trash: undefined, junk: 7 * 24 * 3600_000 });
  assert.equal(config(['--notice-language', 'de']).noticeLanguage, 'de');
  assert.deepEqual(complaints(['--notice-language', 'xx']), ['--notice-language: "xx" is not one of en, de']);
});
