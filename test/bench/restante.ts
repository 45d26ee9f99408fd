import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { addAccount } from '../../services/local/add-account.ts';
import { assemble, type Data } from '../../services/local/assemble.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { needsIdleCompaction } from '../../shared/engine/idle-compaction.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { end, freePorts, memoryOf, processorTimeOf, type Server } from './server.ts';
import { password } from './wire.ts';

const program = fileURLToPath(new URL('../../services/local/main.ts', import.meta.url));

export interface RestanteOptions {
  readonly folder: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly accounts: readonly string[];
  /** For the server's process, besides those that its folder and ports need. */
  readonly options?: readonly string[];
  /** For Node.js itself, such as `--cpu-prof`. */
  readonly nodeOptions?: readonly string[];
}

/** The embedded server, as `restante serve` starts it, with the accounts made. */
export async function restante({
  folder,
  certificate,
  accounts,
  options = [],
  nodeOptions = [],
}: RestanteOptions): Promise<Server> {
  await makeAccounts(folder, accounts);
  const [imap = 0, imaps = 0, pop3 = 0, lmtp = 0] = await freePorts(4);
  const args = [
    ...nodeOptions,
    ...[program, 'serve', '--data', folder, '--no-demo', '--log-level', 'error'],
    ...['--imap', imap, '--imaps', imaps, '--pop3', pop3, '--lmtp', lmtp].map(String),
    ...['pop3s', 'smtp', 'submission', 'submissions', 'http'].flatMap((name) => [`--${name}`, 'off']),
    ...['--tls-cert', certificate.cert, '--tls-key', certificate.key],
    ...['--allow-plaintext-auth', '--trusted-networks', '127.0.0.0/8'],
    ...options,
  ];
  let child: ChildProcess | undefined;
  return {
    name: 'Restante',
    imap: { port: imap, tls: 'none' },
    imaps: { port: imaps, tls: 'implicit' },
    pop3: { port: pop3, tls: 'none' },
    lmtp: { port: lmtp, tls: 'none' },
    alwaysDurable: true,
    // In every mode: there is no faster way.
    start: async () => {
      child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder });
      for await (const line of createInterface({ input: child.stdout! })) if (line === 'ready') return;
      throw new Error('restante did not start');
    },
    stop: () => end(child),
    settle: () => foldAll(folder, accounts),
    memory: () => memoryOf(child!.pid!),
    processorTime: () => processorTimeOf(child!.pid!),
  };
}

const day = 24 * 3600_000;

/** What maintenance does with accounts at rest: what only the log holds is folded. */
async function foldAll(folder: string, accounts: readonly string[]): Promise<void> {
  const data = await openData(folder);
  try {
    for (const address of accounts) {
      const record = await data.store.directory.accountByAddress(address as Address);
      const hold = await data.engine.open(record!.id);
      if (!hold.ok) throw new Error(`cannot open ${address}: ${hold.error.kind}`);
      const { account } = hold.value;
      if (needsIdleCompaction(account, Date.now() + day)) await account.compact();
      hold.value.release();
    }
  } finally {
    await data.close();
  }
}

const openData = async (folder: string): Promise<Data> =>
  assemble({ kind: 'embedded', ...(await openEmbeddedStore({ folder })) }, (what, _, cause) => {
    throw new Error(what, { cause });
  });

async function makeAccounts(folder: string, accounts: readonly string[]): Promise<void> {
  const data = await openData(folder);
  try {
    for (const domain of new Set(accounts.map((address) => address.split('@')[1]!)))
      await data.provisioning.addDomain(domain);
    for (const address of accounts) {
      const added = await addAccount(data, { address, password });
      if (!added.ok) throw new Error(`cannot add ${address}: ${added.error.kind}`);
    }
  } finally {
    await data.close();
  }
}
