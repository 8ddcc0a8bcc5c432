/**
 * What passt is told on its command line, and what can be read off the command line of one that runs. Pure.
 * Must never ask passt for what another network preset does not let through: IPv4 alone, nothing but these ports.
 */
import { guestNetwork, type PortForward } from '../../shared/index.ts';
import { netdevId } from './forwards.ts';

/** Between the guest's device and what is behind it, so that this can be exchanged while the guest runs. */
export const passtHub = { id: 0, guestSide: 'guest0', passtSide: 'passt0' } as const;

/** What one passt is told. */
export interface PasstSetting {
  readonly forwards: readonly PortForward[];
  /** Where the guest's questions for names go; null where this computer has no resolver that IPv4 reaches. */
  readonly resolver: string | null;
  /** It keeps this file to a mebibyte by itself. The run's processes are known by its name. */
  readonly logPath: string;
}

/** Descriptor of the connection to QEMU. */
export const passtDescriptor = 3;
/** As libslirp's, whose places the guest finds here too. */
const gatewayMac = '52:55:0a:00:02:02';
const options = {
  log: '--log-file',
  tcp: '--tcp-ports',
  udp: '--udp-ports',
  resolver: '--dns-host',
};

/** The words after the program (passt(1)). */
export function passtArguments({ forwards, resolver, logPath }: PasstSetting): string[] {
  const { address, mask, gateway } = guestNetwork;
  return [
    ...['--foreground', '--ipv4-only', '--fd', String(passtDescriptor)],
    // It would take addresses from the interface with the default route, and not start where there is none. All
    // of that is said here, so it is pointed at the one that is always there; what is reached is up to the routes.
    ...['--interface', 'lo', '--address', address, '--netmask', mask, '--gateway', gateway],
    // Without the last it would offer the guest 65,520 bytes a packet, which only some guests take.
    ...['--mac-addr', gatewayMac, '--mtu', '1500'],
    ...(resolver === null
      ? ['--dns', 'none']
      : [
          ...['--dns', guestNetwork.resolver, '--dns-forward', guestNetwork.resolver],
          ...[options.resolver, resolver],
        ]),
    ...['--no-dhcp-search', options.log, logPath, '--log-size', '1048576'],
    ...forwards.flatMap(({ protocol, hostAddress, hostPort, guestPort }) => [
      ...[options[protocol], `${hostAddress}/${hostPort}:${guestPort}`],
    ]),
  ];
}

/**
 * What such words told; null for those of something else.
 * @param words as `/proc/PID/cmdline` has them, whatever wrapped the program.
 */
export function readPasstArguments(words: readonly string[]): PasstSetting | null {
  const after = (option: string): string | undefined => words[words.indexOf(option) + 1];
  const logPath = words.includes(options.log) ? after(options.log) : undefined;
  if (logPath === undefined || !words.includes('--ipv4-only')) return null;
  const forwards = words.flatMap((word, index): PortForward[] => {
    if (word !== options.tcp && word !== options.udp) return [];
    const found = /^([\d.]+)\/(\d+):(\d+)$/.exec(words[index + 1] ?? '');
    if (found === null) return [];
    const [, hostAddress = '', hostPort, guestPort] = found;
    const protocol = word === options.tcp ? 'tcp' : 'udp';
    return [{ protocol, hostAddress, hostPort: Number(hostPort), guestPort: Number(guestPort) }];
  });
  const resolver = words.includes(options.resolver) ? (after(options.resolver) ?? null) : null;
  return { forwards, resolver, logPath };
}

/**
 * The index of the first forward that passt cannot have beside one before it, or -1: it keeps where a port leads
 * by the port's number alone, whatever the address.
 */
export function secondOfPort(forwards: readonly PortForward[]): number {
  return forwards.findIndex((one, at) =>
    forwards
      .slice(0, at)
      .some((each) => each.protocol === one.protocol && each.hostPort === one.hostPort),
  );
}

/** The value of `-netdev` for the connection; QEMU is the one that connects. */
export function passtNetdev(socketPath: string): string {
  // QEMU doubles commas (qemu(1), "keyval").
  const path = socketPath.replaceAll(',', ',,');
  return `stream,id=${netdevId},server=off,addr.type=unix,addr.path=${path}`;
}

/** Whether a command was started with passt as its network. */
export function startedWithPasst(argv: readonly string[]): boolean {
  return argv.some((word) => word.startsWith(`stream,id=${netdevId},`));
}

/** The first resolver that IPv4 reaches (resolv.conf(5)). */
export function firstResolver(resolvConf: string): string | null {
  return /^[ \t]*nameserver[ \t]+(\d+\.\d+\.\d+\.\d+)[ \t]*$/m.exec(resolvConf)?.[1] ?? null;
}

const needs = ['--fd', '--map-host-loopback', '--dns-host', '--dns-forward', '--no-dhcp-search'];

/**
 * Why a passt is not used, by its help; null where it may be. One of 2023 (Debian 12's) forgets frames for which the
 * socket to QEMU has no room and sends them again only seconds later: an emulated guest, which takes them slowly, got
 * 0.01 to 0.1 MB/s through it, and 20 through one of May 2025. That was mended before `--map-host-loopback` came.
 */
export function whyTooOld(help: string): string | null {
  const missing = needs.filter((option) => !help.includes(option));
  if (missing.length === 0) return null;
  return missing.includes('--fd')
    ? 'It does not answer as a passt does.'
    : 'It is too old: what a slow guest downloads comes to a stand with it. One of 2025 or later would do.';
}
