/** A process that takes the lease `maildrop` in the folder it is given for an hour, says so, and holds it until it is killed. */
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';

const store = await openEmbeddedStore({ folder: process.argv[2]! });
const lease = await store.leases.acquire('maildrop', 'session', 3600_000);
console.log(lease === undefined ? 'refused' : 'held');
setInterval(() => {}, 1000);
