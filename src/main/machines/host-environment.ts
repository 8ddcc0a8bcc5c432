/**
 * What this host offers to machines: QEMU, the guest kernel, memory, and which accelerator really works.
 * Finds out and remembers; it never starts a machine of the user's.
 */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import {
  AppError,
  toErrorData,
  type Accelerator,
  type AcceleratorChoice,
  type GuestKernel,
  type HostStatus,
  type KvmStatus,
} from '../../shared/index.ts';
import { measureTscKHz } from '../host/index.ts';
import {
  loadGuestFiles,
  type GuestFiles,
  type GuestKernel as PreparedKernel,
} from '../images/index.ts';
import { findFolderServer, type FolderServerAvailability } from '../folders/index.ts';
import {
  tryFence,
  tryPasst,
  type FenceAvailability,
  type PasstAvailability,
} from '../network/index.ts';
import type { ProbeRepository } from '../store/index.ts';
import { KvmProber } from './kvm-prober.ts';
import { QemuRegistry, type KnownQemu } from './qemu-registry.ts';

/** What {@link HostEnvironment} is built from. */
export interface HostEnvironmentOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly guestDirectory: string;
  readonly probes: ProbeRepository;
  /** QEMU binaries that a person registered. */
  readonly registeredQemus: () => readonly string[];
  /** How folders are to be shared, as a person chose it; automatic where nobody can. */
  readonly sharedFolders?: () => 'automatic' | '9p';
  readonly onChanged: (status: HostStatus) => void;
  /** What else stands in the way of the person's machines. */
  readonly moreProblems?: () => readonly AppError[];
}

/** A guest kernel of Nandu's with what is known about it. */
export interface OwnKernel extends GuestKernel {
  readonly configPath: string | null;
}

/** The host as machines see it. */
export class HostEnvironment {
  readonly #options: HostEnvironmentOptions;
  readonly #qemus: QemuRegistry;
  readonly #kvm: KvmProber;
  #guest: GuestFiles | AppError | null = null;
  #tscKHz: number | null = null;
  #memoryMiB = 0;
  #tscDeadlineTimer = false;
  #vhostVsock = false;
  #fence: FenceAvailability = { tools: null, problem: 'Nobody has looked yet.', missing: [] };
  #passt: PasstAvailability = { program: null, problem: 'Nobody has looked yet.' };
  #folderServer: FolderServerAvailability = { program: null, problem: 'Nobody has looked yet.' };
  #looked: Promise<void> | null = null;

  constructor(options: HostEnvironmentOptions) {
    this.#options = options;
    this.#qemus = new QemuRegistry({ ...options, registered: options.registeredQemus });
    this.#kvm = new KvmProber(options.probes);
  }

  /** Looks once; later calls share the result until {@link refresh}. */
  async status(): Promise<HostStatus> {
    await (this.#looked ??= this.#look(false));
    return this.#status();
  }

  /** Looks again at everything, past any cache. */
  async refresh(): Promise<HostStatus> {
    this.#looked = this.#look(true);
    await this.#looked;
    return this.#status();
  }

  /** @throws AppError `qemu_missing`, `qemu_failed`. */
  async qemu(path: string | null): Promise<KnownQemu> {
    await this.status();
    return this.#qemus.find(path);
  }

  /** Null when set-up has prepared none. */
  get defaultKernel(): OwnKernel | null {
    return this.ownKernel('default');
  }

  /** The kernel of one of these choices: the ELF, which starts fastest. Null when nobody made it. */
  ownKernel(kind: 'default' | 'fast'): OwnKernel | null {
    if (this.#guest === null || this.#guest instanceof AppError) return null;
    const { kernels, fast } = this.#guest;
    const kernel = kind === 'fast' ? fast : kernels[0];
    return kernel === null ? null : ownKernelOf(kernel);
  }

  /** The rate of the time stamp counter, which emulated guests read; null where it is not known. */
  get tscKHz(): number | null {
    return this.#tscKHz;
  }

  /** Whether the CPU has the TSC deadline timer. */
  get tscDeadlineTimer(): boolean {
    return this.#tscDeadlineTimer;
  }

  /** Whether /dev/vhost-vsock may be used. */
  get vhostVsock(): boolean {
    return this.#vhostVsock;
  }

  /** Whether a network can be fenced in here, and with what, as it was found out last. */
  get fence(): FenceAvailability {
    return this.#fence;
  }

  /** Looks again where there was a problem: what it says to install may be there by now. */
  async findFence(): Promise<FenceAvailability> {
    await this.status();
    if (this.#fence.problem !== null) this.#fence = await tryFence(this.#options.env);
    return this.#fence;
  }

  /** The passt that can serve networks here, as it was found out last. */
  get passt(): PasstAvailability {
    return this.#passt;
  }

  /** Looks again: it may have been installed, exchanged or removed. */
  async findPasst(): Promise<PasstAvailability> {
    await this.status();
    this.#passt = await tryPasst(this.#options.env);
    return this.#passt;
  }

  /** What shares folders by virtiofs here, as it was found out last, and whether it is wanted. */
  get folderSharing(): FolderServerAvailability & { readonly wanted: 'automatic' | '9p' } {
    return { ...this.#folderServer, wanted: this.#options.sharedFolders?.() ?? 'automatic' };
  }

  /** Looks again where there is none: one may have been installed. */
  async findFolderSharing(): Promise<HostEnvironment['folderSharing']> {
    await this.status();
    if (this.#folderServer.program === null) {
      this.#folderServer = await findFolderServer(this.#options.env);
    }
    return this.folderSharing;
  }

  /**
   * Resolves `auto`. May take as long as a probe boot the first time on a host with /dev/kvm.
   * @throws AppError `invalid_input` when KVM is demanded where it does not work.
   */
  async accelerator(choice: AcceleratorChoice, qemu: KnownQemu): Promise<Accelerator> {
    if (choice === 'tcg') return 'tcg';
    await this.status();
    const kernel = this.defaultKernel;
    const verdict = kernel === null ? null : await this.#kvm.verdict(qemu.binary, kernel);
    if (verdict?.works === true) return 'kvm';
    if (choice === 'auto') return 'tcg';
    throw new AppError(
      'invalid_input',
      `KVM does not work here. ${verdict?.reason ?? ''} Choose “Automatic” or emulation.`,
      { details: { field: 'accelerator' } },
    );
  }

  /** What `auto` comes to as far as is known now, without waiting for a probe. */
  likelyAccelerator(choice: AcceleratorChoice, qemu: KnownQemu): Accelerator {
    if (choice !== 'auto') return choice;
    return this.kvmOf(qemu).state === 'works' ? 'kvm' : 'tcg';
  }

  /** Resolves when no probe boot of the default QEMU is under way. */
  async probed(): Promise<void> {
    const qemu = this.#qemus.default;
    const kernel = this.defaultKernel;
    if (!(qemu instanceof AppError) && kernel !== null) {
      await this.#kvm.verdict(qemu.binary, kernel);
    }
  }

  kvmOf(qemu: KnownQemu): KvmStatus {
    const kernel = this.defaultKernel;
    if (kernel === null) return { state: 'unknown', reason: '' };
    return this.#kvm.status(qemu.binary, kernel);
  }

  /** Ends a probe boot under way. */
  async dispose(): Promise<void> {
    this.#qemus.dispose();
    await this.#kvm.dispose();
  }

  async #look(again: boolean): Promise<void> {
    const { guestDirectory, onChanged, env } = this.#options;
    const [guest, memory, cpu, vsock, fence, folderServer, passt] = await Promise.allSettled([
      loadGuestFiles(guestDirectory),
      readMemoryMiB(),
      readFile('/proc/cpuinfo', 'utf8'),
      access('/dev/vhost-vsock', constants.R_OK | constants.W_OK),
      tryFence(env),
      findFolderServer(env, again),
      tryPasst(env, again),
      this.#qemus.look(again),
    ]);
    this.#memoryMiB = memory.status === 'fulfilled' ? memory.value : 0;
    this.#guest = guest.status === 'fulfilled' ? guest.value : asAppError(guest.reason);
    if (guest.status === 'fulfilled') {
      this.#tscKHz ??= await measureTscKHz(guest.value.tscRatePath);
    }
    this.#tscDeadlineTimer =
      cpu.status === 'fulfilled' && /^flags\s*:.*\btsc_deadline_timer\b/m.test(cpu.value);
    this.#vhostVsock = vsock.status === 'fulfilled';
    if (fence.status === 'fulfilled') this.#fence = fence.value;
    if (passt.status === 'fulfilled') this.#passt = passt.value;
    if (folderServer.status === 'fulfilled') this.#folderServer = folderServer.value;
    const qemu = this.#qemus.default;
    if (this.defaultKernel !== null && !(qemu instanceof AppError)) {
      void this.#kvm
        .verdict(qemu.binary, this.defaultKernel, again)
        .then(() => onChanged(this.#status()));
    }
    onChanged(this.#status());
  }

  #status(): HostStatus {
    const qemu = this.#qemus.default;
    const guest = this.#guest;
    const { path, version } = qemu instanceof AppError ? { path: '', version: '' } : qemu.binary;
    return {
      qemu: qemu instanceof AppError ? null : { path, version },
      qemus: this.#qemus.list(),
      problems: [qemu, guest, ...(this.#options.moreProblems?.() ?? [])]
        .filter((found) => found instanceof AppError)
        .map(toErrorData),
      kvm: qemu instanceof AppError ? { state: 'unknown', reason: '' } : this.kvmOf(qemu),
      memoryMiB: this.#memoryMiB,
      cpuCount: availableParallelism(),
      defaultKernel: this.defaultKernel,
      fastKernel: this.ownKernel('fast'),
    };
  }
}

function ownKernelOf({ id, title, release, ...paths }: PreparedKernel): OwnKernel {
  const { vmlinuxPath: kernelPath, bzImagePath, initrdPath, configPath } = paths;
  return { id, title, release, kernelPath, bzImagePath, initrdPath, configPath };
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { message } = toErrorData(error);
  return new AppError('internal', message, { cause: error });
}

/** The memory of this computer (proc(5), "meminfo"). */
async function readMemoryMiB(): Promise<number> {
  const kiB = /^MemTotal:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
  return Math.floor(Number(kiB) / 1024);
}
