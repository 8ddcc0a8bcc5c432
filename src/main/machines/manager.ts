/**
 * All machines: creates, finds, starts, stops and forgets them, and keeps the database in step.
 * The only writer of definitions and runs; it knows nothing of windows.
 */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import {
  AppError,
  endsForGood,
  runIdSchema,
  type CommandPreview,
  type Finding,
  type JournalEntry,
  type LogKind,
  type LogText,
  type MachineId,
  type MachineSpec,
  type MachineView,
  type OnceEnded,
  type Run,
  type RunEnd,
  type RunId,
} from '../../shared/index.ts';
import type { ViewSink } from '../console/index.ts';
import { runFiles, type Paths } from '../host/index.ts';
import type {
  JournalRepository,
  MachineRepository,
  RunRepository,
  WriteQueue,
} from '../store/index.ts';
import type { HostEnvironment } from './host-environment.ts';
import type { ConsoleHandle } from './console-handle.ts';
import { keptDiskPath, type ContainerSource } from './container-plan.ts';
import { Journal } from './journal.ts';
import type { LiveRun } from './live-run.ts';
import { Machine, type MachineHost } from './machine.ts';
import { MachineEditor } from './machine-editor.ts';
import { Planner } from './planner.ts';
import { PortKeeper } from './port-keeper.ts';
import { RunKeeper, saving } from './run-keeper.ts';
import { RunWatch } from './run-watch.ts';
import { openShellView } from './shell-view.ts';
import { TakeOver } from './take-over.ts';

/** What the manager is built from. */
export interface MachineManagerOptions {
  readonly paths: Paths;
  readonly host: HostEnvironment;
  readonly machines: MachineRepository;
  readonly runs: RunRepository;
  readonly journal: JournalRepository;
  /** Takes writes that must not be lost although they cannot be made now. */
  readonly writes: WriteQueue;
  readonly onChanged: (view: MachineView) => void;
  /** @param ended how a machine ended that ran once and is gone by itself. */
  readonly onRemoved: (id: MachineId, ended: OnceEnded | null) => void;
  /** Where images and secrets come from. */
  readonly containers: ContainerSource;
  readonly onJournal: (entry: JournalEntry) => void;
  /** A definition was added, changed or removed; for backups. */
  readonly onDefinitions: () => void;
  /** Something went wrong beside a machine, which itself is as it should be. */
  readonly onProblem: (error: unknown) => void;
}

/** So many of the last lines of a machine that ran once are told with its end. */
const onceLines = 500;

/** The machines of this installation. */
export class MachineManager {
  readonly #options: MachineManagerOptions;
  readonly #machines = new Map<MachineId, Machine>();
  readonly #end = new AbortController();
  readonly #machineHost: MachineHost;
  readonly #planner: Planner;
  readonly #runs: RunKeeper;
  readonly #journal: Journal;
  readonly #editor: MachineEditor;
  readonly #watch: RunWatch;
  readonly #takeOver: TakeOver;
  readonly #deleting = new Set<MachineId>();
  #closing = false;
  #definitionProblems: readonly AppError[] = [];

  constructor(options: MachineManagerOptions) {
    this.#options = options;
    const { host, paths, machines, journal, writes } = options;
    this.#planner = new Planner(host, paths, options.containers);
    const ports = new PortKeeper(() => this.#machines.values());
    this.#runs = new RunKeeper({ ...options, ports, planner: this.#planner });
    this.#journal = new Journal({ entries: journal, writes, onAdded: options.onJournal });
    this.#watch = new RunWatch(paths, () => this.#machines.values(), options.onProblem);
    const note: MachineHost['note'] = (machine, kind, message) => {
      if (this.#machines.get(machine.id) !== machine) return;
      this.#journal.add(machine.id, machine.view.run?.id ?? null, kind, message);
    };
    this.#machineHost = {
      note,
      launch: (machine, report, signal) => this.#runs.launch(machine, report, signal),
      qemuLog: (machine) => this.#runs.qemuLog(machine),
      updateRun: (run, change, endedAtMs) => this.#runs.update(run, change, endedAtMs),
      monitorLost: (machine) => {
        const { run } = machine.view;
        if (run !== null) this.#takeOver.reconnect(machine, run);
      },
      ended: (machine, end) => this.#removeOnce(machine, end),
      changed: (machine) => {
        if (machine.active) this.#watch.wake();
        // The end of a process that was force-stopped for deletion is nobody's news any more.
        if (this.#machines.get(machine.id) === machine) options.onChanged(machine.view);
      },
    };
    this.#editor = new MachineEditor({
      ...{ machines, host, note, ports },
      names: () => [...this.#machines.values()].map(({ spec }) => spec.name),
      add: (definition) => {
        const machine = new Machine(definition, null, this.#machineHost);
        this.#machines.set(machine.id, machine);
        options.onChanged(machine.view);
        options.onDefinitions();
        return machine;
      },
    });
    this.#takeOver = new TakeOver({
      ...{ paths, host, machines, planner: this.#planner, signal: this.#end.signal },
      ...{ runs: options.runs, onProblem: options.onProblem },
      find: (id) => this.#machines.get(id),
      freeName: (name) => this.#editor.freeName(name),
      recovered: (stored) => {
        const machine = new Machine(stored, null, this.#machineHost);
        this.#machines.set(stored.id, machine);
        const message = 'The database had lost this machine; its running process still knew it.';
        note(machine, 'recovered', message);
      },
    });
  }

  /** Loads all definitions and takes over what still runs. Call once, before anything else. */
  async load(): Promise<void> {
    const { machines, runs, paths } = this.#options;
    const listing = machines.list();
    this.#definitionProblems = listing.problems.map(unreadable);
    for (const definition of listing.machines) {
      const last = runs.latest(definition.id);
      const machine = new Machine(definition, last, this.#machineHost);
      this.#machines.set(definition.id, machine);
      if (machine.state !== 'crashed' || last === null) continue;
      try {
        machine.hub.loadOnce(runFiles(paths, last.id).consoleLog);
      } catch (error) {
        this.#options.onProblem(error); // then its problem is told without its last lines
      }
      machine.recallProblem();
    }
    await this.#takeOver.all();
  }

  /**
   * Nothing remains of a machine that was to run once, but what the window shows of its end. One that failed
   * stays, with all that tells why, and so does one whose end nobody saw.
   */
  #removeOnce(machine: Machine, end: RunEnd): void {
    if (machine.spec.container?.runOnce !== true || machine.restarting) return;
    // One that is being deleted is gone already, or about to.
    if (this.#machines.get(machine.id) !== machine || this.#deleting.has(machine.id)) return;
    if (!endsForGood.includes(end.kind)) return;
    const { name } = machine.spec;
    const last = { name, message: end.message, exitCode: end.exitCode ?? null };
    const lines = machine.hub.lastLines(onceLines);
    this.#forget(machine, { ...last, lines }).catch(this.#options.onProblem);
  }

  /** Why machines that the database has are not shown. */
  get definitionProblems(): readonly AppError[] {
    return this.#definitionProblems;
  }

  /** In the order of their creation. */
  list(): MachineView[] {
    return [...this.#machines.values()].map((machine) => machine.view);
  }

  get(id: MachineId): MachineView {
    return this.#find(id).view;
  }

  /** How many machines have a process now. */
  get activeCount(): number {
    return [...this.#machines.values()].filter((machine) => machine.active).length;
  }

  /** As {@link MachineEditor.create}. */
  async create(spec: MachineSpec): Promise<MachineView> {
    return (await this.#editor.create(spec)).view;
  }

  /** As {@link MachineEditor.update}. */
  async update(id: MachineId, spec: MachineSpec): Promise<MachineView> {
    const machine = this.#find(id);
    await this.#editor.update(machine, spec);
    this.#options.onDefinitions();
    return machine.view;
  }

  /** As {@link MachineEditor.undo}. */
  async undo(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await this.#editor.undo(machine);
    this.#options.onDefinitions();
    return machine.view;
  }

  /** As {@link MachineEditor.clone}. */
  async clone(id: MachineId): Promise<MachineView> {
    return (await this.#editor.clone(this.#find(id))).view;
  }

  /** As {@link MachineEditor.importFrom}. */
  async importFrom(path: string): Promise<MachineView> {
    return (await this.#editor.importFrom(path)).view;
  }

  /** Writes the machine's file. @throws AppError `file_unreadable` when it cannot be written. */
  async exportTo(
    id: MachineId,
    path: string,
    format: 'json' | 'yaml',
    includePaths: boolean,
  ): Promise<void> {
    const machine = this.#find(id);
    const text = await this.#editor.export(machine, format, includePaths);
    await saving(path, () => writeFile(path, text, { mode: 0o600 }));
    this.#machineHost.note(machine, 'exported', `Exported to “${path}”.`);
  }

  /** What is wrong with a definition on this host. @param id of the machine that it is meant for. */
  check(spec: MachineSpec, id: MachineId | null): Promise<Finding[]> {
    return this.#planner.check(spec, id);
  }

  /** @throws AppError as {@link Planner.plan}. */
  command(id: MachineId): Promise<CommandPreview> {
    const machine = this.#find(id);
    const runId = runIdSchema.parse(randomUUID());
    return this.#planner.preview(id, runId, machine.spec, machine.view.run);
  }

  journal(id: MachineId, limit: number): JournalEntry[] {
    this.#find(id);
    return this.#journal.list(id, limit);
  }

  readLog(runId: RunId, kind: LogKind): Promise<LogText> {
    return this.#runs.readLog(runId, kind);
  }

  /** @throws AppError `file_unreadable`, `disk_full`. */
  async saveLog(runId: RunId, kind: LogKind, target: string): Promise<void> {
    await this.#runs.saveLog(runId, kind, target);
  }

  async start(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    if (this.#closing) throw new AppError('illegal_state', 'Nandu is about to end.');
    await machine.start();
    return machine.view;
  }

  async stop(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await machine.stop();
    return machine.view;
  }

  async forceStop(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await machine.forceStop();
    return machine.view;
  }

  async restart(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await machine.restart();
    return machine.view;
  }

  async pause(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await machine.pause();
    return machine.view;
  }

  async resume(id: MachineId): Promise<MachineView> {
    const machine = this.#find(id);
    await machine.resume();
    return machine.view;
  }

  /**
   * Forgets a machine with its runs and logs.
   * @throws AppError `illegal_state` while it runs, unless it is to be stopped first.
   */
  async remove(id: MachineId, stopFirst: boolean): Promise<void> {
    const machine = this.#find(id);
    this.#deleting.add(id);
    try {
      await this.#remove(machine, stopFirst);
    } finally {
      this.#deleting.delete(id);
    }
  }

  async #remove(machine: Machine, stopFirst: boolean): Promise<void> {
    const { id } = machine;
    if (machine.active) {
      if (!stopFirst) {
        throw new AppError(
          'illegal_state',
          `“${machine.spec.name}” runs. Stop it before you delete it.`,
          { details: { state: machine.state } },
        );
      }
      await machine.forceStop();
    }
    if (this.#machines.has(id)) await this.#forget(machine, null);
  }

  /** With its runs, its logs and its kept disk. */
  async #forget({ id }: Machine, ended: OnceEnded | null): Promise<void> {
    const { machines, runs, paths, onRemoved } = this.#options;
    const old = runs.list(id, 10_000);
    machines.delete(id);
    this.#machines.delete(id);
    onRemoved(id, ended);
    this.#options.onDefinitions();
    await this.#runs.removeLogs(old);
    await rm(keptDiskPath(paths, id), { force: true });
  }

  runs(machineId: MachineId, limit: number): Run[] {
    this.#find(machineId);
    return this.#options.runs.list(machineId, limit);
  }

  /** Words about one of its runs changed, and are stored. */
  runNoted(run: Run): void {
    this.#machines.get(run.machineId)?.noted(run);
  }

  /** Opens a view of a machine's console, with its past; of the last run when it is stopped. */
  openConsole(id: MachineId, sink: ViewSink): ConsoleHandle {
    const machine = this.#find(id);
    const last = machine.view.run;
    if (last !== null) machine.hub.loadOnce(runFiles(this.#options.paths, last.id).consoleLog);
    const view = machine.hub.open(sink);
    return { ...view, resize: (columns, rows) => machine.resizeConsole(columns, rows) };
  }

  /**
   * Starts one more program in a running container, on a terminal of its own.
   * @param words empty for a shell.
   * @throws AppError `illegal_state` when none runs there.
   */
  openShell(id: MachineId, sink: ViewSink, words: readonly string[] = []): ConsoleHandle {
    const { live, spec } = this.#find(id);
    if (live === null) throw new AppError('illegal_state', `“${spec.name}” does not run.`);
    return openShellView(live, sink, words);
  }

  /** The run that goes on now; null where there is none. */
  liveRun(id: MachineId): LiveRun | null {
    return this.#find(id).live;
  }

  /** Stops every machine that runs, all at once, also one that is just starting; none starts any more. */
  async stopAll(): Promise<void> {
    this.#closing = true;
    for (let round = 0; round < 3; round += 1) {
      const active = [...this.#machines.values()].filter((machine) => machine.active);
      if (active.length === 0) return;
      await Promise.allSettled(active.map(async (machine) => machine.stop()));
    }
  }

  /** Lets go of what still runs: it goes on, and the next Nandu takes it over. */
  async release(): Promise<void> {
    this.#closing = true;
    // A start that is cut off would leave a process that nobody has written down.
    await Promise.all([...this.#machines.values()].map((machine) => machine.settled()));
    this.#end.abort();
    this.#watch.dispose();
    for (const machine of this.#machines.values()) {
      if (machine.active) {
        this.#machineHost.note(machine, 'kept', 'Nandu ended; the machine goes on.');
      }
      machine.release();
    }
  }

  #find(id: MachineId): Machine {
    const machine = this.#machines.get(id);
    if (machine === undefined) {
      throw new AppError('not_found', 'That machine does not exist any more.', { details: { id } });
    }
    return machine;
  }
}

function unreadable({ id, message }: { id: string; message: string }): AppError {
  return new AppError(
    'internal',
    `The definition of one machine cannot be read, so it is not shown. Nothing was deleted; a newer Nandu may read it. (${id})`,
    { details: { id, log: message.split('\n') } },
  );
}
