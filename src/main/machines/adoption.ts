/**
 * Takes over machines that outlived the app, or says that they are gone.
 * Pid and process start time must agree, and either the answer of `query-uuid` or, where the monitor does
 * not answer, the very command the process was started with; anything else is not ours and is never signalled.
 */
import { rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { MachineId, MachineSpec, PortForward, Run } from '../../shared/index.ts';
import { AgentLink, type GuestRecord } from '../agent/index.ts';
import { BootWatch, ConsoleMarkScanner, EpochClock } from '../boot/index.ts';
import { logSize } from '../console/index.ts';
import { endServer, FolderServers } from '../folders/index.ts';
import {
  findByCommand,
  isAlive,
  runsWith,
  runFiles,
  type Paths,
  type RunFiles,
} from '../host/index.ts';
import {
  findPasst,
  inOrderOf,
  PasstNetwork,
  startedWithPasst,
  untilPasstIsGone,
} from '../network/index.ts';
import { watchProcess } from '../qemu/index.ts';
import { QmpSession } from '../qmp/index.ts';
import { forwardsOf, humanMonitor } from './forwards-of.ts';
import { nothingWatched } from './boot-load.ts';
import { connectSocket, containerListener, readinessOf } from './launch.ts';
import { readLaunchRecord, type LaunchRecord } from './launch-record.ts';
import { LiveRun } from './live-run.ts';
import { explainLoss } from './loss.ts';
import type { Machine } from './machine.ts';

const monitorDeadlineMs = 1_500;
/** A process that was suspended, or whose host swaps, may answer later. */
const retryMs = 2_000;

const clock = new EpochClock();

/**
 * Connects the machine to its process, or ends the run as lost.
 * @param runSpec the definition that the run was started with; null when that is not known.
 * @param signal ends the watching of the process when the app ends.
 */
export async function adoptRun(
  machine: Machine,
  run: Run,
  runSpec: MachineSpec | null,
  paths: Paths,
  signal: AbortSignal,
  onProblem: (error: unknown) => void,
  { configure, passtProgram }: AdoptionSources,
): Promise<void> {
  const files = runFiles(paths, run.id);
  const record = await findProcess(machine, run, files, paths);
  const lose = async (): Promise<void> => {
    const { end, endedAtMs } = await explainLoss(files);
    // What an end that nobody saw has left: dead sockets, the record, the guest's memory. A server of a
    // folder goes with its QEMU, unless that died before it had connected.
    const left = await readLaunchRecord(files.launchRecord);
    if (left?.runId === run.id) left.folderServers.forEach(endServer);
    const passt = findPasst(files.passtLog);
    if (passt !== null) await untilPasstIsGone(passt);
    await rm(files.runDirectory, { recursive: true, force: true }).catch(onProblem);
    try {
      machine.hub.loadOnce(files.consoleLog);
    } catch (error) {
      onProblem(error); // a log that cannot be read must not keep the run from being ended
    }
    machine.lose(run, end, endedAtMs);
  };
  if (record === null) return lose();
  const sources = { configure, passtProgram };
  const candidate = { machine, run, runSpec, files, record, signal, onProblem, ...sources };
  if (await reconnect(candidate)) return;
  if (signal.aborted) return; // the app ends: the next one looks again
  if (!isAlive(record)) return lose();
  // Somebody else's process, with the pid and the start time that ours had: nothing of it is touched.
  if (!runsWith(record.pid, record.argv)) return lose();
  takeUnreachable(candidate);
  void keepTrying(candidate);
}

interface Candidate extends AdoptionSources {
  readonly machine: Machine;
  readonly run: Run;
  readonly runSpec: MachineSpec | null;
  readonly files: RunFiles;
  readonly record: LaunchRecord;
  readonly signal: AbortSignal;
  readonly onProblem: (error: unknown) => void;
}

/** What a run that is taken over may need of what others know. */
export interface AdoptionSources {
  readonly configure: ContainerConfiguration;
  /** For the next passt, should the one that serves its network end. */
  readonly passtProgram: () => Promise<string | null>;
}

/** What the agent is to be told, where the guest still waits for it. */
export type ContainerConfiguration = (
  machineId: MachineId,
  runSpec: MachineSpec | null,
  argv: readonly string[],
) => Promise<readonly GuestRecord[]>;

/**
 * The run's process by its record; where that is gone, or was not written yet when the app died, the
 * process that was started with the very command that the database has, which names the run's own folders.
 */
async function findProcess(
  machine: Machine,
  run: Run,
  files: RunFiles,
  paths: Paths,
): Promise<LaunchRecord | null> {
  const record = await readLaunchRecord(files.launchRecord);
  if (record?.runId === run.id && record.machineId === machine.id) {
    return isAlive(record) ? record : null;
  }
  const identity = findByCommand(run.argv);
  if (identity === null) return null;
  return {
    ...{ formatVersion: 1, runId: run.id, machineId: machine.id, uuid: machine.id, ...identity },
    ...{ spawnedAtMs: run.startedAtMs, argv: run.argv, database: paths.database },
    ...{ accelerator: run.accelerator, qemuVersion: run.qemuVersion, spec: null },
    folderServers: [],
  };
}

/** @returns whether the monitor answered and was the right one. */
async function reconnect(candidate: Candidate): Promise<boolean> {
  const { machine, run, runSpec, files, record, signal, onProblem, configure } = candidate;
  const container = hasContainer(record);
  const sockets: Socket[] = [];
  let qmp: QmpSession | null = null;
  try {
    qmp = await QmpSession.connect(files.qmpSocket, { deadlineMs: monitorDeadlineMs, signal });
    const { UUID: uuid } = await qmp.execute('query-uuid', undefined, { signal });
    if (uuid !== machine.id) throw new Error('another machine answers on this socket');
    const { running, status } = await qmp.execute('query-status', undefined, { signal });
    const log = hasVirtioConsole(record)
      ? { path: files.consoleLog, from: logSize(files.consoleLog) }
      : null;
    const consoleSocket = await connectSocket(files.consoleSocket, sockets);
    const agentSocket = record.argv.some((word) => word.startsWith('socket,id=agent,'))
      ? await connectSocket(files.agentSocket, sockets)
      : null;
    const network = await networkOf(candidate, qmp);
    const openForwards = network?.forwards ?? (await openForwardsOf(qmp, runSpec, files));
    // One whose deadline is over is not waited for again.
    const waited = run.boot?.conditions.includes('deadline') === true;
    const booting = run.boot?.reached !== 'ready' && !waited;
    const readiness = readinessOf(runSpec ?? machine.spec);
    // It may have been stopped, or taken over, while this waited.
    const unreachable = machine.live?.reachable === false && machine.state !== 'stopping';
    if (machine.active && !unreachable) throw new Error('nobody waits for this connection');
    // From here to the end nothing waits: there is always exactly one who answers for the process.
    const { process } = machine.live ?? { process: watchProcess(record, signal) };
    machine.release();
    // What was heard while it could not be talked to counts.
    const latest = machine.view.run?.id === run.id ? machine.view.run : run;
    const scanner = new ConsoleMarkScanner(readiness.ready);
    let live: LiveRun | null = null;
    // A console that follows its log reads its past by itself.
    if (log === null) machine.hub.loadOnce(files.consoleLog);
    const consoleDrained = machine.hub.attach(consoleSocket, {
      ...{ accelerator: run.accelerator, log, onProblem },
      onOutput: (chunk) => {
        if (booting && scanner.feed(chunk, clock.now())) live?.consoleMarked();
      },
    });
    live = new LiveRun(
      {
        ...{ runId: run.id, files, qmp, hub: machine.hub, consoleDrained, scanner },
        ...{ acpi: hasAcpi(record), onProblem },
        ...{ process, marksExpected: false },
        ...{ container, folders: foldersOf(record, files, signal), network },
        agent:
          agentSocket === null
            ? null
            : new AgentLink(
                agentSocket,
                container
                  ? containerListener(
                      () => live,
                      () => configure(machine.id, runSpec, record.argv),
                    )
                  : null,
                true,
              ),
        // A boot that goes on is watched to its end; what came before is in the trace.
        recorder: booting ? watchOf(record) : null,
        kernelClock: null,
        ...{ readiness, host: nothingWatched },
      },
      machine.listener,
      !running,
    );
    const runsNow = withForwards(runSpec, openForwards, machine.spec);
    machine.adopt(latest, live, running ? 'running' : 'paused', runsNow);
    live.supervise();
    if (booting) {
      live.bootBegins(Math.max(0, Date.now() - record.spawnedAtMs));
      live.tellBoot();
    }
    // The app died between QEMU's start and the guest's: then the start is finished here.
    if (status === 'prelaunch') live.resume().catch(onProblem);
    return true;
  } catch {
    // Its sockets are gone, silent, or answer for another.
    for (const socket of sockets) socket.destroy();
    qmp?.close();
    return false;
  }
}

/** Null where passt did not serve it from the start. */
async function networkOf(
  { machine, files, record, passtProgram: program }: Candidate,
  qmp: QmpSession,
): Promise<PasstNetwork | null> {
  if (!startedWithPasst(record.argv)) return null;
  const tell = (message: string): void => machine.listener.networkChanged?.(message);
  const human = humanMonitor(qmp);
  // Where it ended meanwhile, the definition has the ports: they were changed together.
  return PasstNetwork.find({ files, program, tell }, human, machine.spec.portForwards);
}

/** They may have changed since the start; null where there are none, or nobody can tell now. */
async function openForwardsOf(
  qmp: QmpSession,
  runSpec: MachineSpec | null,
  files: RunFiles,
): Promise<PortForward[] | null> {
  if (runSpec === null || runSpec.network === 'offline') return null;
  const fence = runSpec.network === 'internet' ? files.fenceSocket : null;
  return forwardsOf(qmp, fence)
    .list()
    .catch(() => null);
}

function withForwards(
  runSpec: MachineSpec | null,
  open: readonly PortForward[] | null,
  wanted: MachineSpec,
): MachineSpec | null {
  if (runSpec === null || open === null) return runSpec;
  return { ...runSpec, portForwards: inOrderOf(open, wanted.portForwards) };
}

/** The process is ours by its command, but cannot be talked to. */
function takeUnreachable({
  machine,
  run,
  runSpec,
  files,
  record,
  signal,
  onProblem,
}: Candidate): void {
  machine.hub.loadOnce(files.consoleLog);
  const live = new LiveRun(
    {
      ...{
        runId: run.id,
        files,
        qmp: null,
        hub: machine.hub,
        agent: null,
        recorder: null,
        kernelClock: null,
        readiness: readinessOf(runSpec ?? machine.spec),
        host: nothingWatched,
      },
      ...{ acpi: hasAcpi(record), onProblem, marksExpected: false },
      ...{ container: false, folders: foldersOf(record, files, signal), network: null },
      process: watchProcess(record, signal),
      scanner: new ConsoleMarkScanner(),
      consoleDrained: Promise.resolve(),
    },
    machine.listener,
  );
  machine.adopt(run, live, 'running', runSpec);
  live.supervise();
  live.look();
}

/** Connects again to a run of this app whose monitor hung up. @throws never. */
export async function reconnectRun(
  machine: Machine,
  run: Run,
  paths: Paths,
  signal: AbortSignal,
  onProblem: (error: unknown) => void,
  sources: AdoptionSources,
): Promise<void> {
  const files = runFiles(paths, run.id);
  const record = await findProcess(machine, run, files, paths);
  if (record === null) return; // it ends, which is told by another way
  const runSpec = machine.runSpec;
  await keepTrying({ machine, run, runSpec, files, record, signal, onProblem, ...sources });
}

async function keepTrying(candidate: Candidate): Promise<void> {
  const { machine, run, record, signal } = candidate;
  while (!signal.aborted && isAlive(record) && machine.view.run?.id === run.id) {
    await delay(retryMs, undefined, { signal }).catch(() => undefined);
    if (machine.live?.reachable !== false || !machine.active) return;
    if (await reconnect(candidate)) return;
  }
}

function foldersOf(
  { folderServers }: LaunchRecord,
  { foldersLog }: RunFiles,
  signal: AbortSignal,
): FolderServers | null {
  if (folderServers.length === 0) return null;
  return FolderServers.adopt(folderServers, foldersLog, signal);
}

/** What the boot's start looked like is known no more, but for what its command tells. */
function watchOf({ spawnedAtMs, argv }: LaunchRecord): BootWatch {
  const watch = new BootWatch(spawnedAtMs, false);
  if (argv.some((word) => word.includes(' nandu.bootlog'))) watch.condition('detailed');
  return watch;
}

function hasContainer({ argv }: LaunchRecord): boolean {
  return argv.some((word) => word.endsWith(',serial=nandu-root'));
}

function hasVirtioConsole({ argv }: LaunchRecord): boolean {
  return argv.includes('virtconsole,chardev=console');
}

function hasAcpi({ argv }: LaunchRecord): boolean {
  return argv.some((word) => /^microvm,.*\bacpi=on\b/.test(word));
}
