import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { ok } from '../../shared/result.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { steps } from './command-steps.ts';
import { served } from './served.ts';

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
