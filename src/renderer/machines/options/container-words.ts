/**
 * A container machine in words: its command, its storage, what crosses the boundary to this computer.
 * Pure.
 */
import {
  joinWords,
  networks,
  type Container,
  type ImageConfig,
  type MachineSpec,
  type MachineView,
  type PortForward,
  type RunEnd,
} from '../../../shared/index.ts';
import { formatMemory } from '../../format/index.ts';
import type { Choice } from './option-values.ts';

export const storages: readonly Choice<Container['storage']>[] = [
  { value: 'memory', title: 'Disposable', hint: 'In memory; gone when the machine stops.' },
  { value: 'disk', title: 'Kept', hint: 'On a disk of its own, which stays for the next run.' },
];

/** Where what is written goes. */
export function storageTitle({ storage, diskMiB }: Container): string {
  return storage === 'memory'
    ? 'Disposable, in memory'
    : `Kept on a disk of up to ${formatMemory(diskMiB)}`;
}

/** The words that are run: those of the definition, else the image's; null while these are not known. */
export function commandOf(container: Container, config: ImageConfig | null): string[] | null {
  const { entrypoint, command } = container;
  if (entrypoint === null && config === null) return null;
  const before = entrypoint ?? config?.entrypoint ?? [];
  // As engines do: an entrypoint of one's own leaves the image's command out.
  const after = command ?? (entrypoint === null ? (config?.command ?? []) : []);
  return [...before, ...after];
}

/** The same as a line that a shell would read back. */
export function commandLine(container: Container, config: ImageConfig | null): string {
  const words = commandOf(container, config);
  if (words !== null) return words.length === 0 ? 'None' : joinWords(words);
  return container.command === null ? 'The image’s own' : joinWords(container.command);
}

/** Ports that the image says it listens on and that nothing leads to yet, each with a port to take for it. */
export function suggestedForwards(
  exposed: readonly string[],
  existing: readonly PortForward[],
): { text: string; forward: PortForward }[] {
  return exposed.slice(0, 8).flatMap((text) => {
    const match = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(text);
    const guestPort = Number(match?.[1]);
    if (!match || guestPort < 1 || guestPort > 65_535) return [];
    const protocol = match[2] === 'udp' ? 'udp' : 'tcp';
    const led = existing.some(
      (forward) => forward.protocol === protocol && forward.guestPort === guestPort,
    );
    if (led) return [];
    const taken = existing.map((forward) => forward.hostPort);
    // Ports below 1024 are root's: 80 becomes 8080, 443 becomes 8443.
    let hostPort = guestPort < 1024 ? guestPort + 8000 : guestPort;
    while (taken.includes(hostPort) && hostPort < 65_535) hostPort += 1;
    return [{ text, forward: { protocol, hostAddress: '127.0.0.1', hostPort, guestPort } }];
  });
}

/** `127.0.0.1:8080`, to be copied; an address for all is reached as this computer's own. */
export function forwardAddress({ hostAddress, hostPort }: PortForward): string {
  return `${hostAddress === '0.0.0.0' ? '127.0.0.1' : hostAddress}:${hostPort}`;
}

/** Whether whoever reaches this computer reaches the port. */
export function isOpenToOthers({ hostAddress }: PortForward): boolean {
  return !hostAddress.startsWith('127.');
}

/** Who answers the guest's questions for names. */
export function resolverText(network: MachineSpec['network']): string {
  return network === 'internet' || network === 'full'
    ? '10.0.2.3, which asks this computer’s resolver'
    : 'None';
}

/** The network preset and what it means. */
export function networkText(network: MachineSpec['network']): { title: string; summary: string } {
  return networks[network];
}

/** The devices that the guest finds, in words; each is a way across. */
export function devicesOf({ devices, disks, network, container, ...spec }: MachineSpec): string[] {
  const count = disks.length + (container === null ? 0 : container.storage === 'disk' ? 2 : 1);
  return [
    spec.console === 'serial' ? 'serial console' : 'virtio console',
    devices.agent ? 'agent' : '',
    count === 0 ? '' : count === 1 ? '1 disk' : `${count} disks`,
    network === 'offline' ? '' : 'network',
    container !== null && container.folders.length > 0 ? 'folders' : '',
    devices.rng ? 'random numbers' : '',
    devices.balloon ? 'memory balloon' : '',
    devices.pvpanic ? 'panic notice' : '',
    devices.vsockCid === null ? '' : `vsock (CID ${devices.vsockCid})`,
  ].filter(Boolean);
}

/** What serves the guest's network now, where that makes a difference; else null. */
export function servedBy({ servedByPasst }: Pick<MachineView, 'servedByPasst'>): string | null {
  return servedByPasst
    ? 'Served by passt: to add or remove a port ends the guest’s connections.'
    : null;
}

/** How a folder reaches the guest that runs now; null where none runs, or the folder is not what it was started with. */
export function sharedBy(
  { state, run, pendingChanges }: Pick<MachineView, 'state' | 'run' | 'pendingChanges'>,
  index: number,
): 'virtiofs' | '9p' | null {
  if (state === 'stopped' || state === 'crashed' || run === null) return null;
  if (pendingChanges.some((path) => path.startsWith('container.folders'))) return null;
  const has = (start: string): boolean => run.argv.some((word) => word.startsWith(start));
  if (has(`vhost-user-fs-device,chardev=folder${index},`)) return 'virtiofs';
  return has(`virtio-9p-device,fsdev=folder${index},`) ? '9p' : null;
}

/** What an exit code means, in a few words; null where no command ended. */
export function exitCodeText({ exitCode, outOfMemory }: Partial<RunEnd>): string | null {
  if (exitCode === undefined) return null;
  if (outOfMemory) return `Exit ${exitCode}: the guest ran out of memory`;
  if (exitCode === 0) return 'Exit 0: it ended well';
  if (exitCode === 126) return 'Exit 126: the command could not be executed';
  if (exitCode === 127) return 'Exit 127: the command was not found';
  const signal = signals[exitCode - 128];
  if (signal !== undefined) return `Exit ${exitCode}: ended by ${signal}`;
  return `Exit ${exitCode}: it ended with an error`;
}

const signals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  15: 'SIGTERM',
};
