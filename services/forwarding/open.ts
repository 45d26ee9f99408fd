import type { MailEngine } from '../../shared/engine/engine.ts';
import type { AdminRecords } from '../../shared/ports/admin-records.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import { Forwarder } from './forwarder.ts';
import { Outbox } from './outbox.ts';
import { forwardingSecret } from './secret.ts';

/** What sends mail on to addresses elsewhere, in parts: deliveries use the forwarder, the dispatcher all of it. */
export interface Forwarding {
  readonly outbox: Outbox;
  readonly forwarder: Forwarder;
  readonly secret: Uint8Array;
}

/** Throws what the store throws where the secret cannot be read or made. */
export async function openForwarding(
  engine: MailEngine,
  store: { readonly directory: Pick<Directory, 'domain'>; readonly adminRecords: AdminRecords },
): Promise<Forwarding> {
  const { entropy } = engine.parts;
  const secret = await forwardingSecret(store.adminRecords, entropy);
  const outbox = new Outbox(engine);
  return { outbox, secret, forwarder: new Forwarder(outbox, store.directory, secret, entropy) };
}
