import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { end, freePorts, memoryOf, processorTimeOf, type Server } from './server.ts';
import { password, Wire } from './wire.ts';

export interface DovecotOptions {
  readonly folder: string;
  readonly format: 'maildir' | 'sdbox';
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly accounts: readonly string[];
  /** Seconds after which an idling connection is handed to one small process for all of them; never, as by default, where not given. */
  readonly hibernateAfter?: number;
}

type Ports = Readonly<Record<'imap' | 'imaps' | 'pop3' | 'lmtp', number>>;

/**
 * What Debian's package comes with, but: users and folders of this run, limits that admit thousands of connections from one
 * address, and login processes that each serve many clients (its documentation's "high-performance mode").
 */
const configuration = ({ folder, format, certificate, hibernateAfter }: DovecotOptions, ports: Ports) => `
protocols = imap pop3 lmtp
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/log
listen = 127.0.0.1
ssl = yes
ssl_cert = <${certificate.cert}
ssl_key = <${certificate.key}
disable_plaintext_auth = no
mail_location = ${format}:~/mail
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
mail_max_userip_connections = 10000
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${folder}/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${folder}/home/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
}
default_client_limit = 20000
default_process_limit = 5000
service imap-login {
  service_count = 0
  process_min_avail = 2
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service pop3-login {
  service_count = 0
  process_min_avail = 2
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = 0
  }
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
}
protocol lmtp {
  auth_username_format = %Lu
}
service imap {
  process_limit = 5000
  vsz_limit = 2G
}
${
  hibernateAfter === undefined
    ? ''
    : `protocol imap {
  imap_hibernate_timeout = ${hibernateAfter} secs
}
service imap-hibernate {
  unix_listener imap-hibernate {
    mode = 0666
  }
}
service imap {
  unix_listener imap-master {
    user = dovenull
    mode = 0666
  }
}`
}
`;

/** Debian's Dovecot. Needs root, as it does everywhere. */
export async function dovecot(options: DovecotOptions): Promise<Server> {
  const { folder, format, accounts } = options;
  mkdirSync(join(folder, 'home'), { recursive: true });
  chmodSync(folder, 0o755);
  execFileSync('chown', ['nobody:nogroup', join(folder, 'home')]);
  writeFileSync(join(folder, 'users'), accounts.map((user) => `${user}:{PLAIN}${password}::::::\n`).join(''));
  const [imap = 0, imaps = 0, pop3 = 0, lmtp = 0] = await freePorts(4);
  const config = join(folder, 'dovecot.conf');
  let child: ChildProcess | undefined;
  return {
    name: `Dovecot ${format}`,
    imap: { port: imap, tls: 'none' },
    imaps: { port: imaps, tls: 'implicit' },
    pop3: { port: pop3, tls: 'none' },
    lmtp: { port: lmtp, tls: 'none' },
    alwaysDurable: false,
    start: async (mode) => {
      const durability = { filling: 'mail_fsync = never\n', measuring: '', durable: 'mail_fsync = always\n' }[
        mode
      ];
      writeFileSync(config, `${configuration(options, { imap, imaps, pop3, lmtp })}${durability}`);
      child = spawn('dovecot', ['-F', '-c', config], { stdio: 'inherit' });
      await Promise.all([imap, imaps, pop3, lmtp].map(awaitPort));
    },
    stop: () => end(child),
    settle: async () => undefined,
    memory: () => memoryOf(child!.pid!),
    processorTime: () => processorTimeOf(child!.pid!),
  };
}

/** Resolves when something listens there; rejects after ten seconds. */
async function awaitPort(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++)
    try {
      (await Wire.open({ port, tls: 'none' })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  throw new Error('dovecot did not start; its log is in its folder');
}
