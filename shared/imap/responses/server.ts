/** What the server says about itself and the account (RFC 9051 §7.2, RFC 2971, RFC 9208). */
import type { ResponseWriter } from '../writer.ts';

export function capabilityLine(w: ResponseWriter, capabilities: readonly string[]): void {
  w.ascii(`* CAPABILITY ${capabilities.join(' ')}`);
  w.crlf();
}

/** RFC 9051 §7.2.1; none is an empty list. */
export function enabledLine(w: ResponseWriter, capabilities: readonly string[]): void {
  w.ascii(['* ENABLED', ...capabilities].join(' '));
  w.crlf();
}

/** RFC 2971 §3.2; undefined says NIL. */
export function idLine(
  w: ResponseWriter,
  fields: readonly (readonly [name: string, value: string | undefined])[] | undefined,
): void {
  w.ascii('* ID ');
  if (fields) {
    w.list(fields, ([name, value]) => {
      w.string(name);
      w.sp();
      w.nstring(value);
    });
  } else w.ascii('NIL');
  w.crlf();
}

export interface Namespace {
  /** What names in it begin with: '' for all of them, else with the separator at its end. */
  readonly prefix: string;
}

/** NAMESPACE, RFC 9051 §7.3.3: personal, other users', shared; an empty one is NIL. The separator is '/'. */
export function namespaceLine(
  w: ResponseWriter,
  personal: readonly Namespace[],
  otherUsers: readonly Namespace[] = [],
  shared: readonly Namespace[] = [],
): void {
  w.ascii('* NAMESPACE');
  for (const group of [personal, otherUsers, shared]) {
    w.sp();
    if (group.length === 0) w.ascii('NIL');
    else {
      w.ascii('(');
      for (const { prefix } of group) {
        w.ascii('(');
        if (prefix === '') w.ascii('""');
        else w.mailbox(prefix);
        w.ascii(' "/")');
      }
      w.ascii(')');
    }
  }
  w.crlf();
}

/** A resource's use and limit in its unit: STORAGE in 1024 octets, MESSAGE in messages (RFC 9208 §5). */
export interface QuotaResource {
  readonly name: 'STORAGE' | 'MESSAGE' | 'MAILBOX';
  readonly usage: number;
  readonly limit: number;
}

export function quotaLine(w: ResponseWriter, root: string, resources: readonly QuotaResource[]): void {
  w.ascii('* QUOTA ');
  w.astring(root);
  w.sp();
  w.list(resources, ({ name, usage, limit }) => w.ascii(`${name} ${usage} ${limit}`));
  w.crlf();
}

export function quotaRootLine(w: ResponseWriter, mailbox: string, roots: readonly string[]): void {
  w.ascii('* QUOTAROOT ');
  w.mailbox(mailbox);
  for (const root of roots) {
    w.sp();
    w.astring(root);
  }
  w.crlf();
}
