/**
 * Says to the guest's agent what a container is: command, environment, user, folders, network. Pure.
 * The values of secrets go this way alone: over the agent's port, never in a file or on a command line.
 */
import {
  AppError,
  guestNetwork,
  type Container,
  type ImageConfig,
  type MachineSpec,
} from '../../shared/index.ts';
import type { GuestRecord } from '../agent/index.ts';
import { folderTag, hostNameOf, type FolderTransport } from '../qemu/index.ts';

/** The words that are executed: an entrypoint of one's own leaves the image's command out, as with `docker run`. */
export function commandOf(container: Container, image: ImageConfig): string[] {
  const entrypoint = container.entrypoint ?? image.entrypoint;
  const command = container.command ?? (container.entrypoint === null ? image.command : []);
  const words = [...entrypoint, ...command];
  if (words.length > 0 && words[0] !== '') return words;
  throw new AppError('no_command', 'This image names no command. Give one, like “sh”.', {
    details: { field: 'container.command' },
  });
}

/**
 * @param secrets values by the names of variables.
 * @param transports of the folders, in their order.
 * @returns the records as resources/guest/agent/config.c reads them.
 * @throws AppError `no_command`, `secret_missing`.
 */
export function containerRecords(
  spec: Pick<MachineSpec, 'name' | 'network'>,
  container: Container,
  image: ImageConfig,
  secrets: Readonly<Record<string, string>>,
  transports: readonly FolderTransport[] = [],
): GuestRecord[] {
  const missing = container.secrets.filter((name) => !Object.hasOwn(secrets, name));
  if (missing.length > 0) {
    throw new AppError(
      'secret_missing',
      `The value of ${missing.map((name) => `“${name}”`).join(', ')} is not known any more. Give it again in the machine’s settings.`,
      { details: { field: 'container.secrets', names: missing } },
    );
  }
  return [
    ...commandOf(container, image).map((word): GuestRecord => ['argument', word]),
    ...image.environment
      .filter((variable) => variable.includes('='))
      .map((variable): GuestRecord => ['variable', variable]),
    ...container.environment.map(({ name, value }): GuestRecord => [
      ...(['variable', `${name}=${value}`] as const),
    ]),
    ...container.secrets.map((name): GuestRecord => [
      ...(['variable', `${name}=${secrets[name] ?? ''}`] as const),
    ]),
    ['user', container.user ?? image.user],
    ['directory', container.workingDirectory ?? (image.workingDirectory || '/')],
    ['stop-signal', image.stopSignal],
    ['hostname', hostNameOf(spec.name)],
    ['storage', container.storage],
    ...container.folders.map(({ guestPath, readOnly }, index): GuestRecord => [
      'folder',
      [transports[index] ?? '9p', folderTag(index), readOnly ? 'ro' : 'rw', guestPath].join('\t'),
    ]),
    ...networkRecords(spec.network),
  ];
}

/** As QEMU's user-mode network has it; asking it by DHCP would cost the guest a second program and a wait. */
function networkRecords(network: MachineSpec['network']): GuestRecord[] {
  if (network === 'offline') return [];
  return [
    ['address', guestNetwork.address],
    ['mask', guestNetwork.mask],
    ['gateway', guestNetwork.gateway],
    ...(network === 'host-ports' ? [] : [['nameserver', guestNetwork.resolver] as const]),
  ];
}
