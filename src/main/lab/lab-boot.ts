/**
 * One boot of one variant: launched as a machine that nobody sees, watched until it is ready, ended at once.
 * Must never touch a person's disks, ports or machines, nor leave a process or a file behind.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import {
  AppError,
  bootedSpecOf,
  machineIdSchema,
  runIdSchema,
  type BootTimeline,
  type LabBoot,
  type LabCommand,
  type LabResult,
  type LabVariant,
  type MachineSpec,
  type RunEnd,
} from '../../shared/index.ts';
import { ConsoleHub } from '../console/index.ts';
import { careFor, launch, type Planner } from '../machines/index.ts';
import { buildArgv } from '../qemu/index.ts';

const failureLines = 20;
/** Beyond the boot's own deadline, which ends the wait by a timeline that says so. */
const spareMs = 30_000;

/** What a boot is made with. */
export interface LabBootOptions {
  readonly planner: Planner;
  /** What launch records name as their owner, so that no machine list takes a lab's run for a stray. */
  readonly owner: string;
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/** What came of it. */
export interface LabBootOutcome {
  readonly result: LabResult;
  /** Null where it did not come to a command. */
  readonly command: LabCommand | null;
}

/**
 * A variant as the lab boots it: disks are read, not written; no port of this computer is taken; nothing is kept.
 */
export function labSpecOf(variant: LabVariant): MachineSpec {
  const spec = bootedSpecOf(variant);
  const { container } = spec;
  return {
    ...spec,
    name: 'lab',
    portForwards: [],
    lifetimeMinutes: null,
    onReboot: 'stop',
    disks: spec.disks.map((disk) => ({ ...disk, readOnly: true })),
    container: container && {
      ...container,
      ...{ storage: 'memory', runOnce: false },
      folders: container.folders.map((folder) => ({ ...folder, readOnly: true })),
    },
  };
}

/**
 * @returns the result also of a boot that failed.
 * @throws AppError `cancelled` when the signal came first, `disk_full`: such a boot counts for nothing.
 */
export async function bootOnce(
  variant: LabVariant,
  at: LabBoot,
  options: LabBootOptions,
): Promise<LabBootOutcome> {
  const { planner, signal, onProblem, owner } = options;
  const spec = labSpecOf(variant);
  const ids = {
    machine: machineIdSchema.parse(randomUUID()),
    run: runIdSchema.parse(randomUUID()),
  };
  const hub = new ConsoleHub();
  const startedAtMs = Date.now();
  const resultOf = (boot: BootTimeline | null, message: string | null): LabResult => ({
    ...{ ...at, startedAtMs, boot },
    failure: message === null ? null : { message, log: hub.lastLines(failureLines) },
  });
  let command: LabCommand | null = null;
  let logDirectory: string | null = null;
  try {
    const secretsOf = variant.machineId ?? ids.machine;
    const planned = await planner.plan(ids.machine, ids.run, spec, { of: secretsOf });
    const plan = { ...planned.plan, yardstick: variant.board === 'q35' };
    logDirectory = plan.files.logDirectory;
    const { accelerator } = plan;
    command = { argv: buildArgv(plan), accelerator, qemuVersion: planned.qemuVersion };
    const watch = new BootEnd();
    const live = await launch({
      ...{ plan, signal, hub, onProblem, database: owner, machineId: ids.machine, runId: ids.run },
      ...{ fence: planned.fence, served: planned.served, qemuVersion: planned.qemuVersion },
      unpacksItself: planned.unpacksItself,
      records: planned.container?.records ?? null,
      listener: watch,
    });
    const endCare = careFor({ ...{ files: plan.files, hub, onProblem }, live: () => live });
    try {
      const deadlineMs = spec.readyDeadlineSeconds * 1000 + spareMs;
      const end = await watch.wait(deadlineMs, signal);
      return { command, result: resultOf(watch.boot, end) };
    } finally {
      await endCare();
      await live.kill();
    }
  } catch (error) {
    if (signal.aborted) throw new AppError('cancelled', 'The experiment was called off.');
    // A full disk is no variant's fault.
    if (!(error instanceof AppError) || error.code === 'disk_full') throw error;
    return { command, result: resultOf(null, error.message) };
  } finally {
    if (logDirectory !== null) {
      await rm(logDirectory, { recursive: true, force: true }).catch(onProblem);
    }
  }
}

/** Waits for the one of ready, deadline, end and call-off that comes first. */
class BootEnd {
  boot: BootTimeline | null = null;
  #settle: (message: string | null) => void = () => undefined;
  readonly #settled = new Promise<string | null>((resolve) => (this.#settle = resolve));

  /** @returns null for a boot that is ready, else why it failed. @throws AppError `cancelled`. */
  async wait(deadlineMs: number, signal: AbortSignal): Promise<string | null> {
    let callOff = (): void => undefined;
    const calledOff = new Promise<never>((_resolve, reject) => {
      callOff = () => reject(new AppError('cancelled', 'The experiment was called off.'));
    });
    signal.addEventListener('abort', callOff);
    if (signal.aborted) callOff();
    const timer = setTimeout(
      () => this.#settle('It neither became ready nor ended in time.'),
      deadlineMs,
    );
    try {
      return await Promise.race([this.#settled, calledOff]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', callOff);
    }
  }

  booted(boot: BootTimeline): void {
    this.boot = boot;
    if (boot.reached === 'ready') this.#settle(null);
    else if (boot.conditions.includes('deadline')) {
      this.#settle('The sign of readiness did not come in time.');
    }
  }

  ended(end: RunEnd): void {
    this.#settle(end.message);
  }

  moved(): void {
    // A lab's boot is never paused; a guest that suspends runs into its deadline.
  }

  folderLost(): void {
    // A container that lost a folder before it was ready will say so by its end.
  }

  unreachable(): void {
    this.#settle('QEMU’s monitor hung up.');
  }

  containerChanged(): void {
    // What the command does after its start is not part of the boot.
  }
}
