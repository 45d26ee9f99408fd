import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { served } from './served.ts';

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
