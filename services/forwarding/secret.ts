import type { Entropy } from '../../shared/ids.ts';
import type { AdminRecords } from '../../shared/ports/admin-records.ts';

const name = 'forwarding';
const secretBytes = 32;

/** The secret that makes and knows this installation's rewritten senders and loop marks: made once, and kept with the store. */
export async function forwardingSecret(records: AdminRecords, entropy: Entropy): Promise<Uint8Array> {
  const known = await records.record('secret', name);
  if (known !== undefined) return Buffer.from(known.text, 'base64url');
  const text = Buffer.from(entropy.bytes(secretBytes)).toString('base64url');
  if (await records.addRecord({ kind: 'secret', name, text, expires: undefined }))
    return Buffer.from(text, 'base64url');
  // Another process was first.
  const other = await records.record('secret', name);
  if (other === undefined) throw new Error('the forwarding secret was removed while it was made');
  return Buffer.from(other.text, 'base64url');
}
