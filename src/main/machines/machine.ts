/**
 * One machine: its definition, its state and what may be done to it now. All changes of state pass
 * through the lifecycle table; nothing here knows how a process is launched or a row is stored.
 */
import {
  AppError,
  differingPaths,
  isLive,
  toErrorData,
  type Activity,
  type BootTimeline,
  type DiskLimits,
  type ErrorCode,
  type ErrorData,
  type JournalKind,
  type MachineId,
  type MachineSpec,
  type MachineState,
  type MachineView,
  type Run,
  type RunEnd,
} from '../../shared/index.ts';
import { ConsoleHub } from '../console/index.ts';
import { assertMove, isActive } from './lifecycle.ts';
import type { LiveRun, LiveRunListener } from './live-run.ts';
import {
  aroundPanic,
  holds,
  newsOfBoot,
  rank,
  restartPhrase,
  stopSteps,
} from './machine-phrases.ts';
import { RebootGuard } from './reboot-guard.ts';

/** What a machine needs from its manager. */
export interface MachineHost {
  /** Plans, records and launches a run; reports the new run before it waits for anything long. */
  launch(
    machine: Machine,
    report: { run(run: Run): void; activity(activity: Activity): void; listener: LiveRunListener },
    signal: AbortSignal,
  ): Promise<LiveRun>;
  /** Stores the run's boot or its end, which is now, and returns the run as it is now. */
  updateRun(run: Run, change: Partial<Pick<Run, 'boot' | 'end'>>, endedAtMs?: number): Run;
  /** The run goes on without a monitor: whoever can connects to it again. */
  monitorLost(machine: Machine): void;
  changed(machine: Machine): void;
  /** A run of it ended, and all that is to be told about that has been told. */
  ended(machine: Machine, end: RunEnd): void;
  /** The last lines of QEMU's own messages in the current run. */
  qemuLog(machine: Machine): string[];
  /** Writes into the machine's journal. */
  note(machine: Machine, kind: JournalKind, message: string): void;
}

/** What is stored of a machine. */
export interface Definition {
  readonly id: MachineId;
  readonly spec: MachineSpec;
  /** Before the last edit; null when it was never edited. */
  readonly previousSpec: MachineSpec | null;
  readonly createdAtMs: number;
}

/** A machine, running or not. */
export class Machine {
  readonly id: MachineId;
  readonly createdAtMs: number;
  readonly hub = new ConsoleHub();
  readonly #host: MachineHost;
  readonly #reboots = new RebootGuard();
  #spec: MachineSpec;
  #previousSpec: MachineSpec | null;
  /** As the current run was started with. */
  #runSpec: MachineSpec | null = null;
  #state: MachineState = 'stopped';
  #activity: Activity | null = null;
  #problem: ErrorData | null = null;
  #run: Run | null;
  #live: LiveRun | null = null;
  #starting: { promise: Promise<void>; abort: AbortController } | null = null;
  #stopping: Promise<void> | null = null;
  #restarting = false;
  #consoleSize: { columns: number; rows: number } | null = null;

  constructor(definition: Definition, lastRun: Run | null, host: MachineHost) {
    this.id = definition.id;
    this.#spec = definition.spec;
    this.#previousSpec = definition.previousSpec;
    this.createdAtMs = definition.createdAtMs;
    this.#run = lastRun;
    this.#host = host;
    if (lastRun?.end?.expected === false && lastRun.end.kind !== 'launch-failed') {
      this.#state = 'crashed';
    }
  }

  get spec(): MachineSpec {
    return this.#spec;
  }

  get previousSpec(): MachineSpec | null {
    return this.#previousSpec;
  }

  get live(): LiveRun | null {
    return this.#live;
  }

  get state(): MachineState {
    return this.#state;
  }

  get active(): boolean {
    return isActive(this.#state);
  }

  get view(): MachineView {
    return {
      id: this.id,
      spec: this.#spec,
      createdAtMs: this.createdAtMs,
      state: this.#state,
      activity: this.#activity,
      run: this.#run,
      pendingChanges: this.#pendingChanges(),
      canOpenShell: this.#live?.canRun === true && this.#state === 'running',
      servedByPasst: this.#live?.servedByPasst === true,
      canUndo: this.#previousSpec !== null,
      problem: this.#problem,
    };
  }

  /** Another definition, stored already; what can takes effect at once. */
  redefine(spec: MachineSpec, previousSpec: MachineSpec): void {
    this.#spec = spec;
    this.#previousSpec = previousSpec;
    this.#host.changed(this);
  }

  /** What a person said of one of its runs, stored already. */
  noted({ id, note, baseline }: Run): void {
    if (this.#run === null) return;
    if (this.#run.id === id) this.#run = { ...this.#run, note, baseline };
    // There is one baseline: another run's is this one's no more.
    else if (baseline) this.#run = { ...this.#run, baseline: false };
    else return;
    this.#host.changed(this);
  }

  /** As the current run was started with, but for what changed while it ran; null when none runs. */
  get runSpec(): MachineSpec | null {
    return this.active ? this.#runSpec : null;
  }

  /** The current run's disk of that index has these limits now. */
  limitsApplied(index: number, limits: DiskLimits): void {
    if (this.#runSpec === null) return;
    const disks = this.#runSpec.disks.map((disk, at) =>
      at === index ? { ...disk, limits } : disk,
    );
    this.#runSpec = { ...this.#runSpec, disks };
  }

  /** The current run has these forwarded ports now. */
  forwardsApplied(portForwards: MachineSpec['portForwards']): void {
    if (this.#runSpec !== null) this.#runSpec = { ...this.#runSpec, portForwards };
  }

  /**
   * Starts it; while it is starting, joins that start.
   * @throws AppError `illegal_state` when it runs already, or whatever made the launch fail.
   */
  start(): Promise<void> {
    if (this.#starting !== null) return this.#starting.promise;
    if (this.active) return Promise.reject(this.#refuse('start', 'It runs already.'));
    const abort = new AbortController();
    const promise = this.#start(abort.signal).finally(() => (this.#starting = null));
    this.#starting = { promise, abort };
    return promise;
  }

  /**
   * Climbs the stop ladder; while it is stopping, joins that. A start under way is called off.
   * @throws AppError `illegal_state` when it does not run, `qemu_timeout`.
   */
  stop(): Promise<void> {
    if (this.#stopping !== null) return this.#stopping;
    if (this.#starting !== null) return this.#callOffStart();
    const live = this.#live;
    if (live === null) return Promise.reject(this.#refuse('stop', 'It does not run.'));
    if (this.#state === 'stopping') return live.kill(); // by force, under way or tried in vain
    const paused = this.#state === 'paused' && this.#activity !== 'suspended';
    this.#activity = null;
    this.#move('stopping');
    this.#host.note(this, 'stop-asked', 'Asked to stop.');
    this.#stopping = live
      .stop(this.#spec.stopDeadlines, paused, (rung) => {
        this.#setActivity(rung);
        this.#host.note(this, 'stop-step', stopSteps[rung] ?? rung);
      })
      .finally(() => (this.#stopping = null));
    return this.#stopping;
  }

  /** Stops it, however long that takes, and starts it again. */
  async restart(): Promise<void> {
    if (!this.active) throw this.#refuse('restart', 'It does not run.');
    this.#host.note(this, 'restart-asked', 'Asked to restart.');
    this.#restarting = true;
    try {
      await this.stop();
    } finally {
      this.#restarting = false;
    }
    await this.start();
  }

  /** Whether its end is only half of a restart. */
  get restarting(): boolean {
    return this.#restarting;
  }

  /** Stops it when it has run for as long as it may; called now and then. */
  endOverdue(nowMs: number): void {
    const { lifetimeMinutes } = this.#spec;
    const startedAtMs = this.#run?.startedAtMs;
    if (lifetimeMinutes === null || startedAtMs === undefined || this.#live === null) return;
    if (this.#stopping !== null || this.#state === 'stopping') return;
    if (nowMs - startedAtMs < lifetimeMinutes * 60_000) return;
    this.#live.endLifetime();
    this.#host.note(this, 'lifetime-over', `Its ${lifetimeMinutes} minutes are over.`);
    // A failure of the ladder leaves it running and is told as its state; nobody waits here.
    this.stop().catch(() => undefined);
  }

  /** Ends the process at once, whatever else is under way. */
  async forceStop(): Promise<void> {
    if (this.#starting !== null) return this.#callOffStart();
    const live = this.#live;
    if (live === null) throw this.#refuse('stop', 'It does not run.');
    if (this.#state !== 'stopping') this.#move('stopping');
    this.#setActivity('killing');
    this.#host.note(this, 'force-stop-asked', 'Asked to stop by force.');
    await live.kill();
  }

  async pause(): Promise<void> {
    if (this.#state !== 'running') throw this.#refuse('pause', `It is ${this.#state}.`);
    await this.#live?.pause();
  }

  async resume(): Promise<void> {
    if (this.#state !== 'paused') throw this.#refuse('resume', `It is ${this.#state}.`);
    await this.#live?.resume();
  }

  /** Remembered, so that a guest that greets later learns it too. */
  resizeConsole(columns: number, rows: number): void {
    this.#consoleSize = { columns, rows };
    this.#live?.resizeConsole(columns, rows);
  }

  /**
   * Takes over a process that an earlier Nandu started; a second time when its monitor answers at last.
   * @param runSpec as the run was started with; null when that is not known any more.
   */
  adopt(run: Run, live: LiveRun, state: 'running' | 'paused', runSpec: MachineSpec | null): void {
    if (this.#state !== state) assertMove(this.#state, state);
    const again = this.#live !== null;
    this.#run = run;
    this.#live = live;
    this.#runSpec = runSpec;
    this.#problem = null;
    this.#activity = null;
    if (this.#state === state) this.#host.changed(this);
    else this.#move(state);
    const size = this.#consoleSize;
    if (size !== null) live.resizeConsole(size.columns, size.rows);
    const found = live.reachable
      ? 'Taken over: it went on while Nandu was not running.'
      : 'Found running, but its monitor does not answer: it can only be stopped.';
    this.#host.note(this, 'adopted', again ? 'Its monitor answers again.' : found);
  }

  /** The run's process is gone, and nobody was there; `end` is what its logs tell of it. */
  lose(run: Run, end: RunEnd, endedAtMs: number): void {
    const ended = this.#host.updateRun(run, { end }, endedAtMs);
    // A restored backup can have an older run of it open: that one is history only.
    if (this.#live !== null || (this.#run !== null && this.#run.number > run.number)) return;
    this.#run = ended;
    this.#state = end.expected ? 'stopped' : 'crashed';
    this.#host.note(this, 'lost', end.message);
    if (!end.expected) this.recallProblem();
    this.#host.changed(this);
  }

  /** After a crash: what its logs still tell of it. The console must have been loaded. */
  recallProblem(): void {
    const end = this.#run?.end;
    if (this.#state === 'crashed' && end != null) this.#problem = this.#problemOf(end);
  }

  /** Resolves when no start is under way; never rejects. */
  async settled(): Promise<void> {
    await this.#starting?.promise.catch(() => undefined);
  }

  /** Leaves the process to itself: for the end of the app, and for a new connection to it. */
  release(): void {
    this.#live?.release();
  }

  /** What the launched or adopted process reports. */
  readonly listener: LiveRunListener = {
    moved: (state, hold) => {
      if (this.#state === 'stopping') return;
      this.#activity = hold;
      if (this.#state === state) return this.#host.changed(this);
      if (state === 'paused') {
        this.#host.note(this, 'paused', hold === null ? 'Paused.' : holds[hold]);
      } else if (this.#state === 'paused') this.#host.note(this, 'resumed', 'Resumed.');
      this.#move(state);
    },
    booted: (boot) => {
      // Whoever took the machine over saw less of its boot than whoever started it.
      const before = this.#run?.boot ?? null;
      if (rank(boot) < rank(before)) return;
      if (this.#run !== null) this.#run = this.#host.updateRun(this.#run, { boot });
      const size = this.#consoleSize;
      if (size !== null) this.#live?.resizeConsole(size.columns, size.rows);
      // Details can come when it is ready already.
      if (boot.reached === 'ready' && before?.reached !== 'ready') {
        this.#host.note(this, 'ready', `Ready ${Math.round(boot.totalMs)} ms after the start.`);
      }
      for (const message of newsOfBoot(boot, before, this.#runSpec ?? this.#spec)) {
        this.#host.note(this, 'boot-noted', message);
      }
      this.#host.changed(this);
    },
    unreachable: () => {
      this.#host.note(this, 'monitor-lost', 'QEMU’s monitor hung up although QEMU goes on.');
      this.#host.changed(this);
      this.#host.monitorLost(this);
    },
    folderLost: (path) => {
      const message = `The folder “${path}” is not shared any more: its virtiofsd ended. Programs in the guest that use it wait for ever. Restart the machine.`;
      this.#host.note(this, 'folder-lost', message);
      this.#problem = { code: 'folder_lost', message, details: { path } };
      this.#host.changed(this);
    },
    networkChanged: (message) => {
      this.#host.note(this, 'network-changed', message);
      this.#host.changed(this);
    },
    containerChanged: () => this.#host.changed(this),
    ended: (end, cause) => {
      this.#live = null;
      this.#activity = null;
      const boot = this.#run?.boot ?? null;
      const message = end.kind === 'guest-reset' ? `${restartPhrase(boot)}.` : end.message;
      this.#host.note(this, end.expected ? 'ended' : 'crashed', message);
      if (this.#run !== null) {
        this.#run = this.#host.updateRun(this.#run, { end });
      }
      this.#problem = end.expected ? null : this.#problemOf(end, cause);
      this.#runSpec = null;
      this.#move(end.expected ? 'stopped' : 'crashed');
      this.#host.ended(this, end);
      if (end.kind === 'guest-reset' && this.#spec.onReboot === 'restart') {
        this.#startAfterReboot(boot);
      }
    },
  };

  /** What the guest asked for: a start, as a run of its own. Not for ever, if it does nothing else. */
  #startAfterReboot(boot: BootTimeline | null): void {
    if (!this.#reboots.allow()) {
      this.#problem = {
        code: 'illegal_state',
        message:
          'The guest restarted again and again within seconds, so it was left stopped. Its last lines may say why.',
        details: { console: this.hub.lastLines(20) },
      };
      return this.#host.changed(this);
    }
    this.#host.note(this, 'guest-restarted', `${restartPhrase(boot)}: starting it anew.`);
    // The failure of such a start is shown as the machine's problem; nobody waits for it here.
    this.start().catch(() => undefined);
  }

  #problemOf(end: RunEnd, cause: AppError | null = null): ErrorData {
    const codes: Partial<Record<RunEnd['kind'], ErrorCode>> = {
      'guest-panic': 'guest_panicked',
      'command-failed': 'command_failed',
    };
    return {
      code: cause?.code ?? codes[end.kind] ?? 'qemu_failed',
      message: end.message,
      details: {
        ...cause?.details,
        log: end.kind === 'qemu-exit' ? this.#host.qemuLog(this) : [],
        console: aroundPanic(this.hub.lastLines(200)),
        argv: this.#run?.argv ?? [],
      },
    };
  }

  #pendingChanges(): string[] {
    if (this.#runSpec === null || !this.active) return [];
    // Limits of disks and ports are live, but only once QEMU has taken them: then the run's definition has them.
    return differingPaths(this.#runSpec, this.#spec).filter(
      (path) => !isLive(path) || path.startsWith('disks.') || path.startsWith('portForwards'),
    );
  }

  async #start(signal: AbortSignal): Promise<void> {
    this.#problem = null;
    this.#runSpec = this.#spec;
    this.#move('starting');
    this.#host.note(this, 'start-asked', 'Asked to start.');
    try {
      const live = await this.#host.launch(
        this,
        {
          run: (run) => {
            this.#run = run;
            this.#host.changed(this);
          },
          activity: (activity) => this.#setActivity(activity),
          listener: this.listener,
        },
        signal,
      );
      this.#activity = null;
      // It may have ended in the meantime: then the listener has told already.
      if (this.active) this.#live = live;
      this.#host.note(this, 'running', 'Running.');
      this.#host.changed(this);
    } catch (error) {
      this.#activity = null;
      this.#runSpec = null;
      this.#host.note(this, 'start-failed', toErrorData(error).message);
      const cancelled = error instanceof AppError && error.code === 'cancelled';
      this.#problem = cancelled ? null : toErrorData(error);
      if (this.active) this.#move('stopped');
      throw error;
    }
  }

  async #callOffStart(): Promise<void> {
    const starting = this.#starting;
    if (starting === null) return;
    starting.abort.abort();
    try {
      await starting.promise;
    } catch (error) {
      if (!this.active) return; // however it failed, it does not run, which is what was wanted
      throw error;
    }
    // It came up before it noticed.
    await this.stop();
  }

  #move(to: MachineState): void {
    assertMove(this.#state, to);
    this.#state = to;
    this.#host.changed(this);
  }

  #setActivity(activity: Activity | null): void {
    this.#activity = activity;
    this.#host.changed(this);
  }

  #refuse(what: string, why: string): AppError {
    return new AppError('illegal_state', `“${this.#spec.name}” cannot ${what} now. ${why}`, {
      details: { state: this.#state },
    });
  }
}
