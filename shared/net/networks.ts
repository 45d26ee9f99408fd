import ipaddr from 'ipaddr.js';
import { err, ok, type Result } from '../result.ts';

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

/** A set of CIDR networks, asked once a connection. */
export interface NetworkList {
  readonly networks: readonly string[];
  /** False for what is not an IP address. IPv4 inside IPv6 (`::ffff:192.0.2.1`) counts as IPv4. */
  contains(address: string): boolean;
}

const maxNetworks = 1000;

/** The address as a value, its zone dropped and mapped IPv4 unwrapped. */
function parseIp(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bare = text.split('%', 1)[0] ?? '';
  return ipaddr.isValid(bare) && (bare.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(bare))
    ? ipaddr.process(bare)
    : undefined;
}

function parseNetwork(text: string): Network | undefined {
  const [host = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
  const mapped = ipaddr.IPv6.isValid(host) && ipaddr.IPv6.parse(host).isIPv4MappedAddress();
  const address = parseIp(host);
  if (address === undefined) return undefined;
  const full = address.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? full : Number(bits) - (mapped ? 96 : 0);
  return length >= 0 && length <= full ? [address, length] : undefined;
}

/** Parses CIDR networks and single addresses; the error is the first text that is neither. */
export function parseNetworks(texts: readonly string[]): Result<NetworkList, string> {
  const networks: Network[] = [];
  for (const text of texts.slice(0, maxNetworks + 1)) {
    const network = parseNetwork(text.trim());
    if (network === undefined || networks.length === maxNetworks) return err(text);
    networks.push(network);
  }
  return ok({
    networks: networks.map(([address, bits]) => `${address.toString()}/${bits}`),
    contains(text) {
      if (networks.length === 0) return false;
      const address = parseIp(text);
      if (address === undefined) return false;
      return networks.some(([net, bits]) => net.kind() === address.kind() && address.match(net, bits));
    },
  });
}

export const noNetworks: NetworkList = { networks: [], contains: () => false };

/** An address in the form that logs and limits use: mapped IPv4 as IPv4, no zone. What is no address stays as it is. */
export const printAddress = (text: string): string => parseIp(text)?.toString() ?? text;

/**
 * Whom a limit per address counts: an IPv4 address, or an IPv6 /64, since one subscriber owns at least that much and could
 * otherwise be as many strangers as there are addresses in it.
 */
export function limitKey(text: string): string {
  const address = parseIp(text);
  if (address === undefined || address.kind() === 'ipv4') return address?.toString() ?? text;
  const parts = (address as ipaddr.IPv6).parts.slice(0, 4);
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`;
}
