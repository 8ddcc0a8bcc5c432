/**
 * A machine as one file that people exchange: written as JSON or YAML, read back as hostile input.
 * Never holds secrets, nor paths of this computer unless that was asked for.
 */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { AppError, limits, machineSpecSchema, type MachineSpec } from '../../shared/index.ts';
import { upgradeSpec } from '../store/index.ts';

export const machineFileFormat = 'nandu-machine';
export const machineFileVersion = 1;
/** A definition is a few KiB; its notes and disks cannot make it larger than this. */
export const maxMachineFileBytes = 1024 * 1024;

const envelopeSchema = z.looseObject({
  format: z.literal(machineFileFormat),
  version: z.int().positive(),
});
const fileSchema = z.strictObject({
  format: z.literal(machineFileFormat),
  version: z.literal(machineFileVersion),
  machine: z.record(z.string(), z.unknown()),
});

/** Writes a definition; without `includePaths` files go by their names alone. */
export async function writeMachineFile(
  spec: MachineSpec,
  format: 'json' | 'yaml',
  includePaths: boolean,
): Promise<string> {
  const machine = includePaths ? spec : mapPaths({ ...spec, qemuPath: null }, basename);
  const content = { format: machineFileFormat, version: machineFileVersion, machine };
  if (format === 'json') return `${JSON.stringify(content, null, 2)}\n`;
  const { stringify } = await readYaml();
  return `# A machine of Nandu. File names without a folder are looked for beside this file.\n${stringify(content)}`;
}

/**
 * @param text JSON or YAML.
 * @param path of the file, for messages and to find files that go by their names alone.
 * @throws AppError `format_newer`, or `invalid_input` that names the field.
 */
export async function readMachineFile(text: string, path: string): Promise<MachineSpec> {
  const content = await parseText(text, path);
  const envelope = envelopeSchema.safeParse(content);
  if (!envelope.success) {
    throw new AppError(
      'invalid_input',
      `“${path}” is not a machine of Nandu: it should begin with “format: ${machineFileFormat}” and a version.`,
      { details: { path } },
    );
  }
  if (envelope.data.version > machineFileVersion) {
    throw new AppError(
      'format_newer',
      `“${path}” was written by a newer Nandu (format ${envelope.data.version}; this one reads up to ${machineFileVersion}). Update Nandu to import it.`,
      { details: { path, version: envelope.data.version } },
    );
  }
  const file = fileSchema.safeParse(content);
  if (!file.success) throw refused(path, file.error);
  const folder = dirname(path);
  const resolved = mapPaths(upgradeSpec(file.data.machine) as Record<string, unknown>, (name) =>
    isAbsolute(name) ? name : join(folder, basename(name)),
  );
  const spec = machineSpecSchema.safeParse(resolved);
  if (!spec.success) throw refused(path, spec.error);
  return spec.data;
}

/** @returns `name`, or `name 2`, `name 3`, … that is not taken, cut to what a name may be long. */
export function freeName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    const suffix = ` ${number}`;
    const candidate = `${name.slice(0, limits.nameLength - suffix.length).trimEnd()}${suffix}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** A fifth of all that main has; few ever need it, and it would be read before the window can be used. */
function readYaml(): Promise<typeof import('yaml')> {
  return import('yaml');
}

async function parseText(text: string, path: string): Promise<unknown> {
  const { parse } = await readYaml();
  try {
    // JSON is YAML; no aliases, so that a small file cannot unfold to a huge one.
    return parse(text, { maxAliasCount: 0, strict: true, uniqueKeys: true });
  } catch (error) {
    throw new AppError(
      'invalid_input',
      `“${path}” is neither JSON nor YAML: ${(error as Error).message.split('\n')[0]}`,
      { cause: error, details: { path } },
    );
  }
}

function refused(path: string, error: z.ZodError): AppError {
  const issue = error.issues[0];
  const field = issue?.path.filter((key) => key !== 'machine').join('.') ?? '';
  return new AppError(
    'invalid_input',
    `“${path}” cannot be imported${field === '' ? '' : `: “${field}”`}: ${issue?.message ?? 'it is not as it should be.'}`,
    { details: { path, field } },
  );
}

/** The definition with every path of a file changed; what has another shape is left for the schema to refuse. */
function mapPaths<T extends Record<string, unknown>>(spec: T, change: (path: string) => string): T {
  const changed = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && 'path' in value && typeof value.path === 'string'
      ? { ...value, path: change(value.path) }
      : value;
  return {
    ...spec,
    kernel: changed(spec['kernel']),
    initrd: changed(spec['initrd']),
    firmware: changed(spec['firmware']),
    disks: Array.isArray(spec['disks']) ? spec['disks'].map(changed) : spec['disks'],
    container: mapContainerPaths(spec['container'], change),
  };
}

/** The folders that it shares, and the archive that its image came from. */
function mapContainerPaths(container: unknown, change: (path: string) => string): unknown {
  if (typeof container !== 'object' || container === null) return container;
  const { folders, image } = container as Record<string, unknown>;
  const folder = (value: unknown): unknown =>
    typeof value === 'object' &&
    value !== null &&
    'hostPath' in value &&
    typeof value.hostPath === 'string'
      ? { ...value, hostPath: change(value.hostPath) }
      : value;
  return {
    ...container,
    ...(Array.isArray(folders) ? { folders: folders.map(folder) } : {}),
    ...(typeof image === 'string'
      ? { image: image.replace(/^((?:docker|oci)-archive:|oci:)(.+)$/, archivePath) }
      : {}),
  };

  function archivePath(_whole: string, transport: string, path: string): string {
    return transport + change(path);
  }
}
