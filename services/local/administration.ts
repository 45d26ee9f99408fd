import { hostname } from 'node:os';
import type { Command } from 'commander';
import type { Hono } from 'hono';
import { ok, type Result } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import type { AdminClient, ClientError, Transport } from '../admin/client/client.ts';
import type { AssembleOptions, Data } from './assemble.ts';
import type { Report } from './command-line.ts';
import { type DataOptions, dataOption } from './commands/shared-options.ts';
import { type CommandContext, type CommandOutcome, failed } from './context.ts';
import { withData } from './data-folder.ts';
import { remoteOptions } from './remote-choice.ts';

/** Gives a command what it needs to choose where it works: `--data`, or `--url` and a key. */
export function administers(command: Command, context: CommandContext): Command {
  for (const option of [dataOption(context), ...remoteOptions()]) command.addOption(option);
  return command;
}

/** How the store is opened, where one is. */
interface OpenOptions extends AssembleOptions {
  readonly existing?: 'required' | 'optional';
}

/** What a command says on standard output when it is done. */
type Said = Promise<Result<string, ClientError>>;

/**
 * Makes what runs a command with the admin API: that of a server, or the same application in this process over the data folder (or the AWS
 * store), which is opened for it, whether a server has it open too or not. Whoever can open the store may do everything.
 */
export function administering(context: CommandContext, report: Report) {
  return async (
    { data: folder }: DataOptions,
    use: (admin: AdminClient) => Said,
    { existing = 'required', ...options }: OpenOptions = {},
  ): Promise<void> => {
    // Loaded only by the commands that need it.
    const { adminClient } = await import('../admin/client/client.ts');
    const run = async (transport: Transport): Promise<CommandOutcome> => {
      const said = await use(adminClient(transport));
      if (!said.ok) return failed(said.error.message);
      context.stdout.write(said.value);
      return ok(undefined);
    };
    const { remote } = context;
    if (remote === undefined)
      return report(
        await withData(
          context,
          folder,
          existing,
          async (data) => run(inProcess(await ownersApp(context, data))),
          options,
        ),
      );
    const { httpTransport } = await import('../admin/client/http-transport.ts');
    report(await run(httpTransport(remote)));
  };
}

const inProcess =
  (app: Pick<Hono, 'request'>): Transport =>
  async ({ method, path, body }) => {
    const response = await app.request(path, {
      method: method.toUpperCase(),
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body }),
    });
    return ok({ status: response.status, body: await response.text() });
  };

async function ownersApp({ env, version }: CommandContext, data: Data) {
  const { createAdminApp } = await import('../admin/api/app.ts');
  const { scopes } = await import('../admin/api/scopes.ts');
  const here = env.RESTANTE_HOSTNAME || hostname();
  return createAdminApp({
    data,
    // As the server says them, as far as the environment tells.
    hosts: {
      hostname: here,
      mx: env.RESTANTE_MX || here,
      spf: data.store.kind === 'aws' ? 'include:amazonses.com' : 'mx',
    },
    version,
    log: silentLog,
    owner: {
      id: 'local',
      name: 'command line',
      scopes,
      tenant: undefined,
      createdAt: 0,
      expiresAt: undefined,
    },
  });
}
