/**
 * Decides what a container's machine is started with: the image's root, its kept disk, its folders, and what the
 * agent is to be told. Reads only; the disk is made when the machine is launched.
 */
import { join } from 'node:path';
import {
  AppError,
  type Container,
  type ImageConfig,
  type MachineId,
  type MachineSpec,
} from '../../shared/index.ts';
import type { GuestRecord } from '../agent/index.ts';
import type { Paths } from '../host/index.ts';
import {
  transportOf,
  type ContainerDevices,
  type FolderTransport,
  type SharedFolder,
} from '../qemu/index.ts';
import { containerRecords } from './container-config.ts';

/** Where images and secrets come from. */
export interface ContainerSource {
  /** The image by its manifest's digest; null when it is not there. */
  find(digest: string): Promise<{ readonly rootPath: string; readonly config: ImageConfig } | null>;
  /** Values by the names of variables. */
  secretsOf(machineId: MachineId): Readonly<Record<string, string>>;
}

/** For services that run no containers. */
export const noContainers: ContainerSource = {
  find: () => Promise.resolve(null),
  secretsOf: () => ({}),
};

/** Whether the agent is told secrets, and whose where those are not the machine's own. */
export type SecretsWanted = 'with-secrets' | 'without-secrets' | { readonly of: MachineId };

/** What a container's machine is started with. */
export interface PlannedContainer {
  readonly devices: ContainerDevices;
  /** For the agent; with the values of secrets, so it is never stored. */
  readonly records: readonly GuestRecord[];
}

/** The image was removed, or the definition comes from another computer. */
export function imageMissing({ image, digest }: Pick<Container, 'image' | 'digest'>): AppError {
  return new AppError(
    'image_missing',
    `The image “${image.replace(/^docker:\/\//, '')}” is not on this computer. Pull it again under “Images”, then start.`,
    { details: { field: 'container', image, digest } },
  );
}

/** Where a machine's kept disk is, whether it has one or not. */
export function keptDiskPath(paths: Pick<Paths, 'machineDisks'>, machineId: MachineId): string {
  return join(paths.machineDisks, `${machineId}.ext4`);
}

/** Decides how each folder is shared, in their order. */
export type FolderSharing = (
  container: Container,
  image: ImageConfig,
) => Promise<readonly SharedFolder[]>;

/** As a run has them that was started with that: for what its agent is told. */
export function sharedAs(transport: (index: number) => FolderTransport): FolderSharing {
  return ({ folders }) =>
    Promise.resolve(
      folders.map(({ hostPath, readOnly }, index) => ({
        ...{ hostPath, readOnly, socketPath: transport(index) === 'virtiofs' ? '' : null },
      })),
    );
}

/**
 * @param secrets whether the agent's records have them; what is shown and copied goes without.
 * @returns null for a machine that runs no container.
 * @throws AppError `image_missing`, `no_command`, `secret_missing`.
 */
export async function planContainer(
  machineId: MachineId,
  spec: MachineSpec,
  source: ContainerSource,
  paths: Pick<Paths, 'machineDisks'>,
  secrets: SecretsWanted,
  share: FolderSharing,
): Promise<PlannedContainer | null> {
  const { container } = spec;
  if (container === null) return null;
  const image = await source.find(container.digest);
  if (image === null) throw imageMissing(container);
  const { config } = image;
  const folders = await share(container, config);
  const transports = folders.map(transportOf);
  const owner = typeof secrets === 'object' ? secrets.of : machineId;
  return {
    devices: {
      ...{ rootPath: image.rootPath, folders },
      keptDiskPath: container.storage === 'disk' ? keptDiskPath(paths, machineId) : null,
    },
    records:
      secrets === 'without-secrets'
        ? containerRecords(spec, { ...container, secrets: [] }, config, {}, transports)
        : containerRecords(spec, container, config, source.secretsOf(owner), transports),
  };
}
