/** The main process's services without Electron: what integration tests drive. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { resolvePaths, runFiles, type Paths, type RunFiles } from '../../src/main/host/index.ts';
import { ImageService } from '../../src/main/images/index.ts';
import { LabService } from '../../src/main/lab/index.ts';
import { HostEnvironment, MachineManager, Planner } from '../../src/main/machines/index.ts';
import {
  ExperimentRepository,
  JournalRepository,
  MachineRepository,
  backUp,
  openOrRecover,
  ProbeRepository,
  RegistryStore,
  RunRepository,
  SecretStore,
  sessionOnly,
  type Cipher,
  WriteQueue,
} from '../../src/main/store/index.ts';
import {
  defaultSpec,
  type ExperimentSummary,
  type ImageView,
  type ImportProgress,
  type JournalEntry,
  type MachineId,
  type MachineSpec,
  type MachineState,
  type MachineView,
  type OnceEnded,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from './folders.ts';

export interface ServicesOptions {
  env?: Record<string, string>;
  registeredQemus?: string[];
  /** The desktop's secret store; by default there is none. */
  cipher?: Cipher;
}

/** One "app" without a window, on a data folder that may be opened again by the next one. */
export class Services {
  readonly paths: Paths;
  readonly host: HostEnvironment;
  readonly manager: MachineManager;
  readonly images: ImageService;
  readonly secrets: SecretStore;
  /** Every list of images that was announced, oldest first. */
  readonly listed: ImageView[][] = [];
  /** Every report on an import, oldest first. */
  readonly progressed: ImportProgress[] = [];
  readonly lab: LabService;
  /** Every report on an experiment, oldest first. */
  readonly experimented: ExperimentSummary[] = [];
  /** Every view that was reported, oldest first. */
  readonly history: MachineView[] = [];
  /** How machines ended that ran once. */
  readonly endedOnce: OnceEnded[] = [];
  /** Every journal entry that was written, oldest first. */
  readonly journal: JournalEntry[] = [];
  /** What went wrong beside the machines; a test that expects none looks. */
  readonly problems: unknown[] = [];
  readonly #writes: WriteQueue;
  readonly #database: ReturnType<typeof openOrRecover>['database'];
  /** What had to be done about a damaged database. */
  readonly recovered: ReturnType<typeof openOrRecover>['recovered'];
  readonly #watchers = new Set<() => void>();

  private constructor(dataDirectory: string, options: ServicesOptions) {
    const full = { ...process.env, NANDU_DATA_DIR: dataDirectory, ...options.env };
    this.paths = resolvePaths(full);
    for (const folder of [this.paths.data, this.paths.state, this.paths.runtime]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    const opened = openOrRecover({ path: this.paths.database });
    this.#database = opened.database;
    this.recovered = opened.recovered;
    this.host = new HostEnvironment({
      env: full,
      guestDirectory: this.paths.guest,
      probes: new ProbeRepository(this.#database),
      registeredQemus: () => options.registeredQemus ?? [],
      onChanged: () => undefined,
    });
    this.#writes = new WriteQueue({ onProblem: (_label, error) => this.problems.push(error) });
    const cipher = options.cipher ?? sessionOnly;
    this.secrets = new SecretStore(this.#database, cipher);
    this.images = new ImageService({
      folder: this.paths.images,
      registries: new RegistryStore(this.#database, cipher),
      machines: () => this.manager.list(),
      onListed: (images) => this.listed.push(images),
      onProgressed: (progress) => this.progressed.push(progress),
      onProblem: (error) => this.problems.push(error),
    });
    const containers = {
      find: (digest: string) => this.images.rootOf(digest),
      secretsOf: (id: MachineId) => this.secrets.valuesOf(id),
    };
    this.lab = new LabService({
      paths: this.paths,
      planner: new Planner(this.host, this.paths, containers),
      experiments: new ExperimentRepository(this.#database),
      onChanged: (summary) => {
        this.experimented.push(summary);
        for (const check of this.#watchers) check();
      },
      onProblem: (error) => this.problems.push(error),
    });
    this.manager = new MachineManager({
      paths: this.paths,
      host: this.host,
      machines: new MachineRepository(this.#database),
      runs: new RunRepository(this.#database),
      journal: new JournalRepository(this.#database),
      writes: this.#writes,
      onJournal: (entry) => this.journal.push(entry),
      onDefinitions: () => void this.images.announce(),
      onProblem: (error) => this.problems.push(error),
      onChanged: (view) => {
        this.history.push(view);
        for (const check of this.#watchers) check();
      },
      containers,
      onRemoved: (id, ended) => {
        this.secrets.forget(id);
        if (ended !== null) this.endedOnce.push(ended);
        for (const check of this.#watchers) check();
      },
    });
  }

  static async open(dataDirectory: string, options: ServicesOptions = {}): Promise<Services> {
    const services = new Services(dataDirectory, options);
    await Promise.all([services.manager.load(), services.lab.load()]);
    return services;
  }

  /** A definition that boots here; emulated, because a probe boot is a test of its own. */
  spec(change: Partial<MachineSpec> = {}): MachineSpec {
    return { ...defaultSpec, name: 'test', accelerator: 'tcg', ...change };
  }

  /** Resolves as soon as the machine is as wanted. */
  until(
    id: MachineId,
    wanted: (view: MachineView) => boolean,
    timeoutMs = 60_000,
  ): Promise<MachineView> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const view = this.manager.get(id);
        if (!wanted(view)) return;
        end();
        resolve(view);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`timed out; the machine is ${JSON.stringify(this.manager.get(id))}`));
      }, timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
      };
      this.#watchers.add(check);
      check();
    });
  }

  /** Resolves as soon as the newest report on the experiment is as wanted. */
  untilExperiment(
    wanted: (summary: ExperimentSummary) => boolean,
    timeoutMs = 120_000,
  ): Promise<ExperimentSummary> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const last = this.experimented.at(-1);
        if (last === undefined || !wanted(last)) return;
        end();
        resolve(last);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`timed out; the lab said ${JSON.stringify(this.experimented.at(-1))}`));
      }, timeoutMs);
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
      };
      this.#watchers.add(check);
      check();
    });
  }

  untilState(id: MachineId, state: MachineState): Promise<MachineView> {
    return this.until(id, (view) => view.state === state);
  }

  untilReady(id: MachineId): Promise<MachineView> {
    return this.until(id, (view) => view.run?.boot?.reached === 'ready');
  }

  /** The files of the machine's last run. */
  recordOf(id: MachineId): RunFiles {
    const { run } = this.manager.get(id);
    if (run === null) throw new Error('it never ran');
    return runFiles(this.paths, run.id);
  }

  /** What the app does a while after a definition changed. */
  backUp(): void {
    backUp(this.#database, { keep: 3 });
  }

  /** Writes what had to wait. @returns whether all is written. */
  flushWrites(): boolean {
    return this.#writes.flush();
  }

  /** Ends the "app"; machines go on when told so, as after a crash of it. */
  async close(parting: 'stop' | 'keep' = 'stop'): Promise<void> {
    await this.lab.dispose();
    if (parting === 'stop') await this.manager.stopAll();
    await this.manager.release();
    await this.host.dispose();
    this.images.dispose();
    this.#writes.flush();
    this.#writes.dispose();
    this.#database.close();
  }
}

/**
 * Runs `work` on a fresh data folder and leaves nothing behind: where it fails, whatever it was that it should have
 * stopped is ended.
 */
export async function withDataDirectory<T>(work: (path: string) => Promise<T>): Promise<T> {
  const path = temporaryDirectory();
  try {
    return await work(path);
  } catch (error) {
    endMachinesOf(path);
    throw error;
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

/** By pid, and only what was told to work in this folder: a pid may belong to somebody else by now. */
function endMachinesOf(dataDirectory: string): void {
  const { runtime } = resolvePaths({ NANDU_DATA_DIR: dataDirectory });
  if (!existsSync(runtime)) return;
  for (const run of readdirSync(runtime)) {
    const record = join(runtime, run, 'launch.json');
    if (!existsSync(record)) continue;
    const { pid } = JSON.parse(readFileSync(record, 'utf8')) as { pid: number };
    const command = `/proc/${pid}/cmdline`;
    if (!existsSync(command) || !readFileSync(command, 'utf8').includes(dataDirectory)) continue;
    process.kill(pid, 'SIGKILL');
  }
}
