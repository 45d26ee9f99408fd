/** A lease is comfort, never safety: nothing may be lost or doubled if two believe to hold it. */
export interface Lease {
  readonly name: string;
  readonly holder: string;
}

export interface Leases {
  /** The lease, or undefined while another holder's has not expired. The same holder may acquire again. */
  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined>;
  /** False where it is no longer ours: taken over, released or expired. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /** No error where it is no longer ours. */
  release(lease: Lease): Promise<void>;
}
