/**
 * Brings a QEMU process up: folders, spawn, monitor, console, agent, first instruction.
 * All or nothing: a launch that fails leaves no process, no socket and no folder behind.
 */
import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AppError,
  readySignOf,
  type MachineId,
  type MachineSpec,
  type RunId,
} from '../../shared/index.ts';
import { AgentLink, type ContainerListener, type GuestRecord } from '../agent/index.ts';
import { BootWatch, ConsoleMarkScanner, EpochClock } from '../boot/index.ts';
import type { ConsoleHub } from '../console/index.ts';
import type { RunFiles } from '../host/index.ts';
import { FolderServers, type FolderProgram, type ServedFolder } from '../folders/index.ts';
import { Fence, PasstNetwork, PasstSocket, type FenceTools } from '../network/index.ts';
import {
  buildArgv,
  confine,
  hasUserManager,
  spawnQemu,
  type LaunchPlan,
  type QemuProcess,
} from '../qemu/index.ts';
import { connectWithRetry, type QmpSession } from '../qmp/index.ts';
import { watchHost } from './boot-load.ts';
import type { Readiness } from './boot-progress.ts';
import { receiveKernelLog } from './boot-log.ts';
import { writeLaunchRecord } from './launch-record.ts';
import { LiveRun, type LiveRunListener } from './live-run.ts';

/** QEMU needs some 50 ms until its monitor answers; a swapping host far longer. */
const monitorDeadlineMs = 20_000;
const socketDeadlineMs = 5_000;
/** A launch with less free space than this would lose its own log. */
const minFreeBytes = 4 * 1024 * 1024;

const clock = new EpochClock();

/** Who is launched and into what. */
export interface LaunchContext {
  readonly machineId: MachineId;
  readonly runId: RunId;
  readonly plan: LaunchPlan;
  readonly qemuVersion: string;
  /** What a container's agent is told; null where there is no container. */
  readonly records: readonly GuestRecord[] | null;
  /** What the network is fenced in with; null where it is not. */
  readonly fence: FenceTools | null;
  /** Folders that have servers of their own; null where there are none. */
  readonly served: ServedFolders | null;
  /** The path of the database that knows the run. */
  readonly database: string;
  readonly hub: ConsoleHub;
  readonly listener: LiveRunListener;
  /** Calls the launch off. */
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/** Folders that a server of their own shares, by virtiofs. */
export interface ServedFolders {
  readonly program: FolderProgram;
  readonly folders: readonly ServedFolder[];
}

/**
 * @returns a run whose guest executes.
 * @throws AppError `qemu_failed` with `argv`, `exitCode`, `signal` and `log` (QEMU's last lines);
 *   `qemu_timeout`, `qemu_missing`, `disk_full`, `permission_denied`, `cancelled`, `network_unavailable`,
 *   `port_taken`, `folder_unavailable`.
 */
export async function launch(context: LaunchContext): Promise<LiveRun> {
  const { plan, runId, machineId, hub, listener, signal, records } = context;
  const { files } = plan;
  const argv = buildArgv(plan);
  let qemu: QemuProcess | null = null;
  let qmp: QmpSession | null = null;
  let fence: Fence | null = null;
  let servers: FolderServers | null = null;
  let passtSocket: PasstSocket | null = null;
  let network: PasstNetwork | null = null;
  const sockets: Socket[] = [];
  const { spec } = plan;
  try {
    await makeFolders(files);
    if (context.fence !== null) fence = await Fence.prepare(files, context.fence);
    if (context.served !== null) {
      const { program, folders } = context.served;
      servers = await FolderServers.start(program, folders, files.foldersLog, signal);
    }
    if (plan.passt != null) passtSocket = await PasstSocket.listen(files.passtSocket);
    throwIfCancelled(signal);
    const spawnedAtMs = clock.now();
    const recorder = new BootWatch(spawnedAtMs, true);
    // Without Nandu's kernel options the kernel logs no more than it always does.
    if (spec.bootDetail && spec.kernelDefaults) recorder.condition('detailed');
    qemu = await spawnQemu(argv, files.qemuLog, fence);
    const { pid, startTicks } = qemu;
    const host = watchHost(pid);
    const recorded = writeLaunchRecord(files.launchRecord, {
      ...{ formatVersion: 1, runId, machineId, uuid: plan.uuid },
      ...{ pid, startTicks, spawnedAtMs, argv, database: context.database },
      folderServers: [...(servers?.records ?? [])],
      ...{ accelerator: plan.accelerator, qemuVersion: context.qemuVersion, spec: plan.spec },
    });
    recorded.catch(() => undefined); // awaited below; must not count as unhandled until then
    const served = servers?.records.map((server) => server.pid) ?? [];
    const confined = confine([pid, ...served], runId, plan.spec, process.env);
    if (fence !== null) {
      const made = fence;
      void qemu.exited.then(() => made.dispose());
      await made.close(pid, plan.spec.portForwards, signal);
    }
    // From here on they end with QEMU, which is itself by now and waits for their answer.
    servers?.go();
    // QEMU connects before its monitor answers: both at once.
    const serving = passtSocket === null ? null : serveNetwork(passtSocket, qemu, context);
    serving?.catch(() => undefined); // awaited below; must not count as unhandled until then
    qmp = await untilExit(
      qemu,
      (race) => connectWithRetry(files.qmpSocket, { deadlineMs: monitorDeadlineMs, signal: race }),
      signal,
    );
    recorder.greeted(clock.now());
    network = await serving;
    const [consoleSocket, agentSocket, logSocket] = await Promise.all([
      connectSocket(files.consoleSocket, sockets),
      spec.devices.agent ? connectSocket(files.agentSocket, sockets) : null,
      spec.bootDetail ? connectSocket(files.bootLogSocket, sockets) : null,
    ]);
    throwIfCancelled(signal);

    const scanner = new ConsoleMarkScanner(spec.ready);
    let live: LiveRun | null = null;
    if (logSocket !== null) receiveKernelLog(logSocket, (text) => live?.kernelLogged(text));
    hub.reset();
    const consoleDrained = hub.attach(consoleSocket, {
      accelerator: plan.accelerator,
      log: spec.console === 'serial' ? null : { path: files.consoleLog, from: 0 },
      onOutput: (chunk) => {
        if (scanner.feed(chunk, clock.now())) live?.consoleMarked();
      },
      onProblem: context.onProblem,
    });
    const resumed = firstResume(qmp, qemu);
    live = new LiveRun(
      {
        ...{ runId, files, process: qemu, qmp, hub, scanner, recorder, consoleDrained },
        host,
        readiness: readinessOf(spec),
        kernelClock: hasTrueClock(plan) ? { unpacksItself: plan.unpacksItself === true } : null,
        acpi: plan.spec.board.acpi,
        marksExpected: plan.spec.initrd.kind === 'default',
        onProblem: context.onProblem,
        container: plan.container !== null,
        ...{ folders: servers, network },
        agent:
          agentSocket === null
            ? null
            : new AgentLink(
                agentSocket,
                records === null
                  ? null
                  : containerListener(
                      () => live,
                      () => Promise.resolve(records),
                    ),
              ),
      },
      listener,
    );
    // Its limits hold before the guest's first instruction. Without a service manager there are none.
    const unconfined = await confined;
    if (unconfined !== null && hasUserManager(process.env)) {
      context.onProblem(new Error(`The machine runs without limits of its own: ${unconfined}`));
    }
    await qmp.execute('cont', undefined, { signal });
    recorder.resumed(await resumed);
    live.bootBegins();
    await network?.begin();
    // The guest need not wait for the disk, but a run that could not be found again is no run.
    await recorded;
    live.supervise();
    return live;
  } catch (error) {
    const failure = await explain(error, qemu, files, argv, signal.aborted);
    for (const socket of sockets) socket.destroy();
    qmp?.close();
    if (qemu !== null) {
      qemu.kill('SIGKILL');
      await qemu.exited;
    }
    servers?.kill();
    await network?.dispose();
    await fence?.dispose();
    await rm(files.runDirectory, { recursive: true, force: true }).catch(context.onProblem);
    throw failure;
  } finally {
    passtSocket?.close();
  }
}

/** What means that a machine is ready. */
export function readinessOf(
  spec: Pick<MachineSpec, 'ready' | 'readyDeadlineSeconds' | 'devices' | 'container'>,
): Readiness {
  const { ready, readyDeadlineSeconds, devices } = spec;
  return { ready, readyDeadlineSeconds, agentTells: devices.agent, sign: readySignOf(spec) };
}

/** Emulated, a guest that was not told the counter's true rate tells its uptime wrong. */
function hasTrueClock({ accelerator, tscKHz, spec }: LaunchPlan): boolean {
  return accelerator === 'kvm' || (tscKHz !== null && spec.kernelDefaults);
}

function serveNetwork(
  socket: PasstSocket,
  qemu: QemuProcess,
  { plan, listener, signal }: LaunchContext,
): Promise<PasstNetwork> {
  const parts = {
    ...{ files: plan.files, program: () => Promise.resolve(plan.passt ?? null) },
    tell: (message: string) => listener.networkChanged?.(message),
  };
  return untilExit(
    qemu,
    (race) => PasstNetwork.serve(parts, socket, plan.spec.portForwards, race),
    signal,
  );
}

/**
 * What the agent tells goes to the run that there is by then.
 * @param configuration asked for when the guest waits for it.
 */
export function containerListener(
  live: () => LiveRun | null,
  configuration: () => Promise<readonly GuestRecord[]>,
): ContainerListener {
  return {
    configuration,
    started: () => live()?.commandStarted(clock.now()),
    exited: (exitCode, memoryKills) => live()?.commandExited({ exitCode, memoryKills }),
    failed: (error) => live()?.commandFailed(error),
  };
}

async function makeFolders(files: RunFiles): Promise<void> {
  try {
    await mkdir(files.logDirectory, { recursive: true, mode: 0o700 });
    await mkdir(files.runDirectory, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(files.logDirectory);
    if (bavail * bsize < minFreeBytes) throw diskFull(files.logDirectory);
  } catch (error) {
    if (error instanceof AppError) throw error;
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(files.logDirectory, error);
    if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
      throw new AppError('permission_denied', `Nandu may not write to “${path}”.`, {
        cause: error,
      });
    }
    throw error;
  }
}

function diskFull(path: string, cause?: unknown): AppError {
  return new AppError(
    'disk_full',
    `The disk is full: there is no room for the machine's logs in “${path}”. Free some space and start again.`,
    { cause, details: { path } },
  );
}

/** Runs `work`, but stops waiting as soon as the process is gone or the launch is called off. */
async function untilExit<T>(
  qemu: QemuProcess,
  work: (signal: AbortSignal) => Promise<T>,
  outer: AbortSignal,
): Promise<T> {
  const race = new AbortController();
  void qemu.exited.then(() => race.abort());
  return work(AbortSignal.any([race.signal, outer]));
}

/** When the guest's CPUs began to run, epoch milliseconds. */
function firstResume(qmp: QmpSession, qemu: QemuProcess): Promise<number> {
  const { promise, resolve, reject } = withResolvers<number>();
  const dispose = qmp.onEvent((event) => {
    if (event.event === 'RESUME') resolve(event.timestampMs ?? Date.now());
  });
  void qemu.exited.then(() => reject(new AppError('qemu_failed', 'QEMU ended.')));
  void qmp.closed.then(() => reject(new AppError('qmp_failed', 'QEMU’s monitor hung up.')));
  promise.catch(() => undefined).finally(dispose);
  return promise;
}

function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: Error) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Connects to one of QEMU's chardev sockets, which exist once the monitor answers. */
export async function connectSocket(path: string, opened: Socket[]): Promise<Socket> {
  const socket = createConnection(path);
  opened.push(socket);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new AppError('qemu_timeout', `QEMU does not answer on “${path}”.`)),
      socketDeadlineMs,
    );
    socket.once('connect', resolve).once('error', reject);
    socket.once('close', () => clearTimeout(timer)).once('connect', () => clearTimeout(timer));
  });
  return socket;
}

function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError('cancelled', 'The start was called off.');
}

/** Turns a failed launch into one error that carries the command, the exit and QEMU's last lines. */
async function explain(
  error: unknown,
  qemu: QemuProcess | null,
  files: RunFiles,
  argv: readonly string[],
  calledOff: boolean,
): Promise<unknown> {
  if (qemu === null) return error;
  const exit = await Promise.race([qemu.exited, delay(100, null)]);
  const log = (await readFile(files.qemuLog, 'utf8').catch(() => ''))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-20);
  const details = { argv, log, exitCode: exit?.code ?? null, signal: exit?.signal ?? null };
  // Then it was not QEMU yet that ended. Waiting for a process that is gone is "cancelled" as well.
  const early = error instanceof AppError && (calledOff || /^(network|port)_/.test(error.code));
  if (exit !== null && !early) {
    const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
    // Without the time, and without the option's own text, which can be a page of JSON; the log has it all.
    // QEMU ends the story of a locked image with a question; what happened stands before it.
    const last = log
      .findLast((line) => !line.startsWith('Is another process using'))
      ?.replace(/^\S+Z (?=qemu)/, '')
      .replace(/: (-\w+) \{.*\}: /, ': $1: ');
    return new AppError(
      'qemu_failed',
      `QEMU ended before the machine started (${how}).${last === undefined ? '' : ` It said: ${last}`}`,
      { cause: error, details },
    );
  }
  if (error instanceof AppError) {
    return new AppError(error.code, error.message, {
      cause: error,
      details: { ...details, ...error.details },
    });
  }
  return error;
}
