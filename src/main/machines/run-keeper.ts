/**
 * Keeps the runs of all machines: begins them, writes down what becomes of them, and keeps their logs.
 * Knows no machine's state; whoever has a live run supervises it.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  AppError,
  runIdSchema,
  type LogKind,
  type LogText,
  type MachineId,
  type Run,
  type RunId,
} from '../../shared/index.ts';
import { readLog, saveLog } from '../console/index.ts';
import { runFiles, type Paths } from '../host/index.ts';
import { ensureKeptDisk } from '../images/index.ts';
import { buildArgv } from '../qemu/index.ts';
import type { RunRepository, WriteQueue } from '../store/index.ts';
import { stampBootFiles } from './boot-files.ts';
import { launch } from './launch.ts';
import type { Machine, MachineHost } from './machine.ts';
import type { LiveRun } from './live-run.ts';
import type { PlannedLaunch, Planner } from './planner.ts';
import type { PortKeeper } from './port-keeper.ts';

/** So many runs of a machine keep their logs; older ones keep their place in the history. */
const runsWithLogs = 50;

/** What the keeper is built from. */
export interface RunKeeperOptions {
  readonly paths: Paths;
  readonly planner: Planner;
  readonly ports: PortKeeper;
  readonly runs: RunRepository;
  readonly writes: WriteQueue;
  readonly onProblem: (error: unknown) => void;
}

/** A start whose plan is made and whose ports are its own. */
interface PreparedLaunch {
  readonly machine: Machine;
  readonly report: Parameters<MachineHost['launch']>[1];
  readonly signal: AbortSignal;
  readonly runId: RunId;
  readonly planned: PlannedLaunch;
}

/** The runs of this installation. */
export class RunKeeper {
  readonly #options: RunKeeperOptions;

  constructor(options: RunKeeperOptions) {
    this.#options = options;
  }

  /** As {@link MachineHost.launch}: plans, writes down and launches a run. */
  launch: MachineHost['launch'] = async (machine, report, signal) => {
    const { planner, ports } = this.#options;
    const { spec } = machine;
    if (await planner.mustProbe(spec)) report.activity('probing-kvm');
    const runId = runIdSchema.parse(randomUUID());
    const planned = await planner.plan(machine.id, runId, spec);
    const { plan } = planned;
    if (plan.container?.keptDiskPath != null && spec.container !== null) {
      await ensureKeptDisk(plan.container.keptDiskPath, spec.container.diskMiB);
    }
    if (signal.aborted) throw new AppError('cancelled', 'The start was called off.');
    report.activity('launching');
    const releasePorts = await ports.reserve(machine, spec);
    const prepared = { machine, report, signal };
    try {
      return await this.#launch({ ...prepared, runId, planned }).catch(async (error: unknown) => {
        if (plan.passt == null || !isPasstMissing(error)) throw error;
        report.listener.networkChanged?.(
          `QEMU’s own network serves the guest now. ${error.message}`,
        );
        const again = runIdSchema.parse(randomUUID());
        const without = ['with-secrets', 'without-passt'] as const;
        const other = await planner.plan(machine.id, again, spec, ...without);
        return this.#launch({ ...prepared, runId: again, planned: other });
      });
    } finally {
      releasePorts();
    }
  };

  /** Writes the run down, and launches it. */
  async #launch({ machine, report, signal, runId, planned }: PreparedLaunch): Promise<LiveRun> {
    const { runs, paths, onProblem } = this.#options;
    const { plan, qemuVersion, container, fence, served } = planned;
    const { spec } = plan;
    const bootFiles = await stampBootFiles(plan);
    const run = runs.start({
      ...{
        id: runId,
        machineId: machine.id,
        startedAtMs: Date.now(),
        spec,
        qemuVersion,
        bootFiles,
      },
      ...{ accelerator: plan.accelerator, argv: buildArgv(plan) },
    });
    report.run(run);
    void this.#pruneLogs(machine.id);
    try {
      return await launch({
        ...{ machineId: machine.id, runId, plan, signal, onProblem },
        ...{ fence, served, qemuVersion, records: container?.records ?? null },
        database: paths.database,
        ...{ hub: machine.hub, listener: report.listener },
      });
    } catch (error) {
      const cancelled = error instanceof AppError && error.code === 'cancelled';
      const end = {
        kind: cancelled ? ('stopped' as const) : ('launch-failed' as const),
        expected: cancelled,
        message: error instanceof Error ? error.message : String(error),
      };
      report.run(this.update(run, { end }));
      throw error;
    }
  }

  /** What runs is the truth even when it can't be written down now, as on a full disk. */
  update(run: Run, { boot, end }: Partial<Pick<Run, 'boot' | 'end'>>, nowMs = Date.now()): Run {
    const { runs, writes } = this.#options;
    // A clock that was set back must not let a run end before it began.
    const endedAtMs = end == null ? run.endedAtMs : Math.max(run.startedAtMs, nowMs);
    writes.write(`run ${run.number} of ${run.machineId}`, () => {
      if (boot != null) runs.recordBoot(run.id, boot);
      if (end != null && endedAtMs !== null) runs.finish(run.id, endedAtMs, end);
    });
    return { ...run, boot: boot ?? run.boot, end: end ?? run.end, endedAtMs };
  }

  /** The last lines of QEMU's own messages in the machine's last run. */
  qemuLog(machine: Machine): string[] {
    const run = machine.view.run;
    if (run === null) return [];
    try {
      return readFileSync(this.#logPath(run.id, 'qemu'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .slice(-20);
    } catch {
      return []; // it wrote none, or the log cannot be read: then there is nothing to show
    }
  }

  readLog(runId: RunId, kind: LogKind): Promise<LogText> {
    return readLog(this.#logPath(runId, kind));
  }

  /** @throws AppError `file_unreadable`, `disk_full`. */
  async saveLog(runId: RunId, kind: LogKind, target: string): Promise<void> {
    await saving(target, () => saveLog(this.#logPath(runId, kind), target));
  }

  async removeLogs(runs: readonly Run[]): Promise<void> {
    for (const { id } of runs) {
      await rm(runFiles(this.#options.paths, id).logDirectory, { recursive: true, force: true });
    }
  }

  #logPath(runId: RunId, kind: LogKind): string {
    const files = runFiles(this.#options.paths, runId);
    return { console: files.consoleLog, qemu: files.qemuLog, serial: files.serialLog }[kind];
  }

  /** Logs would otherwise fill the disk over the years, one folder a run. */
  async #pruneLogs(id: MachineId): Promise<void> {
    const { runs, onProblem } = this.#options;
    try {
      // A few more than one, in case the last prune was cut off.
      await this.removeLogs(runs.list(id, runsWithLogs + 5).slice(runsWithLogs));
    } catch (error) {
      onProblem(error);
    }
  }
}

/** A start that failed for that alone can be made with another network. */
function isPasstMissing(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'network_unavailable';
}

/** @throws AppError `disk_full`, or `file_unreadable` with the path. */
export async function saving(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error';
    const full = code === 'ENOSPC' || code === 'EDQUOT';
    throw new AppError(
      full ? 'disk_full' : 'file_unreadable',
      full
        ? `The disk is full: “${path}” could not be written.`
        : `“${path}” cannot be written (${code}). Choose another place.`,
      { cause: error, details: { path } },
    );
  }
}
