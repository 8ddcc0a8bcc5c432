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
  type LabBoot,
  type LabCommand,
  type LabResult,
  type LabVariant,
  type MachineSpec,
} from '../../shared/index.ts';
import { ConsoleHub, readLog } from '../console/index.ts';
import type { RunFiles } from '../host/index.ts';
import { careFor, launch, type Planner } from '../machines/index.ts';
import { buildArgv } from '../qemu/index.ts';
import { BootEnd } from './boot-end.ts';
import { assertSameCommand, ExperimentChanged } from './changes.ts';
import type { FileDigests } from './file-digests.ts';
import { writeMark } from './lab-mark.ts';
import { makeScratchDisks } from './scratch-disks.ts';

const failureLines = 20;
/** Beyond the boot's own deadline, which ends the wait by a timeline that says so. */
const spareMs = 30_000;

/** What a boot is made with. */
export interface LabBootOptions {
  readonly planner: Planner;
  readonly digests: FileDigests;
  /** What launch records name as their owner, so that no machine list takes a lab's run for a stray. */
  readonly owner: string;
  /** What the variant came down to in the boots that count already; null before the first. */
  readonly before: LabCommand | null;
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
 * A variant as the lab boots it: images are read, not written; no port of this computer is taken; nothing is kept.
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
 * @throws AppError `cancelled` when the signal came first, `disk_full`, {@link ExperimentChanged}: such a boot
 *   counts for nothing.
 */
export async function bootOnce(
  variant: LabVariant,
  at: LabBoot,
  options: LabBootOptions,
): Promise<LabBootOutcome> {
  const { planner, signal, onProblem, owner, before } = options;
  const spec = labSpecOf(variant);
  const ids = {
    machine: machineIdSchema.parse(randomUUID()),
    run: runIdSchema.parse(randomUUID()),
  };
  const hub = new ConsoleHub();
  const watch = new BootEnd();
  const startedAtMs = Date.now();
  let command: LabCommand | null = null;
  let files: RunFiles | null = null;
  const outcomeOf = async (message: string | null): Promise<LabBootOutcome> => {
    const failure =
      message === null ? null : { message, ...(await lastWords(hub, files, onProblem)) };
    return { command, result: { ...at, startedAtMs, boot: watch.boot, failure } };
  };
  try {
    const secretsOf = variant.machineId ?? ids.machine;
    const planned = await planner.plan(ids.machine, ids.run, spec, { of: secretsOf });
    files = planned.plan.files;
    const disks = await makeScratchDisks(bootedSpecOf(variant).disks, files.logDirectory);
    const yardstick = variant.board === 'q35';
    const plan = { ...planned.plan, spec: { ...planned.plan.spec, disks }, yardstick };
    command = await commandOf({ ...planned, plan }, options.digests);
    if (before !== null) assertSameCommand(variant.name, before, command);
    await writeMark(files, { owner, argv: command.argv });
    const live = await launch({
      ...{ plan, signal, hub, onProblem, database: owner, machineId: ids.machine, runId: ids.run },
      ...{ fence: planned.fence, served: planned.served, qemuVersion: planned.qemuVersion },
      records: planned.container?.records ?? null,
      listener: watch,
    });
    const endCare = careFor({ ...{ files, hub, onProblem }, live: () => live });
    try {
      return await outcomeOf(await watch.wait(spec.readyDeadlineSeconds * 1000 + spareMs, signal));
    } finally {
      await endCare();
      await live.kill();
    }
  } catch (error) {
    if (signal.aborted) throw new AppError('cancelled', 'The experiment was called off.');
    if (!(error instanceof AppError) || isNoVariants(error)) throw error;
    return await outcomeOf(error.message);
  } finally {
    if (files !== null) {
      await rm(files.logDirectory, { recursive: true, force: true }).catch(onProblem);
    }
  }
}

/** What keeps any variant from booting is not counted as this one's failure. */
function isNoVariants(error: AppError): boolean {
  return error.code === 'disk_full' || error instanceof ExperimentChanged;
}

/** What is booted, by content. The container's words are told over the agent's port, as are its secrets: those stay there. */
async function commandOf(
  { plan, qemuVersion, container }: Awaited<ReturnType<Planner['plan']>>,
  digests: FileDigests,
): Promise<LabCommand> {
  const { accelerator, kernelPath, initrdPath, spec } = plan;
  const command: LabCommand = {
    ...{ argv: buildArgv(plan), accelerator, qemuVersion },
    kernel: await digests.of(kernelPath),
    initrd: initrdPath === null ? null : await digests.of(initrdPath),
  };
  if (container === null || spec.container === null) return command;
  const { image, digest } = spec.container;
  const words = container.records.flatMap(([kind, word]) => (kind === 'argument' ? [word] : []));
  return { ...command, container: { image, digest, words } };
}

/** What its console and QEMU said last. */
async function lastWords(
  hub: ConsoleHub,
  files: RunFiles | null,
  onProblem: (error: unknown) => void,
): Promise<{ log: string[]; qemuLog: string[] }> {
  const endOf = async (path: string | undefined): Promise<string[]> => {
    if (path === undefined) return [];
    try {
      const { lines } = await readLog(path);
      return lines.filter((line) => line.trim() !== '').slice(-failureLines);
    } catch (error) {
      onProblem(error);
      return [];
    }
  };
  const log = hub.lastLines(failureLines);
  return {
    // A guest with two consoles may have died before it had the second, which is the live one.
    log: log.length > 0 ? log : await endOf(files?.serialLog),
    qemuLog: await endOf(files?.qemuLog),
  };
}
