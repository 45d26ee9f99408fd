import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import { describeCause } from '../describe-mail-error.ts';
import type { ExportListener } from './export-messages.ts';
import { maildirFolder, mboxFile } from './folder-names.ts';
import { exportToMaildir } from './maildir-export.ts';
import { exportToMbox } from './mbox-export.ts';

export interface ExportReport {
  readonly written: number;
  readonly alreadyThere: number;
  /** The first of what could not be written, a mailbox or a message of it, with the reason. */
  readonly failures: readonly { readonly mailbox: string; readonly reason: string }[];
  readonly failed: number;
}

const toldFailures = 100;

export type ExportFormat = 'maildir' | 'mbox';

/** Where an export goes, and which mailboxes. `single`: the path is the one mailbox's own. */
export interface ExportPlan {
  readonly format: ExportFormat;
  readonly path: string;
  readonly mailboxes: readonly Mailbox[];
  readonly single: boolean;
}

/** Writes mailboxes as files. A mailbox or a message that fails is reported, and the others go on. */
export async function exportAccount(
  account: Account,
  plan: ExportPlan,
  progress: (report: ExportReport) => void = () => {},
): Promise<ExportReport> {
  const report = {
    written: 0,
    alreadyThere: 0,
    failures: [] as { mailbox: string; reason: string }[],
    failed: 0,
  };
  for (const mailbox of plan.mailboxes) {
    const place = placeOf(plan, mailbox.name);
    const fail = (reason: string) => {
      report.failed++;
      if (report.failures.length < toldFailures) report.failures.push({ mailbox: mailbox.name, reason });
    };
    const listener: ExportListener = {
      done: (what) => {
        report[what]++;
        progress(report);
      },
      leftOut: ({ message }) => fail(message),
    };
    if (place === undefined) {
      fail('its name is too long for a file');
      continue;
    }
    try {
      await mkdir(plan.format === 'mbox' ? dirname(place) : place, { recursive: true, mode: 0o700 });
      const write = plan.format === 'mbox' ? exportToMbox : exportToMaildir;
      await write(place, account, mailbox, listener);
    } catch (cause) {
      fail(describeCause(cause));
    }
  }
  return report;
}

function placeOf({ format, path, single }: ExportPlan, mailbox: string): string | undefined {
  if (single) return path;
  const name = format === 'mbox' ? mboxFile(mailbox) : maildirFolder(mailbox);
  return name === undefined ? undefined : join(path, name);
}
