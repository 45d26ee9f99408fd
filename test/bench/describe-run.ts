import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

const said = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8' }).trim();

/** The machine, the versions and how the figures were taken, as a paragraph. */
export function describeRun(
  rounds: number,
  { small, large, idle }: { readonly small: number; readonly large: number; readonly idle: number },
): string {
  const system = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const lines = [
    `Taken on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ${cpus()[0]?.model.trim()},`,
    `${Math.round(totalmem() / 2 ** 30)} GB, ${system}, Linux ${said('uname', '-r')};`,
    `Node.js ${process.versions.node}, Dovecot ${said('dovecot', '--version')}.`,
    `Medians of ${rounds} rounds. ${small} messages in the small mailbox, ${large} in the large one, ${idle} idle connections.`,
    `Load average at the end: ${loadavg()[0]?.toFixed(1)}.`,
  ];
  return lines.join('\n');
}
