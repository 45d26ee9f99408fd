import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { startHealthHttp } from '../../services/admin/health-http/server.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { ok } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type AdminGround, adminGround } from './ground.ts';

/** A server's HTTP port with the admin API on a store of its own. */
async function served(t: TestContext): Promise<AdminGround & { readonly url: string }> {
  const ground = await adminGround(t);
  const http = await startHealthHttp({
    host: '127.0.0.1',
    port: 0,
    welcome: async () => 'ready',
    page: () => '',
    authority: undefined,
    metrics: createMetrics(),
    log: silentLog,
    // No two of its moments are the same, and nobody asks too often.
    admin: {
      fetch: (request) => {
        ground.clock.advance(50);
        return ground.app.fetch(request);
      },
    },
  });
  assert.ok(http.ok);
  t.after(() => http.value.close(0));
  return { ...ground, url: `http://127.0.0.1:${http.value.port}` };
}

interface Step {
  readonly args: string;
  readonly stdin?: string;
  /** 0 unless given. */
  readonly code?: 1 | 2;
  /** All of standard output; what differs from run to run stands as <…>. */
  readonly says?: string;
  readonly complains?: string;
}

/** One after the other on an empty installation: every verb that administers, done and refused. */
const steps: readonly Step[] = [
  { args: 'tenant add acme --name Acme', says: 'added acme\n' },
  { args: 'tenant add acme', code: 1, complains: 'restante: acme exists already\n' },
  { args: 'tenant add Not!', code: 1, complains: 'restante: id: Invalid string: must match pattern …\n' },
  { args: 'tenant rename acme Renamed', says: 'acme is called Renamed\n' },
  { args: 'tenant rename nobody Renamed', code: 1, complains: 'restante: there is no nobody\n' },
  { args: 'tenant rename acme Acme', says: 'acme is called Acme\n' },
  { args: 'tenant list', says: 'ID    MADE  NAME\nacme  <time>  Acme\n' },
  { args: 'domain add acme.test --tenant acme', says: 'added acme.test\n' },
  { args: 'domain add other.test --tenant nobody', code: 1, complains: 'restante: there is no nobody\n' },
  { args: 'domain add plain.test', says: 'added plain.test\n' },
  { args: 'domain list', says: 'acme.test\nplain.test\n' },
  { args: 'domain list --tenant acme', says: 'acme.test\n' },
  { args: 'domain show acme.test' },
  { args: 'domain show nobody.test', code: 1, complains: 'restante: there is no nobody.test\n' },
  {
    args: 'account add anna@acme.test --password-stdin --quota 5GB --name Anna',
    stdin: 'a long password\nmore\n',
    says: 'added anna@acme.test\n',
  },
  { args: 'account add bob@acme.test', says: 'added bob@acme.test\npassword: <password>\n' },
  { args: 'account add bob@acme.test', code: 1, complains: 'restante: bob@acme.test exists already\n' },
  {
    args: 'account add bob@nobody.test',
    code: 1,
    complains: 'restante: there is no nobody.test here: add it first with "restante domain add"\n',
  },
  {
    args: 'account add eve@acme.test --password short',
    code: 1,
    complains: 'restante: a password needs at least 8 characters\n',
  },
  {
    args: 'account add odd/one+a%41@acme.test --password long.enough',
    says: 'added odd/one+a%41@acme.test\n',
  },
  { args: 'account remove odd/one+a%41@acme.test', says: 'removed odd/one+a%41@acme.test\n' },
  {
    args: 'account list --tenant acme --domain acme.test',
    says:
      'ADDRESS         STATUS  PROTOCOLS             NAME\n' +
      'anna@acme.test  active  imap,pop3,submission  Anna\n' +
      'bob@acme.test   active  imap,pop3,submission  bob\n',
  },
  { args: 'account list --json' },
  { args: 'account show anna@acme.test' },
  { args: 'account show anna@acme.test --json' },
  { args: 'account show no@acme.test', code: 1, complains: 'restante: there is no no@acme.test\n' },
  { args: 'account quota anna@acme.test none', says: 'anna@acme.test has no quota\n' },
  { args: 'account quota anna@acme.test 5MB', says: 'anna@acme.test has a quota of 5 MB\n' },
  {
    args: 'account set anna@acme.test --suspend --protocols imap --pop3-deletion hide --name A.',
    says: 'changed anna@acme.test\n',
  },
  { args: 'account set anna@acme.test', code: 2 },
  { args: 'account set anna@acme.test --resume', says: 'changed anna@acme.test\n' },
  {
    args: 'account passwd anna@acme.test',
    says: 'the password of anna@acme.test is changed\npassword: <password>\n',
  },
  {
    args: 'account passwd anna@acme.test --password-stdin',
    stdin: 'another password\n',
    says: 'the password of anna@acme.test is changed\n',
  },
  { args: 'account passwd anna@acme.test --password-stdin', code: 1 },
  { args: 'app-password add anna@acme.test telephone', says: '<password>\n' },
  { args: 'app-password list anna@acme.test', says: 'ID    NAME       MADE\n<id>  telephone  <time>\n' },
  { args: 'app-password remove anna@acme.test none', code: 1, complains: 'restante: there is no none\n' },
  {
    args: 'alias add post@acme.test anna@acme.test bob@acme.test',
    says: 'added post@acme.test, to anna@acme.test, bob@acme.test\n',
  },
  {
    args: 'alias list',
    says: 'ALIAS           LEADS TO\npost@acme.test  anna@acme.test, bob@acme.test\n',
  },
  { args: 'alias list --json' },
  {
    args: 'alias change post@acme.test bob@acme.test',
    says: 'post@acme.test leads to bob@acme.test\n',
  },
  { args: 'alias change no@acme.test bob@acme.test', code: 1 },
  { args: 'alias list', says: 'ALIAS           LEADS TO\npost@acme.test  bob@acme.test\n' },
  { args: 'alias remove post@acme.test', says: 'removed post@acme.test\n' },
  { args: 'alias remove post@acme.test', code: 1 },
  {
    args: 'forward add anna@acme.test bob@acme.test',
    says: 'mail to anna@acme.test goes to bob@acme.test, and a copy stays\n',
  },
  { args: 'forward add anna@acme.test anna@acme.test', code: 1 },
  {
    args: 'forward list',
    says:
      'ACCOUNT         GOES TO        COPY STAYS  WAITING  SINCE\n' +
      'anna@acme.test  bob@acme.test  yes         0\n',
  },
  { args: 'forward remove anna@acme.test no@acme.test', code: 1 },
  { args: 'forward remove anna@acme.test', says: 'mail to anna@acme.test stays there\n' },
  { args: 'key add robot --scopes accounts:read --tenant acme --expires 90d', says: '<token>\n' },
  { args: 'key add robot --tenant nobody', code: 1, complains: 'restante: there is no tenant nobody\n' },
  { args: 'key add robot --scopes everything', code: 2 },
  { args: 'key list' },
  { args: 'key list --json' },
  { args: 'key remove nobody', code: 1, complains: 'restante: there is no key nobody\n' },
  { args: 'audit --tenant acme --last 3 --json' },
  { args: 'audit --last none', code: 2 },
  { args: 'domain remove acme.test', code: 1 },
  { args: 'domain remove plain.test', says: 'removed plain.test\n' },
  { args: 'tenant remove acme', code: 1 },
  { args: 'tenant remove default', says: 'removed default\n' },
  { args: 'account remove anna@acme.test', says: 'removed anna@acme.test\n' },
];

/** What is made anew each time, by its name. */
const plain = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/rst_\w{26}_[\w-]{43}/g, '<token>')
    .replaceAll(/\b(?=\w*\d)[0-9a-hj-km-np-tv-z]{26}\b|\b[0-9a-f]{16}\b/g, '<id>')
    .replaceAll(/(?<=password: |^)\w{5}(?:-\w{5}){3}$/gm, '<password>')
    .replaceAll(/(?<=must match pattern ).*/g, '…')
    // Columns are as wide as what was replaced.
    .replaceAll(/<id> +(?=\S)/g, '<id>  ')
    .replaceAll(/(ID|MADE) +/g, (_, name) => name.padEnd(6))
    .replaceAll(/<time> +/g, '<time>  ');

test('every verb does and says the same on the data folder and through --url', async (t) => {
  const server = await served(t);
  const folder = temporaryFolder();
  // The names of the server that the DNS records show.
  const local = {
    RESTANTE_DATA: folder,
    RESTANTE_HOSTNAME: 'mail.example.test',
    RESTANTE_MX: 'mx.example.test',
  };
  const remote = { RESTANTE_URL: server.url, RESTANTE_KEY: await server.key() };
  const store = await openEmbeddedStore({ folder });
  t.after(() => store.close());
  const openStore = async () => ok({ kind: 'embedded' as const, ...store, close: async () => {} });
  // The key for the server is on its list too.
  await runCommand(folder, ['key', 'add', 'test']);
  for (const { args, stdin = '', code = 0, says, complains } of steps)
    await t.test(`restante ${args}`, async () => {
      const run = async (env: Record<string, string>) => {
        const here = await runCommand(folder, args.split(' '), undefined, {
          env,
          openStore,
          stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
        });
        // Only who asked is not the same.
        const stdout = here.stdout.replaceAll(/"key": \{[^}]*\}/g, '"key"');
        return { code: here.code, stdout: plain(stdout), stderr: plain(here.stderr) };
      };
      const there = await run(remote);
      assert.deepEqual(await run(local), there);
      assert.equal(there.code, code, there.stderr);
      if (says !== undefined) assert.equal(there.stdout, says);
      if (complains !== undefined) assert.equal(there.stderr, complains);
      if (code === 0) assert.equal(there.stderr, '');
      else assert.match(there.stderr, /^restante: ./);
    });
});

test('ids that a list shows are taken by the verbs that remove, both ways', async (t) => {
  const server = await served(t);
  const folder = temporaryFolder();
  const remote = { RESTANTE_URL: server.url, RESTANTE_KEY: await server.key() };
  for (const env of [{ RESTANTE_DATA: folder }, remote]) {
    const restante = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCommand(folder, args, undefined, { env });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const list = async (...args: string[]): Promise<{ id: string; name: string }[]> =>
      JSON.parse(await restante(...args, '--json'));
    await restante('domain', 'add', 'acme.test');
    await restante('account', 'add', 'anna@acme.test');
    await restante('app-password', 'add', 'anna@acme.test', 'telephone');
    const [one] = await list('app-password', 'list', 'anna@acme.test');
    assert.equal(await restante('app-password', 'remove', 'anna@acme.test', one!.id), `removed ${one!.id}\n`);
    assert.deepEqual(await list('app-password', 'list', 'anna@acme.test'), []);
    await restante('key', 'add', 'robot');
    const robot = (await list('key', 'list')).find(({ name }) => name === 'robot');
    await restante('key', 'remove', robot!.id);
    assert.ok(!(await list('key', 'list')).some(({ name }) => name === 'robot'));
    const audit = JSON.parse(await restante('audit', '--json')) as { operation: string; outcome: string }[];
    assert.deepEqual(
      audit.map(({ operation, outcome }) => [operation, outcome]),
      ['removeKey', 'addKey', 'removeAppPassword', 'addAppPassword', 'addAccount', 'addDomain'].map((o) => [
        o,
        'done',
      ]),
    );
  }
});

test('no verb that speaks to the API is left out of the table', async () => {
  const names = async (...args: string[]) => {
    const { stdout } = await runCommand(temporaryFolder(), [...args, '--help']);
    const listed = stdout.split('Commands:\n')[1] ?? '';
    const found = [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!);
    return { remote: stdout.includes('--url'), verbs: found.filter((name) => name !== 'help') };
  };
  const tried = (verb: string) => steps.some(({ args }) => `${args} `.startsWith(`${verb} `));
  for (const top of (await names()).verbs) {
    const { verbs, remote } = await names(top);
    if (remote) assert.ok(tried(top), top);
    for (const verb of verbs)
      if ((await names(top, verb)).remote) assert.ok(tried(`${top} ${verb}`), `${top} ${verb}`);
  }
});

test('the key comes from the environment, a file, standard input or the command line, and is asked for', async (t) => {
  const { url, key } = await served(t);
  const token = await key();
  const folder = temporaryFolder();
  const file = join(folder, 'key');
  writeFileSync(file, `${token}\n`);
  const list = async (args: string[], env: Record<string, string> = {}, stdin = '') =>
    await runCommand(folder, ['tenant', 'list', ...args], undefined, {
      env,
      stdin: Readable.from([Buffer.from(stdin)]),
    });
  for (const good of [
    await list([], { RESTANTE_URL: `${url}/`, RESTANTE_KEY: token }),
    await list(['--url', `${url}/v1`, '--key', token]),
    await list(['--url', url, '--key-file', file]),
    await list(['--url', url, '--key', '-'], {}, `${token}\n`),
    await list(['--url', url], { RESTANTE_DATA: '/nowhere', RESTANTE_KEY: token }),
  ])
    assert.equal(good.code, 0, good.stderr);
  const wrong = async (args: string[], complaint: RegExp, env: Record<string, string> = {}) => {
    const { code, stderr } = await list(args, env);
    assert.equal(code, 2, stderr);
    assert.match(stderr, complaint);
    assert.ok(!stderr.includes(token));
  };
  await wrong(['--url', url], /the key is missing/);
  await wrong(['--url', url, '--key', `${token} x`], /not one that "restante key add" makes/);
  await wrong(['--url', url, '--key-file', join(folder, 'none')], /cannot be read/);
  await wrong(['--key', token], /need --url/);
  await wrong(['--url', 'nonsense'], /"nonsense" is not a URL/);
  await wrong(['--url', 'http://mail.example.org', '--key', token], /would travel unencrypted/);
  await wrong(['--url', url, '--key', token, '--data', folder], /--url and --data exclude each other/);
  await wrong(['--url', url, '--key', token, '--store', 'aws'], /--url and --store exclude each other/);
  const both = await runCommand(folder, [
    'account',
    'passwd',
    'a@b.test',
    '--url',
    url,
    '--key',
    '-',
    '--password-stdin',
  ]);
  assert.deepEqual([both.code, both.stderr.includes('--key-file')], [2, true]);
});

test('what cannot be asked says why', async (t) => {
  const { url, key } = await served(t);
  const list = (env: Record<string, string>, ...args: string[]) =>
    runCommand(temporaryFolder(), ['tenant', 'list', ...args], undefined, { env });
  const refused = async (env: Record<string, string>, complaint: RegExp) => {
    const { code, stderr } = await list(env);
    assert.equal(code, 1);
    assert.match(stderr, complaint);
  };
  await refused({ RESTANTE_URL: url, RESTANTE_KEY: 'rst_nobody' }, /does not take the key/);
  await refused(
    { RESTANTE_URL: url, RESTANTE_KEY: await key(['domains:read']) },
    /the key needs the scope tenants:read/,
  );
  await refused({ RESTANTE_URL: `${url}/elsewhere`, RESTANTE_KEY: await key() }, /is no admin API/);
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as AddressInfo;
  gone.close();
  await refused(
    { RESTANTE_URL: `http://127.0.0.1:${port}`, RESTANTE_KEY: await key() },
    /cannot be asked: connect ECONNREFUSED/,
  );
});

test('all pages of a list are shown', async (t) => {
  const { url, key, data } = await served(t);
  const env = { RESTANTE_URL: url, RESTANTE_KEY: await key() };
  await data.provisioning.addDomain('acme.test');
  const names = Array.from({ length: 1003 }, (_, i) => `a${String(i).padStart(4, '0')}@acme.test`);
  await Promise.all(names.map((name) => data.provisioning.addAlias(name, ['anna@acme.test'])));
  const { stdout } = await runCommand('', ['alias', 'list', '--json'], undefined, { env });
  const listed = JSON.parse(stdout) as { address: string }[];
  assert.deepEqual(
    listed.map(({ address }) => address),
    names,
  );
});

test('commands that need the data folder itself say so', async () => {
  const folder = temporaryFolder();
  const env = { RESTANTE_URL: 'https://mail.example.org', RESTANTE_KEY: 'rst_x' };
  const commands = [
    ['import', 'anna@acme.test', 'mbox'],
    ['export', 'anna@acme.test', 'out'],
    ['backup', 'to'],
    ['restore', 'anna@acme.test', '--since', '2d'],
    ['verify'],
    ['rebuild', 'anna@acme.test'],
    ['serve'],
  ];
  for (const args of commands) {
    const said = await runCommand(folder, [...args, '--url', env.RESTANTE_URL]);
    assert.deepEqual(
      [said.code, said.stderr],
      [
        2,
        `restante: restante ${args[0]} works on the data folder itself: run it where that is, without --url and --key\n`,
      ],
    );
    if (args[0] === 'serve') continue;
    const surrounded = await runCommand(folder, args, undefined, { env });
    assert.equal(surrounded.code, 2);
    assert.match(surrounded.stderr, /not through RESTANTE_URL: name the folder with --data/);
  }
});
