import type { Socket } from 'node:net';

/** The PROXY protocol, version 2 (HAProxy's specification, 2020): who really connects, told by a balancer in the first bytes. */

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const fixedBytes = 16;
/** Balancers add a few TLVs; more is no balancer. */
const longestHeader = 1024;
const headerTimeoutMs = 5_000;

/** `address`: of the client; undefined where the balancer itself connects, to see whether anybody is there. */
export interface ProxyHeader {
  readonly address: string | undefined;
  /** Bytes of the header: what follows is the client's. */
  readonly length: number;
}

/** The header that the bytes begin with; 'incomplete' where more are needed to tell. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'incomplete' | 'bad' {
  const there = Math.min(bytes.length, signature.length);
  if (!bytes.subarray(0, there).equals(signature.subarray(0, there))) return 'bad';
  if (bytes.length < fixedBytes) return 'incomplete';
  const [command, family] = [bytes[12]!, bytes[13]!];
  const length = fixedBytes + bytes.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1 || length > longestHeader) return 'bad';
  if (bytes.length < length) return 'incomplete';
  if ((command & 15) === 0) return { address: undefined, length };
  const address = addressOf(bytes.subarray(fixedBytes, length), family >> 4);
  return address === 'bad' ? 'bad' : { address, length };
}

function addressOf(body: Buffer, family: number): string | undefined | 'bad' {
  if (family === 1) return body.length < 12 ? 'bad' : [...body.subarray(0, 4)].join('.');
  if (family === 2) {
    if (body.length < 36) return 'bad';
    return Array.from({ length: 8 }, (_, i) => body.readUInt16BE(i * 2).toString(16)).join(':');
  }
  // A socket of the balancer's own machine, or of a kind that is not told.
  return family === 0 || family === 3 ? undefined : 'bad';
}

/**
 * Reads the header off a new connection and puts back what follows it. Resolves to the client's address, to undefined where the balancer itself
 * connects, and to 'bad' where no header comes: such a connection is to be cut, for nobody knows whose it is.
 */
export function readProxyHeader(
  socket: Socket,
  timeoutMs = headerTimeoutMs,
): Promise<string | undefined | 'bad'> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const end = (answer: string | undefined | 'bad') => {
      clearTimeout(timer);
      socket.off('readable', look).off('close', gone).off('end', gone).off('error', gone);
      // Until its new owner listens, an error must find somebody.
      socket.on('error', ignore);
      resolve(answer);
    };
    const gone = () => end('bad');
    const timer = setTimeout(gone, timeoutMs);
    const look = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const header = parseProxyHeader(held);
      if (header === 'incomplete') return;
      if (header === 'bad') return end('bad');
      if (held.length > header.length) socket.unshift(held.subarray(header.length));
      end(header.address);
    };
    socket.on('readable', look).on('close', gone).on('end', gone).on('error', gone);
    look();
  });
}

function ignore(): void {}
