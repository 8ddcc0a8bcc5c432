/**
 * The kept disk of a machine that keeps nothing any more: where it is, and its end when a person wants that.
 * Never touches a disk that a definition or a process could still want.
 */
import { rm, stat } from 'node:fs/promises';
import { AppError, type LeftDisk, type MachineId, type MachineView } from '../../shared/index.ts';
import type { Paths } from '../host/index.ts';
import { keptDiskPath } from './container-plan.ts';

/** Kept disks that nothing uses. */
export class LeftDisks {
  readonly #paths: Pick<Paths, 'machineDisks'>;
  readonly #find: (id: MachineId) => MachineView;

  /** @param find as {@link MachineManager.get}. */
  constructor(paths: Pick<Paths, 'machineDisks'>, find: (id: MachineId) => MachineView) {
    this.#paths = paths;
    this.#find = find;
  }

  /** @returns null where there is none, or the definition has it. @throws AppError `not_found`. */
  async of(id: MachineId): Promise<LeftDisk | null> {
    if (isWanted(this.#find(id))) return null;
    const path = keptDiskPath(this.#paths, id);
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    // It is sparse: what it takes up says more than how large it could have become.
    return found && { path, bytes: found.blocks * 512 };
  }

  /** @throws AppError `not_found`; `illegal_state` where the definition has it, or a process may. */
  async remove(id: MachineId): Promise<void> {
    const view = this.#find(id);
    const { state, spec } = view;
    if (isWanted(view)) {
      throw new AppError('illegal_state', `“${spec.name}” keeps what is written on that disk.`);
    }
    // The run may have begun while the definition still had it.
    if (state !== 'stopped' && state !== 'crashed') {
      throw new AppError('illegal_state', `Stop “${spec.name}” first: it may still have the disk.`);
    }
    await rm(keptDiskPath(this.#paths, id), { force: true });
  }
}

function isWanted({ spec }: MachineView): boolean {
  return spec.container?.storage === 'disk';
}
