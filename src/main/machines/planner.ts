/**
 * Turns a definition into a launch plan on this host, or says why that cannot be.
 * Starts nothing and stores nothing.
 */
import {
  AppError,
  type Accelerator,
  type CommandPreview,
  type Finding,
  type MachineId,
  type MachineSpec,
  type Run,
  type RunId,
} from '../../shared/index.ts';
import { configurationFrames } from '../agent/index.ts';
import { runFiles, type Paths, type RunFiles } from '../host/index.ts';
import { secondOfPort, type FenceTools } from '../network/index.ts';
import { canMountVirtiofs, readKernelFacts, type KernelFacts } from '../images/index.ts';
import {
  buildArgv,
  commandDifference,
  shellScript,
  transportIn,
  type LaunchPlan,
  type SharedFolder,
} from '../qemu/index.ts';
import type { HostEnvironment } from './host-environment.ts';
import { checkOptions, fenceFindingCode, type OptionContext } from './option-check/index.ts';
import { missingOf, type KnownQemu } from './qemu-registry.ts';
import { checkFiles, checkKeptDisk } from './file-check.ts';
import { shareFolders } from './folder-sharing.ts';
import type { ServedFolders } from './launch.ts';
import { checkSpec, type BootFiles } from './spec-check.ts';
import { commandOf, containerRecords } from './container-config.ts';
import {
  imageMissing,
  keptDiskPath,
  planContainer,
  sharedAs,
  type ContainerSource,
  type FolderSharing,
  type PlannedContainer,
  type SecretsWanted,
} from './container-plan.ts';

/** A plan with what the run remembers beside it. */
export interface PlannedLaunch {
  readonly plan: LaunchPlan;
  readonly qemuVersion: string;
  /** What the network is fenced in with; null where it is not. */
  readonly fence: FenceTools | null;
  /** Null for a machine that runs no container. */
  readonly container: PlannedContainer | null;
  /** Folders with servers of their own; null where there are none. */
  readonly served: ServedFolders | null;
}

/** Plans launches on one host. */
export class Planner {
  readonly #host: HostEnvironment;
  readonly #paths: Paths;
  readonly #containers: ContainerSource;

  constructor(host: HostEnvironment, paths: Paths, containers: ContainerSource) {
    this.#host = host;
    this.#paths = paths;
    this.#containers = containers;
  }

  /**
   * What the agent of a run is told that waits for it still.
   * @param argv the run's command, which has its folders one way or the other.
   * @throws AppError as {@link planContainer}.
   */
  async container(
    machineId: MachineId,
    spec: MachineSpec,
    argv: readonly string[],
  ): Promise<PlannedContainer | null> {
    return planContainer(
      ...([machineId, spec, this.#containers, this.#paths, 'with-secrets'] as const),
      sharedAs((index) => transportIn(argv, index)),
    );
  }

  /** Whether a plan for it would have to wait for a probe boot. */
  async mustProbe(spec: MachineSpec): Promise<boolean> {
    if (spec.accelerator === 'tcg') return false;
    return this.#host.kvmOf(await this.#host.qemu(spec.qemuPath)).state === 'probing';
  }

  /**
   * @throws AppError with `details.field` where one is at fault: what {@link checkSpec} finds, `unsupported`
   *   for options that cannot work, `network_unavailable`, `qemu_missing`, `qemu_failed`, `socket_path_too_long`, and what
   *   {@link planContainer} finds.
   */
  async plan(
    machineId: MachineId,
    runId: RunId,
    spec: MachineSpec,
    secrets: SecretsWanted = 'with-secrets',
    network: 'any-network' | 'without-passt' = 'any-network',
  ): Promise<PlannedLaunch> {
    const files = runFiles(this.#paths, runId);
    const bootFiles = await checkSpec(spec, await this.#host.status());
    const qemu = await this.#host.qemu(spec.qemuPath);
    const accelerator = await this.#host.accelerator(spec.accelerator, qemu);
    const context = await this.#context(spec, qemu, accelerator);
    const findings = [...(await checkFiles(spec)), ...checkOptions(spec, context)];
    const worst = findings.find(({ level }) => level === 'error');
    if (worst !== undefined) {
      const code = worst.code === fenceFindingCode ? 'network_unavailable' : 'unsupported';
      throw new AppError(code, worst.message, {
        details: { field: worst.field, finding: worst.code, mend: worst.mend },
      });
    }
    const container = await planContainer(
      ...([machineId, spec, this.#containers, this.#paths, secrets] as const),
      this.#sharing(spec, qemu, bootFiles, files),
    );
    const plan: LaunchPlan = {
      ...{ ...bootFiles, spec, accelerator, files },
      tscKHz: this.#host.tscKHz,
      qemuPath: qemu.binary.path,
      uuid: machineId,
      firmware: firmwareOf(spec, qemu),
      sandbox: qemu.capabilities?.sandbox ?? true,
      container: container?.devices ?? null,
      passt: network === 'without-passt' ? null : await this.#passtFor(spec, qemu),
      unpacksItself: context.kernel?.format === 'bzImage',
    };
    const fence = spec.network === 'internet' ? this.#host.fence.tools : null;
    const served = servedOf(container?.devices.folders ?? [], this.#host);
    return { plan, qemuVersion: qemu.binary.version, container, fence, served };
  }

  /** Where a definition and a QEMU can have it. */
  async #passtFor(
    { network, portForwards }: MachineSpec,
    { capabilities }: KnownQemu,
  ): Promise<string | null> {
    const has = (name: string): boolean => capabilities?.netdevs.includes(name) === true;
    if (network !== 'full' || !has('stream') || !has('hubport')) return null;
    if (secondOfPort(portForwards) >= 0) return null;
    return (await this.#host.findPasst()).program;
  }

  #sharing(
    spec: MachineSpec,
    { capabilities }: KnownQemu,
    { initrdPath }: BootFiles,
    files: RunFiles,
  ): FolderSharing {
    return async (container, image) => {
      if (container.folders.length === 0) return [];
      const { wanted, ...server } = await this.#host.findFolderSharing();
      const has = (device: string, object: string): boolean =>
        capabilities?.devices.includes(device) === true && capabilities.objects.includes(object);
      // A kernel of the person's own has its modules elsewhere.
      const own = spec.kernel.kind === 'file' ? null : this.#host.ownKernel(spec.kernel.kind);
      return shareFolders(container, image, {
        ...{ server, wanted, files },
        qemuCan: has('vhost-user-fs-device', 'memory-backend-memfd'),
        kernelCan: await canMountVirtiofs({
          configPath: own?.configPath ?? null,
          modulesPath: own === null ? null : initrdPath,
        }),
      });
    };
  }

  /** All that is wrong with a definition here; never throws for what is wrong with it. */
  async check(spec: MachineSpec, id: MachineId | null = null): Promise<Finding[]> {
    const findings: Finding[] = [];
    const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const field = error.details['field'];
        findings.push({
          ...{ level: 'error', code: error.code, message: error.message, mend: null },
          field: typeof field === 'string' ? field : '',
        });
        return null;
      }
    };
    const status = await this.#host.status();
    await attempt(() => checkSpec(spec, status));
    await attempt(() => this.#checkContainer(spec, id));
    if (id !== null) findings.push(...(await checkKeptDisk(spec, keptDiskPath(this.#paths, id))));
    findings.push(...(await checkFiles(spec)));
    const qemu = await attempt(() => this.#host.qemu(spec.qemuPath));
    if (qemu !== null) {
      const accelerator = this.#host.likelyAccelerator(spec.accelerator, qemu);
      findings.push(...checkOptions(spec, await this.#context(spec, qemu, accelerator)));
    }
    return findings;
  }

  /** A definition that has no machine yet has no secrets' values yet either. */
  async #checkContainer(spec: MachineSpec, id: MachineId | null): Promise<void> {
    const { container } = spec;
    if (container === null) return;
    const image = await this.#containers.find(container.digest);
    if (image === null) throw imageMissing(container);
    if (id === null) commandOf(container, image.config);
    else containerRecords(spec, container, image.config, this.#containers.secretsOf(id));
  }

  /** The command of the next start, against that of the last run. */
  async preview(
    machineId: MachineId,
    runId: RunId,
    spec: MachineSpec,
    last: Run | null,
  ): Promise<CommandPreview> {
    const { plan } = await this.plan(machineId, runId, spec, 'without-secrets');
    const argv = buildArgv(plan);
    // Nobody is there to start servers for its folders.
    const alone = await planContainer(
      ...([machineId, spec, this.#containers, this.#paths, 'without-secrets'] as const),
      sharedAs(() => '9p'),
    );
    return {
      argv,
      script: shellScript(plan, alone === null ? null : configurationFrames(alone.records)),
      difference:
        last === null
          ? null
          : {
              runNumber: last.number,
              lines: commandDifference({ argv: last.argv, runId: last.id }, { argv, runId }),
            },
    };
  }

  async #context(
    spec: MachineSpec,
    qemu: KnownQemu,
    accelerator: Accelerator,
  ): Promise<OptionContext> {
    const { cpuCount } = await this.#host.status();
    const kvm = this.#host.kvmOf(qemu);
    return {
      ...{ accelerator, cpuCount },
      missing: missingOf(qemu),
      cpuModels: qemu.capabilities?.cpuModels ?? [],
      kvmProblem: kvm.state === 'unusable' ? kvm.reason : null,
      qemuVersion: qemu.binary.version,
      kernel: await this.#kernelFacts(spec),
      tscDeadlineTimer: this.#host.tscDeadlineTimer,
      tscKHz: this.#host.tscKHz,
      vhostVsock: this.#host.vhostVsock,
      fenceProblem: spec.network === 'internet' ? (await this.#host.findFence()).problem : null,
    };
  }

  async #kernelFacts(spec: MachineSpec): Promise<KernelFacts | null> {
    const { kernel } = spec;
    try {
      if (kernel.kind === 'file') return await readKernelFacts(kernel.path, null);
      const own = this.#host.ownKernel(kernel.kind);
      return own === null ? null : await readKernelFacts(own.kernelPath, own.configPath);
    } catch (error) {
      if (error instanceof AppError) return null; // what is wrong with the file is said by checkSpec
      throw error;
    }
  }
}

function servedOf(
  shared: readonly SharedFolder[],
  { folderSharing: { program } }: HostEnvironment,
): ServedFolders | null {
  const folders = shared.flatMap(({ hostPath: path, readOnly, socketPath }) =>
    socketPath === null ? [] : [{ path, readOnly, socketPath }],
  );
  return program === null || folders.length === 0 ? null : { program, folders };
}

/** For `-bios`. QEMU finds qboot by its name; SeaBIOS's build may hide behind another file's. */
function firmwareOf({ firmware }: MachineSpec, { capabilities }: KnownQemu): string | null {
  switch (firmware.kind) {
    case 'automatic':
      return null;
    case 'qboot':
      return 'qboot.rom';
    case 'seabios':
      return capabilities?.firmware.seabios ?? 'bios-microvm.bin';
    case 'file':
      return firmware.path;
  }
}
