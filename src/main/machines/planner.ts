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
import { runFiles, type Paths } from '../host/index.ts';
import type { FenceTools } from '../network/index.ts';
import { readKernelFacts, type KernelFacts } from '../images/index.ts';
import { buildArgv, commandDifference, shellScript, type LaunchPlan } from '../qemu/index.ts';
import type { HostEnvironment } from './host-environment.ts';
import { checkOptions, fenceFindingCode, type OptionContext } from './option-check/index.ts';
import { missingOf, type KnownQemu } from './qemu-registry.ts';
import { checkFiles, checkKeptDisk } from './file-check.ts';
import { checkSpec } from './spec-check.ts';
import { commandOf, containerRecords } from './container-config.ts';
import {
  imageMissing,
  keptDiskPath,
  planContainer,
  type ContainerSource,
  type PlannedContainer,
} from './container-plan.ts';

/** A plan with what the run remembers beside it. */
export interface PlannedLaunch {
  readonly plan: LaunchPlan;
  readonly qemuVersion: string;
  /** What the network is fenced in with; null where it is not. */
  readonly fence: FenceTools | null;
  /** Null for a machine that runs no container. */
  readonly container: PlannedContainer | null;
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

  /** What the agent of a run is told that waits for it still. @throws AppError as {@link planContainer}. */
  async container(machineId: MachineId, spec: MachineSpec): Promise<PlannedContainer | null> {
    return planContainer(machineId, spec, this.#containers, this.#paths, 'with-secrets');
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
    secrets: 'with-secrets' | 'without-secrets' = 'with-secrets',
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
    );
    const plan: LaunchPlan = {
      ...{ ...bootFiles, spec, accelerator, files },
      qemuPath: qemu.binary.path,
      uuid: machineId,
      firmware: firmwareOf(spec, qemu),
      sandbox: qemu.capabilities?.sandbox ?? true,
      container: container?.devices ?? null,
    };
    const fence = spec.network === 'internet' ? this.#host.fence.tools : null;
    return { plan, qemuVersion: qemu.binary.version, container, fence };
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
    const { plan, container } = await this.plan(machineId, runId, spec, 'without-secrets');
    const argv = buildArgv(plan);
    return {
      argv,
      script: shellScript(plan, container === null ? null : configurationFrames(container.records)),
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
      vhostVsock: this.#host.vhostVsock,
      fenceProblem: spec.network === 'internet' ? (await this.#host.findFence()).problem : null,
    };
  }

  async #kernelFacts(spec: MachineSpec): Promise<KernelFacts | null> {
    const fallback = this.#host.defaultKernel;
    try {
      if (spec.kernel.kind === 'file') return await readKernelFacts(spec.kernel.path, null);
      if (fallback === null) return null;
      return await readKernelFacts(fallback.kernelPath, fallback.configPath);
    } catch (error) {
      if (error instanceof AppError) return null; // what is wrong with the file is said by checkSpec
      throw error;
    }
  }
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
