/**
 * Port forwards as QEMU's user-mode network and its monitor write them.
 * Pure: it opens no port and knows of none that is open.
 */
import { guestNetwork, portKey, type MachineSpec, type PortForward } from '../../shared/index.ts';
import { fenceNetwork } from './addresses.ts';

/** The `id=` of the machine's network. */
export const netdevId = 'net0';

/** What lies between a port of this computer and QEMU in its fence. */
export interface FencedForward {
  readonly forward: PortForward;
  /** The port at {@link fenceNetwork}.inside where QEMU listens for it. */
  readonly innerPort: number;
}

/** The forwards that a machine has when it runs: without a network there are none. */
export function effectiveForwards(
  spec: Pick<MachineSpec, 'network' | 'portForwards'>,
): PortForward[] {
  return spec.network === 'offline' ? [] : spec.portForwards;
}

/** As `hostfwd=` and `hostfwd_add` take it (qemu(1), "-netdev user"): `tcp:127.0.0.1:8080-:80`. */
export function forwardRule({ protocol, hostAddress, hostPort, guestPort }: PortForward): string {
  return `${protocol}:${hostAddress}:${hostPort}-:${guestPort}`;
}

/** As `hostfwd_remove` takes it. */
export function forwardPlace({ protocol, hostAddress, hostPort }: PortForward): string {
  return `${protocol}:${hostAddress}:${hostPort}`;
}

/** The part of a fenced forward that QEMU does. */
export function innerForward({ forward, innerPort }: FencedForward): PortForward {
  return { ...forward, hostAddress: fenceNetwork.inside, hostPort: innerPort };
}

/** QEMU has no privilege in its fence, so that low ports are not its own; and two addresses may share a port. */
const firstInnerPort = 20_000;

/** Gives each its own port inside, after those that are in use. */
export function fenced(
  forwards: readonly PortForward[],
  taken: readonly FencedForward[] = [],
): FencedForward[] {
  const used = new Set(taken.map(({ innerPort }) => innerPort));
  let next = firstInnerPort;
  return forwards.map((forward) => {
    while (used.has(next)) next += 1;
    used.add(next);
    return { forward, innerPort: next };
  });
}

/** The value of `-netdev` for a machine with a network device. */
export function netdevValue({ network, portForwards }: MachineSpec): string {
  const rules =
    network === 'internet'
      ? fenced(portForwards).map((each) => forwardRule(innerForward(each)))
      : portForwards.map(forwardRule);
  return [
    `user,id=${netdevId}`,
    // The gateway answers nothing but what comes in by a forwarded port.
    ...(network === 'host-ports' ? ['restrict=on'] : []),
    // The fence lets no IPv6 out, so a guest that tried it first would only wait; slirp as it is would take it to
    // this computer's loopback as fec0::2. What a preset lets through is said in IPv4 alone.
    'ipv6=off',
    ...rules.map((rule) => `hostfwd=${rule}`),
  ].join(',');
}

/** Two that cannot both be open, because one's address is the other's or all. */
export function collide(a: PortForward, b: PortForward): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false;
  const addresses = [a.hostAddress, b.hostAddress];
  return a.hostAddress === b.hostAddress || addresses.includes('0.0.0.0');
}

/** The index of the first that collides with one before it, or -1: equal ones the definition's shape forbids. */
export function secondOfTwins(forwards: readonly PortForward[]): number {
  return forwards.findIndex((one, at) => forwards.slice(0, at).some((each) => collide(one, each)));
}

export function sameForward(a: PortForward, b: PortForward): boolean {
  return portKey(a) === portKey(b) && a.guestPort === b.guestPort;
}

/** The forwards of `list` that `other` does not have. */
export function without(
  list: readonly PortForward[],
  other: readonly PortForward[],
): PortForward[] {
  return list.filter((one) => !other.some((each) => sameForward(one, each)));
}

/** What is open, in the order of what is wanted where both have it. */
export function inOrderOf(
  open: readonly PortForward[],
  wanted: readonly PortForward[],
): PortForward[] {
  return [
    ...wanted.filter((one) => open.some((each) => sameForward(one, each))),
    ...without(open, wanted),
  ];
}

/**
 * The forwards in `info usernet` (libslirp's slirp_connection_info): lines like
 * `TCP[HOST_FORWARD]  13  127.0.0.1  8080  10.0.2.15  80  0  0`, where `*` is every address.
 */
export function parseUsernet(text: string): PortForward[] {
  const line = /^\s*(TCP|UDP)\[HOST_FORWARD\]\s+\d+\s+(\S+)\s+(\d+)\s+(\S+)\s+(\d+)/gm;
  return [...text.matchAll(line)]
    .filter(([, , , , guest]) => guest === guestNetwork.address)
    .map(([, protocol, address = '', hostPort, , guestPort]) => ({
      protocol: protocol === 'TCP' ? ('tcp' as const) : ('udp' as const),
      hostAddress: address === '*' ? '0.0.0.0' : address,
      hostPort: Number(hostPort),
      guestPort: Number(guestPort),
    }));
}
