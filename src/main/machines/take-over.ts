/**
 * What an app finds when it starts: machines that run on, and runs that the database does not know.
 * Whatever cannot be taken over is told and must not hide the others.
 */
import {
  AppError,
  type MachineId,
  type MachineSpec,
  type MachineView,
  type Run,
} from '../../shared/index.ts';
import type { Paths } from '../host/index.ts';
import type { MachineRepository, RunRepository, StoredMachine } from '../store/index.ts';
import {
  adoptRun,
  reconnectRun,
  type AdoptionSources,
  type ContainerConfiguration,
} from './adoption.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { Machine } from './machine.ts';
import type { Planner } from './planner.ts';
import { findStrayRuns } from './stray-runs.ts';

/** What taking over needs of the manager. */
export interface TakeOverParts {
  readonly paths: Paths;
  readonly host: HostEnvironment;
  readonly planner: Planner;
  readonly machines: MachineRepository;
  readonly runs: RunRepository;
  readonly find: (id: MachineId) => Machine | undefined;
  readonly freeName: (name: string) => string;
  /** Has it among the others, and says in its journal why. */
  readonly recovered: (stored: StoredMachine) => void;
  /** Ends the watching of processes when the app ends. */
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/** Connects machines to the processes that they had. */
export class TakeOver {
  readonly #parts: TakeOverParts;
  readonly #sources: AdoptionSources;

  constructor(parts: TakeOverParts) {
    this.#parts = parts;
    this.#sources = {
      configure: this.#containerRecords,
      passtProgram: async () => (await parts.host.findPasst()).program,
    };
  }

  /** Resolves when all that runs is taken over, or was told of. */
  async all(): Promise<void> {
    const { runs, onProblem } = this.#parts;
    await this.#recoverStrays().catch(onProblem);
    const open = runs.unfinished();
    const ids = [...new Set(open.map(({ machineId }) => machineId))];
    const ofMachine = (id: MachineId): Run[] => open.filter(({ machineId }) => machineId === id);
    await Promise.all(ids.map((id) => this.#adopt(id, ofMachine(id))));
  }

  /** A run whose monitor was lost though its process goes on. */
  reconnect(machine: Machine, run: NonNullable<MachineView['run']>): void {
    const { paths, signal, onProblem } = this.#parts;
    reconnectRun(machine, run, paths, signal, onProblem, this.#sources).catch(onProblem);
  }

  /** The newest first, and one after the other: at most one of them has a process. */
  async #adopt(id: MachineId, unfinished: readonly Run[]): Promise<void> {
    const { find, runs, paths, signal, onProblem } = this.#parts;
    const machine = find(id);
    if (machine === undefined) return;
    for (const run of unfinished.toSorted((a, b) => b.number - a.number)) {
      try {
        const spec: MachineSpec | null = runs.specOf(run.id);
        await adoptRun(machine, run, spec, paths, signal, onProblem, this.#sources);
      } catch (error) {
        onProblem(error);
      }
    }
  }

  /** What runs without the database knowing of it is written down again, and then taken over like the rest. */
  async #recoverStrays(): Promise<void> {
    const { find, freeName, machines, recovered, runs, paths, onProblem } = this.#parts;
    for (const { record, spec } of await findStrayRuns(paths, (id) => runs.has(id), onProblem)) {
      try {
        if (find(record.machineId) === undefined) {
          const stored = machines.create({
            id: record.machineId,
            spec: { ...spec, name: freeName(spec.name) },
            createdAtMs: record.spawnedAtMs,
          });
          recovered(stored);
        }
        runs.start({
          ...{ id: record.runId, machineId: record.machineId, startedAtMs: record.spawnedAtMs },
          ...{ accelerator: record.accelerator, qemuVersion: record.qemuVersion },
          ...{ argv: record.argv, spec },
        });
      } catch (error) {
        onProblem(error);
      }
    }
  }

  /** Never by another definition than that of the run: the guest has that one's devices. */
  readonly #containerRecords: ContainerConfiguration = async (machineId, runSpec, argv) => {
    const planned =
      runSpec === null ? null : await this.#parts.planner.container(machineId, runSpec, argv);
    if (planned !== null) return planned.records;
    throw new AppError(
      'command_failed',
      'It is not known any more what this container was to run.',
    );
  };
}
