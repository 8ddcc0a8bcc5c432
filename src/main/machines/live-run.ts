/**
 * One QEMU process while it lives: its monitor, console, agent and boot timeline.
 * Reports what happens and how it ended; what that means for the machine is the machine's business.
 */
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AppError,
  type Activity,
  type BootTimeline,
  type DiskLimits,
  type PortForward,
  type RunEnd,
  type RunId,
  type StopDeadlines,
} from '../../shared/index.ts';
import type { AgentLink, AgentSession, SessionListener, SessionRequest } from '../agent/index.ts';
import type { ConsoleHub } from '../console/index.ts';
import type { FolderServers } from '../folders/index.ts';
import { untilSocketIsGone, type PasstNetwork } from '../network/index.ts';
import {
  agentPortId,
  climb,
  throttleGroupOf,
  throttleLimits,
  type QemuProcess,
} from '../qemu/index.ts';
import type { QmpEvent, QmpSession } from '../qmp/index.ts';
import { forwardsOf } from './forwards-of.ts';
import { networkMonitor } from './network-monitor.ts';
import { BootProgress, type BootProgressParts } from './boot-progress.ts';
import type { CommandEnd } from './command-end.ts';
import { GuestHold, type Hold } from './guest-hold.ts';
import { RunEvidence } from './run-evidence.ts';
import { killMs, stopRungs } from './stop-rungs.ts';

/** After the process is gone: how long its sockets may take to deliver their last bytes. */
const drainDeadlineMs = 1_000;
const commandDeadlineMs = 5_000;
/** QEMU closes its monitor some milliseconds before it is gone; a swapping host takes longer. */
const exitAfterHangUpMs = 500;

/** What a live run tells its machine. */
export interface LiveRunListener {
  /** @param hold what holds it, where that is not a pause that was asked for. */
  moved(state: 'running' | 'paused', hold: Hold | null): void;
  /** The monitor hung up although the process lives: from here on it can only be stopped. */
  unreachable(): void;
  booted(timeline: BootTimeline): void;
  /** What shared this folder ended although the guest goes on: the guest's programs that use it wait for ever. */
  folderLost(path: string): void;
  /** Something else serves the guest's network now, as a sentence says. */
  networkChanged?(message: string): void;
  /** The container's command began or ended, so that other things can be done now. */
  containerChanged(): void;
  /**
   * Called once, after everything was cleaned up.
   * @param cause what the guest said could not be done, where that is why it ended.
   */
  ended(end: RunEnd, cause: AppError | null): void;
}

/** What a live run is made of; whoever makes one has connected everything. */
export interface LiveRunParts extends Omit<BootProgressParts, 'listener' | 'monitor'> {
  readonly runId: RunId;
  /** Whether the board has ACPI, by which a guest can power off. */
  readonly acpi: boolean;
  readonly process: QemuProcess;
  /** Null for an adopted process whose socket is gone: it can be watched and ended, no more. */
  readonly qmp: QmpSession | null;
  readonly agent: AgentLink | null;
  /** Whether the agent serves a container, whose command's start is what "ready" means. */
  readonly container: boolean;
  /** What shares its folders; null where QEMU does that itself, or there are none. */
  readonly folders: FolderServers | null;
  /** Null where QEMU's own network serves the guest, or none does. */
  readonly network: PasstNetwork | null;
  readonly hub: ConsoleHub;
  /** Whether a guest that boots well says so: Nandu's own init, watched from the start on. */
  readonly marksExpected: boolean;
  /** Resolves when the console's last byte was read. */
  readonly consoleDrained: Promise<void>;
  /** Something could not be cleaned up; the run itself is as it should be. */
  readonly onProblem: (error: unknown) => void;
}

/** A supervised QEMU. */
export class LiveRun {
  readonly runId: RunId;
  /** Resolves when the process is gone and cleaned up; never rejects. */
  readonly finished: Promise<void>;
  #finish!: () => void;
  readonly #parts: LiveRunParts;
  readonly #listener: LiveRunListener;
  readonly #evidence = new RunEvidence();
  readonly #hold: GuestHold;
  readonly #boot: BootProgress;
  #monitorLost = false;
  #released = false;

  /** @param halted whether the guest's CPUs do not run now. */
  constructor(parts: LiveRunParts, listener: LiveRunListener, halted = false) {
    const { process } = parts;
    const tell = (held: boolean, hold: Hold | null): void => {
      this.#boot.hold(held);
      this.#listener.moved(held ? 'paused' : 'running', hold);
    };
    this.#hold = new GuestHold(
      { process, monitor: () => this.#qmp, ends: () => this.#evidence.ends, tell },
      halted,
    );
    this.#boot = new BootProgress({ ...parts, listener, monitor: () => this.#qmp });
    this.runId = parts.runId;
    this.#parts = parts;
    this.#listener = listener;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    parts.qmp?.onEvent((event) => this.#handle(event));
    void parts.qmp?.closed.then(() => this.#loseMonitor());
    parts.folders?.watch((folder) => void this.#loseFolder(folder));
    parts.network?.use(
      networkMonitor(
        () => this.#monitor(),
        async () => !(await this.#endsSoon()) && !this.#released,
      ),
    );
  }

  /** From here on the end of the process is reported; until then whoever launches answers for it. */
  supervise(): void {
    void this.#superviseToEnd().finally(this.#finish);
  }

  /** Whether QEMU can be told anything. */
  get reachable(): boolean {
    return this.#qmp !== null;
  }

  /** Whether passt serves the guest's network now. */
  get servedByPasst(): boolean {
    return this.#parts.network?.servedByPasst === true;
  }

  /** The process, for whoever takes this run over. */
  get process(): QemuProcess {
    return this.#parts.process;
  }

  async pause(): Promise<void> {
    this.#hold.expectPause();
    await this.#monitor().execute('stop', undefined, { deadlineMs: commandDeadlineMs });
  }

  /** Also undoes what a signal from outside did. */
  async resume(): Promise<void> {
    if (this.#hold.suspended) this.#parts.process.kill('SIGCONT');
    this.look();
    if (!this.#hold.halted) return;
    await this.#monitor().execute('cont', undefined, { deadlineMs: commandDeadlineMs });
  }

  /** Changes a disk's throttling at once. */
  async setDiskLimits(index: number, limits: DiskLimits): Promise<void> {
    const path = `/objects/${throttleGroupOf(index)}`;
    await this.#monitor().execute(
      'qom-set',
      { path, property: 'limits', value: throttleLimits(limits) },
      { deadlineMs: commandDeadlineMs },
    );
  }

  /** Changes which ports of this computer lead into the guest. @throws as {@link RunningForwards.change}. */
  async changeForwards(
    current: readonly PortForward[],
    wanted: readonly PortForward[],
    fenced: boolean,
  ): Promise<void> {
    const { network, files } = this.#parts;
    if (network !== null) return network.change(wanted);
    const fence = fenced ? files.fenceSocket : null;
    await forwardsOf(this.#monitor(), fence).change(current, wanted);
  }

  /** Looks whether the process was suspended or woken by a signal, which QEMU itself cannot tell. */
  look(): void {
    this.#boot.boundTrace();
    this.#parts.folders?.boundLog();
    if (this.#evidence.requested === null) this.#parts.network?.look();
    this.#hold.look();
  }

  /** Tells the guest how large its terminal is; a guest without an agent never learns it. */
  resizeConsole(columns: number, rows: number): void {
    this.#parts.agent?.setSize(columns, rows);
  }

  /** Whether one more program can be started in its container. */
  get canRun(): boolean {
    return this.#parts.agent?.canRun === true && this.#evidence.requested === null;
  }

  /** As {@link AgentLink.open}. */
  openSession(
    request: SessionRequest,
    creditBytes: number,
    listener: SessionListener,
  ): AgentSession {
    const { agent } = this.#parts;
    if (agent === null) {
      throw new AppError('illegal_state', 'No container runs in this machine now.');
    }
    return agent.open(request, creditBytes, listener);
  }

  /** Told by the agent. @param atMs epoch milliseconds. */
  commandStarted(atMs: number): void {
    this.#evidence.commandRan = true;
    this.#boot.agentReady(atMs);
    this.#listener.containerChanged();
  }

  commandExited(end: CommandEnd): void {
    this.#evidence.command = end;
    this.#listener.containerChanged();
  }

  commandFailed(error: AppError): void {
    this.#evidence.command = { error };
  }

  /** Its time is over: the stop that follows is Nandu's own. */
  endLifetime(): void {
    this.#evidence.lifetimeOver = true;
  }

  /** The guest runs from here on. @param sinceMs how long it has done so already. */
  bootBegins(sinceMs = 0): void {
    this.#boot.begin(sinceMs);
  }

  /** Tells what is known of the boot by now, for a run whose beginning nobody watched. */
  tellBoot(): void {
    void this.#boot.publish();
  }

  /** The guest sent its kernel's log. */
  kernelLogged(text: string): void {
    this.#boot.kernelLogged(text);
  }

  /** Called by whoever feeds console output: looks for the boot's marks in it. */
  consoleMarked(): void {
    this.#boot.consoleMarked();
  }

  /**
   * Climbs the stop ladder until the process is gone and cleaned up.
   * @param paused a halted guest hears nothing, so the polite rungs are left out.
   * @throws AppError `qemu_timeout` when the process cannot be ended.
   */
  async stop(
    deadlines: StopDeadlines,
    paused: boolean,
    onRung: (rung: Activity) => void,
  ): Promise<void> {
    this.#evidence.requested ??= 'stop';
    const { agent, process } = this.#parts;
    const qmp = this.#qmp;
    // A suspended process would sleep through every polite rung.
    if (this.#hold.suspended) process.kill('SIGCONT');
    this.#evidence.guestAsked = qmp !== null && !paused;
    const rungs = stopRungs({ process, qmp, agent, guestHears: !paused }, deadlines);
    await climb(rungs, process.exited, (rung) => {
      this.#evidence.lastRung = rung;
      onRung(rung);
    });
    await this.finished;
  }

  /** Ends the process at once. */
  async kill(): Promise<void> {
    this.#evidence.requested = 'force';
    this.#parts.process.kill('SIGKILL');
    const timer = new AbortController();
    const gone = await Promise.race([
      this.finished.then(() => true),
      delay(killMs, false, { signal: timer.signal }).catch(() => true),
    ]);
    timer.abort();
    if (!gone) {
      throw new AppError('qemu_timeout', 'QEMU was killed but the system has not ended it yet.');
    }
  }

  /** Lets go of a machine that is to go on without the app. Nothing is ended. */
  release(): void {
    this.#released = true;
    this.#boot.release();
    const { qmp, agent, hub, folders, network } = this.#parts;
    qmp?.close();
    agent?.close();
    folders?.release();
    network?.release();
    // Without a monitor there was no console either: what the hub has is another's.
    if (qmp !== null) hub.detach();
  }

  #handle(event: QmpEvent): void {
    this.#evidence.hear(event);
    this.#hold.hear(event);
    const { id, open } = event.data;
    if (event.event !== 'VSERPORT_CHANGE' || id !== agentPortId || open !== true) return;
    const atMs = event.timestampMs ?? Date.now();
    // A container's agent opens the port before there is a container.
    if (this.#parts.container) this.#boot.agentOpened(atMs);
    else this.#boot.agentReady(atMs);
  }

  get #qmp(): QmpSession | null {
    return this.#monitorLost ? null : this.#parts.qmp;
  }

  #loseMonitor(): void {
    if (this.#released || this.#monitorLost) return;
    this.#monitorLost = true;
    // A process that ends hangs up first; its end says all there is to say.
    void this.#endsSoon().then((ended) => {
      if (!ended && !this.#released && this.#evidence.requested === null)
        this.#listener.unreachable();
    });
  }

  /** A server ends with its QEMU, and is seen to have ended first now and then. */
  async #loseFolder(folder: string): Promise<void> {
    if (!(await this.#endsSoon()) && !this.#released) this.#listener.folderLost(folder);
  }

  async #endsSoon(): Promise<boolean> {
    const timer = new AbortController();
    const ended = await Promise.race([
      this.#parts.process.exited.then(() => true),
      delay(exitAfterHangUpMs, false, { signal: timer.signal }).catch(() => true),
    ]);
    timer.abort();
    return ended;
  }

  #monitor(): QmpSession {
    const qmp = this.#qmp;
    if (qmp !== null) return qmp;
    throw new AppError(
      'illegal_state',
      'QEMU’s monitor does not answer: this machine can only be stopped.',
    );
  }

  async #superviseToEnd(): Promise<void> {
    const { process, qmp, agent, consoleDrained, files, hub, folders, network } = this.#parts;
    const { acpi, container, marksExpected, onProblem } = this.#parts;
    const exit = await process.exited;
    if (this.#released) return;
    // The kernel keeps what QEMU sent last: SHUTDOWN's reason and the last console lines.
    const timer = new AbortController();
    await Promise.race([
      Promise.all([qmp?.closed, consoleDrained, untilSocketIsGone(files.fenceSocket)]),
      delay(drainDeadlineMs, undefined, { signal: timer.signal }).catch(() => undefined),
    ]);
    timer.abort();
    qmp?.close();
    agent?.close();
    await Promise.all([folders?.dispose(), network?.dispose()]);
    // What cannot be removed must not keep the machine from being what it is: ended.
    await rm(files.runDirectory, { recursive: true, force: true }).catch(onProblem);
    const { end, cause } = this.#evidence.weigh({
      ...{ exit, acpi, container, marksExpected },
      reachedUserSpace: this.#boot.reachedUserSpace,
      lastLines: (count) => hub.lastLines(count),
    });
    await this.#boot.end(end.kind === 'guest-reset');
    this.#listener.ended(end, cause);
  }
}
