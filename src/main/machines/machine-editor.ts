/**
 * Creates and changes definitions: in the database first, then in the machine, then in its process where
 * that can be. A change that is refused changes nothing anywhere.
 */
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import {
  AppError,
  differingPaths,
  machineIdSchema,
  type JournalKind,
  type MachineSpec,
} from '../../shared/index.ts';
import type { MachineRepository } from '../store/index.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { Definition, Machine } from './machine.ts';
import {
  freeName,
  maxMachineFileBytes,
  readMachineFile,
  writeMachineFile,
} from './machine-file.ts';
import type { PortKeeper } from './port-keeper.ts';
import { checkSpec } from './spec-check.ts';

/** What the editor needs of the machines' keeper. */
export interface EditorHost {
  readonly machines: MachineRepository;
  readonly host: HostEnvironment;
  readonly ports: PortKeeper;
  /** Makes a stored definition a machine. */
  add(definition: Definition): Machine;
  names(): Iterable<string>;
  note(machine: Machine, kind: JournalKind, message: string): void;
}

/** Changes definitions. */
export class MachineEditor {
  readonly #host: EditorHost;

  constructor(host: EditorHost) {
    this.#host = host;
  }

  /** @throws AppError `name_taken`, or what {@link checkSpec} found; then nothing was created. */
  async create(
    spec: MachineSpec,
    kind: JournalKind = 'created',
    message = 'Created.',
  ): Promise<Machine> {
    await checkSpec(spec, await this.#host.host.status());
    const definition: Definition = {
      id: machineIdSchema.parse(randomUUID()),
      ...{ spec, previousSpec: null, createdAtMs: Date.now() },
    };
    this.#host.machines.create(definition);
    const machine = this.#host.add(definition);
    this.#host.note(machine, kind, message);
    return machine;
  }

  /**
   * @throws AppError `name_taken`, what {@link checkSpec} found, what {@link PortKeeper.apply} found, or
   *   `qmp_failed` when the limits of a running disk could not be set; then nothing was changed.
   */
  async update(machine: Machine, spec: MachineSpec): Promise<void> {
    await this.#redefine(machine, spec, 'edited');
  }

  /** Swaps the definition with the one before the last edit. @throws AppError as {@link update}. */
  async undo(machine: Machine): Promise<void> {
    const { previousSpec } = machine;
    if (previousSpec === null) {
      throw new AppError('illegal_state', 'There is no edit to take back.');
    }
    await this.#redefine(machine, previousSpec, 'edit-undone');
  }

  /** A machine like this one. Its writable disks are left out: two machines on one image damage it. */
  async clone(machine: Machine): Promise<Machine> {
    const { spec } = machine;
    const disks = spec.disks.filter((disk) => disk.readOnly);
    const left = spec.disks.length - disks.length;
    const copy = {
      ...spec,
      disks,
      name: this.freeName(`${spec.name.replace(/ copy( \d+)?$/, '')} copy`),
    };
    return this.create(
      copy,
      'cloned',
      `Made like “${spec.name}”${left === 0 ? '' : `, without its ${left} writable disk${left === 1 ? '' : 's'}`}.`,
    );
  }

  /** The file that {@link importFrom} reads. */
  export(machine: Machine, format: 'json' | 'yaml', includePaths: boolean): Promise<string> {
    return writeMachineFile(machine.spec, format, includePaths);
  }

  /** @throws AppError `file_missing`, `file_unreadable`, `format_newer`, `invalid_input`, or as {@link create}. */
  async importFrom(path: string): Promise<Machine> {
    const spec = await readMachineFile(await readSmallFile(path), path);
    const name = this.freeName(spec.name);
    return this.create({ ...spec, name }, 'imported', `Imported from “${path}”.`);
  }

  /** A name that no machine has, as much like the given one as can be. */
  freeName(name: string): string {
    const key = (text: string): string => text.normalize('NFC').toLocaleLowerCase('und');
    const taken = new Set([...this.#host.names()].map(key));
    return freeName(name.slice(0, 64).trimEnd(), (candidate) => taken.has(key(candidate)));
  }

  async #redefine(
    machine: Machine,
    spec: MachineSpec,
    kind: 'edited' | 'edit-undone',
  ): Promise<void> {
    const before = machine.spec;
    const changed = differingPaths(before, spec);
    if (changed.length === 0) return;
    await checkSpec(spec, await this.#host.host.status());
    const undoPorts = await this.#host.ports.apply(machine, spec);
    let applied: boolean;
    try {
      applied = await applyLimits(machine, spec);
      this.#host.machines.updateSpec(machine.id, spec, Date.now());
    } catch (error) {
      await undoPorts?.().catch(() => undefined); // why it was refused says more
      throw error;
    }
    machine.redefine(spec, before);
    if (undoPorts !== null) {
      this.#host.note(machine, 'ports-changed', 'Its forwarded ports are changed at once.');
    }
    if (applied) {
      this.#host.note(machine, 'limits-changed', 'The limits of its disks are in force at once.');
    }
    const what = changed.slice(0, 8).join(', ') + (changed.length > 8 ? ', …' : '');
    this.#host.note(
      ...([machine, kind] as const),
      kind === 'edited' ? `Changed: ${what}.` : `Took back the last change: ${what}.`,
    );
  }
}

/**
 * Sets the limits of those disks that the running process has; they keep the index that they were started with.
 * @returns whether any changed.
 */
async function applyLimits(machine: Machine, spec: MachineSpec): Promise<boolean> {
  const { live, runSpec } = machine;
  if (live === null || !live.reachable || runSpec === null) return false;
  let applied = false;
  for (const [index, running] of runSpec.disks.entries()) {
    const wanted = spec.disks.find(({ path }) => path === running.path)?.limits;
    if (wanted === undefined || differingPaths(running.limits, wanted).length === 0) continue;
    await live.setDiskLimits(index, wanted);
    machine.limitsApplied(index, wanted);
    applied = true;
  }
  return applied;
}

async function readSmallFile(path: string): Promise<string> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new AppError(
      code === 'ENOENT' ? 'file_missing' : 'file_unreadable',
      code === 'ENOENT' ? `There is no file “${path}”.` : `“${path}” cannot be read (${code}).`,
      { cause: error, details: { path } },
    );
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > maxMachineFileBytes) {
      throw new AppError(
        'file_unreadable',
        `“${path}” is ${stats.isFile() ? 'too large to be' : 'not'} a machine’s file.`,
        { details: { path } },
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
