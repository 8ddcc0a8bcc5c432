/**
 * Owns where things lie in a fence's own network, and which addresses are never “the outside”.
 * Must never ask the network anything: what it judges by is given to it.
 */
import type { NetworkInterfaceInfo } from 'node:os';

/** The network between QEMU in its fence and slirp4netns outside (slirp4netns(1), `--cidr`). */
export const fenceNetwork = {
  cidr: '10.0.3.0/24',
  /** Where slirp4netns puts the fence's own end, tap0. */
  inside: '10.0.3.100',
  /** slirp4netns itself; whatever comes in through a forwarded port from this computer comes from here. */
  gateway: '10.0.3.2',
  /** Leads to this computer's resolver. */
  resolver: '10.0.3.3',
} as const;

/**
 * Addresses that somebody near may have, and all that is no unicast. Not the whole of IANA's IPv4 special-purpose
 * registry: the ranges for documentation (192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24) and the relay anycast of
 * 6to4 (192.88.99.0/24) are no network of anybody's and lead to the gateway like any public address. Tests have
 * their stand-in for the internet there.
 */
export const neverOutside = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

/**
 * The IPv4 networks that this computer is in, as `203.0.113.0/24`: a neighbour with a public address is still a
 * neighbour, and this computer's own public address is still this computer.
 * @param interfaces as `os.networkInterfaces()` gives them.
 */
export function networksAround(
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>,
): string[] {
  const found = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address, netmask }) => networkOf(address, netmask));
  return [...new Set(found)].sort();
}

function networkOf(address: string, netmask: string): string {
  const mask = toNumber(netmask);
  const network = (toNumber(address) & mask) >>> 0;
  const prefix = mask.toString(2).replaceAll('0', '').length;
  const bytes = [24, 16, 8, 0].map((shift) => (network >>> shift) & 0xff);
  return `${bytes.join('.')}/${prefix}`;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0) >>> 0;
}
