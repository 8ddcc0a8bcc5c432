/**
 * Turns a machine's definition into QEMU's command line. Pure: it reads no file and asks no host,
 * so that the same plan always gives the same command.
 */
import type { Accelerator, Disk, DiskLimits, MachineSpec } from '../../shared/index.ts';
import type { RunFiles } from '../host/index.ts';
import { netdevId, netdevValue, passtHub, passtNetdev } from '../network/index.ts';
import { containerOptions, needsSharedMemory, type ContainerDevices } from './container-devices.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { escapeValue, type QemuOption } from './option.ts';
import { asYardstick } from './yardstick.ts';

/** Everything the command line depends on, decided and checked before. */
export interface LaunchPlan {
  readonly qemuPath: string;
  /** QEMU's `-uuid`; what `query-uuid` must answer for the process to be ours. */
  readonly uuid: string;
  readonly spec: MachineSpec;
  readonly accelerator: Accelerator;
  /** The rate of this computer's time stamp counter; null where nobody could measure it. */
  readonly tscKHz: number | null;
  readonly kernelPath: string;
  /** Null for kernels that need none. */
  readonly initrdPath: string | null;
  /** For `-bios`, a path or a name that QEMU knows; null for QEMU's own choice. */
  readonly firmware: string | null;
  /** Whether this QEMU was built with its seccomp sandbox. */
  readonly sandbox: boolean;
  /** Null for a machine that runs no container. */
  readonly container: ContainerDevices | null;
  /** The program that serves its network; without one QEMU does. */
  readonly passt?: string | null;
  /** Whether the kernel is a bzImage, which decompresses itself. */
  readonly unpacksItself?: boolean;
  /** Whether it is to be the same machine on q35, to compare with. */
  readonly yardstick?: boolean;
  readonly files: RunFiles;
}

/** The `id=` of the agent's port, by which VSERPORT_CHANGE names it. */
export const agentPortId = 'agent0';
const agentPortName = 'org.nandu.agent.0';
const bootLogPortName = 'org.nandu.bootlog.0';

/** Trace events that tell where the boot time goes: some 60 lines a boot. */
export const phaseEvents = ['fw_cfg_select', 'virtio_set_status', 'runstate_set'] as const;
/**
 * The last one names the devices: some 70 lines, all before RESUME and within a third of a millisecond. A QEMU
 * without one of them warns of it in its log and goes on.
 */
export const traceEvents = [...phaseEvents, 'resettable_phase_hold_exec'] as const;

/** The whole command, program first. */
export function buildArgv(plan: LaunchPlan): string[] {
  return [
    plan.qemuPath,
    ...buildOptions(plan).flatMap(([name, value]) =>
      value === undefined ? [name] : [name, value],
    ),
  ];
}

/**
 * All that QEMU can emulate, without what costs a boot more than it gives an emulated guest:
 * - "enhanced rep movsb": a kernel that sees it copies and clears memory byte by byte, and an emulated byte takes as
 *   long as eight at once (5 % of a fast boot);
 * - SMAP: each access to a program's memory ends two pieces of translated code, and code that runs with and without it
 *   is translated twice (5 to 10 %). It hardens a guest's kernel against its own programs; no emulated guest
 *   is walled off as one under KVM is, whatever it does (QEMU's documentation, "Security");
 * - MPX: Linux has not used it since 5.6, but setting it up translates what ran before once more.
 */
const emulatedCpu = 'max,-erms,-smap,-mpx';

/** The command's options in order; what the guest sees first, what Nandu needs beside it last. */
export function buildOptions(plan: LaunchPlan): QemuOption[] {
  const options: QemuOption[] = [
    ['-nodefaults'],
    ['-no-user-config'],
    ['-display', 'none'],
    ...board(plan),
    ...processorAndMemory(plan),
    ...boot(plan),
    ['-global', 'virtio-mmio.force-legacy=false'],
    ...consoles(plan),
    ...(plan.container === null ? [] : containerOptions(plan.container)),
    ...plan.spec.disks.flatMap(disk),
    ...network(plan),
    ...devices(plan),
    ...management(plan),
  ];
  return plan.yardstick === true ? asYardstick(options) : options;
}

/** A server of shared folders reads and writes the guest's memory. */
function memoryBackendOf({ spec, container }: LaunchPlan): MachineSpec['memoryBackend'] {
  const { memoryBackend } = spec;
  return memoryBackend === 'private' && needsSharedMemory(container) ? 'shared' : memoryBackend;
}

function board(plan: LaunchPlan): QemuOption[] {
  const { spec, firmware } = plan;
  const { board: chosen } = spec;
  const properties = [
    'microvm',
    // A bare "microvm" means different things from QEMU 5.2 on: acpi= is always said.
    `acpi=${chosen.acpi ? 'on' : 'off'}`,
    ...(['pic', 'pit', 'rtc', 'ioapic2', 'pcie'] as const)
      .filter((name) => chosen[name] !== 'auto')
      .map((name) => `${name}=${chosen[name]}`),
    ...(chosen.isaSerial ? [] : ['isa-serial=off']),
    ...(chosen.optionRoms ? [] : ['x-option-roms=off']),
    ...(chosen.autoKernelCommandLine ? [] : ['auto-kernel-cmdline=off']),
    ...(chosen.usb ? ['usb=on'] : []),
    ...(memoryBackendOf(plan) === 'private' ? [] : ['memory-backend=memory']),
  ];
  return [
    ['-machine', properties.join(',')],
    ...(firmware === null ? [] : [['-bios', firmware] as const]),
  ];
}

/** Each port is two queues that the guest sets up; the default are 31. The first one is kept for a console. */
function portsOf({ devices, bootDetail }: MachineSpec): number {
  return 1 + Number(devices.agent) + Number(bootDetail);
}

function processorAndMemory(plan: LaunchPlan): QemuOption[] {
  const { spec, accelerator, files } = plan;
  const { vcpus, memoryMiB, cpuModel } = spec;
  const size = `${memoryMiB}M`;
  const backends = {
    private: [],
    shared: [['-object', `memory-backend-memfd,id=memory,size=${size},share=on`]],
    file: [
      [
        '-object',
        `memory-backend-file,id=memory,size=${size},mem-path=${escapeValue(files.memoryFile)},share=on`,
      ],
    ],
  } as const satisfies Record<string, readonly QemuOption[]>;
  return [
    ['-accel', accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi'],
    ['-cpu', cpuModel ?? (accelerator === 'kvm' ? 'host' : emulatedCpu)],
    ['-smp', String(vcpus)],
    ['-m', size],
    ...backends[memoryBackendOf(plan)],
  ];
}

function boot(plan: LaunchPlan): QemuOption[] {
  const line = kernelCommandLine(plan);
  return [
    ['-kernel', plan.kernelPath],
    ...(plan.initrdPath === null ? [] : [['-initrd', plan.initrdPath] as const]),
    ...(line === '' ? [] : [['-append', line] as const]),
  ];
}

/** The live console's chardev, and the devices that the guest sees. */
function consoles({ spec, files }: LaunchPlan): QemuOption[] {
  const virtio = spec.console !== 'serial';
  return [
    // QEMU itself keeps the log, so that nothing is lost while no Nandu runs.
    [
      '-chardev',
      `${socket('console', files.consoleSocket)},logfile=${escapeValue(files.consoleLog)},logappend=on`,
    ],
    ...(spec.console === 'serial' ? [['-serial', 'chardev:console'] as const] : []),
    ...(spec.console === 'both'
      ? ([
          ['-chardev', `file,id=serial,path=${escapeValue(files.serialLog)},append=on`],
          ['-serial', 'chardev:serial'],
        ] as const)
      : []),
    ...(virtio || spec.devices.agent || spec.bootDetail
      ? [['-device', `virtio-serial-device,max_ports=${portsOf(spec)}`] as const]
      : []),
    ...(virtio ? [['-device', 'virtconsole,chardev=console'] as const] : []),
  ];
}

/** The names under which a disk's throttling can be changed while it runs. */
export function throttleGroupOf(index: number): string {
  return `limits${index}`;
}

/** A disk's limits as QEMU's ThrottleLimits (qapi/block-core.json). */
export function throttleLimits(limits: DiskLimits): Record<string, number> {
  return { 'iops-total': limits.iops, 'bps-total': limits.bytesPerSecond };
}

function disk(chosen: Disk, index: number): QemuOption[] {
  const group = throttleGroupOf(index);
  // qemu(1), "-drive cache=": each mode is these three.
  const direct = chosen.cache === 'none' || chosen.cache === 'directsync';
  const writeCache = chosen.cache !== 'writethrough' && chosen.cache !== 'directsync';
  const common = {
    'read-only': chosen.readOnly,
    cache: { direct, 'no-flush': chosen.cache === 'unsafe' },
  };
  const node = {
    'node-name': `disk${index}`,
    driver: 'throttle',
    'throttle-group': group,
    ...common,
    file: {
      driver: chosen.format,
      ...common,
      file: { driver: 'file', filename: chosen.path, ...common },
    },
  };
  const limits = {
    'qom-type': 'throttle-group',
    id: group,
    limits: throttleLimits(chosen.limits),
  };
  return [
    ['-object', JSON.stringify(limits)],
    ['-blockdev', JSON.stringify(node)],
    ['-device', `virtio-blk-device,drive=disk${index}${writeCache ? '' : ',write-cache=off'}`],
  ];
}

function network({ spec, passt, files }: LaunchPlan): QemuOption[] {
  if (spec.network === 'offline') return [];
  if (passt != null) {
    const { id, guestSide, passtSide } = passtHub;
    return [
      ['-netdev', passtNetdev(files.passtSocket)],
      // A device is tied to what is behind it for ever; through a hub that can be exchanged (qemu(1), "hubport").
      ['-netdev', `hubport,id=${passtSide},hubid=${id},netdev=${netdevId}`],
      ['-netdev', `hubport,id=${guestSide},hubid=${id}`],
      ['-device', `virtio-net-device,netdev=${guestSide}`],
    ];
  }
  return [
    ['-netdev', netdevValue(spec)],
    ['-device', `virtio-net-device,netdev=${netdevId}`],
  ];
}

function devices({ spec, files }: LaunchPlan): QemuOption[] {
  const { agent, rng, balloon, pvpanic, vsockCid } = spec.devices;
  const options: QemuOption[] = [];
  if (agent) {
    options.push(['-chardev', socket('agent', files.agentSocket)]);
    options.push([
      '-device',
      `virtserialport,chardev=agent,id=${agentPortId},name=${agentPortName}`,
    ]);
  }
  if (spec.bootDetail) {
    options.push(['-chardev', socket('bootlog', files.bootLogSocket)]);
    options.push(['-device', `virtserialport,chardev=bootlog,name=${bootLogPortName}`]);
  }
  if (rng) options.push(['-device', 'virtio-rng-device']);
  if (balloon) options.push(['-device', 'virtio-balloon-device,id=balloon0']);
  if (pvpanic) options.push(['-device', 'pvpanic']);
  if (vsockCid !== null) options.push(['-device', `vhost-vsock-device,guest-cid=${vsockCid}`]);
  return options;
}

function management({ spec, uuid, files, sandbox }: LaunchPlan): QemuOption[] {
  return [
    ['-name', `guest=${escapeValue(spec.name)}`],
    ['-uuid', uuid],
    ['-chardev', socket('qmp', files.qmpSocket)],
    ['-mon', 'chardev=qmp,mode=control'],
    ...(sandbox
      ? [
          [
            '-sandbox',
            'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
          ] as const,
        ]
      : []),
    ...traceEvents.map((event) => ['-trace', event] as const),
    ['-D', files.traceLog],
    ['-msg', 'timestamp=on'],
    // A reboot ends QEMU, and Nandu starts it anew; with panic=-1 a panic does as well.
    ['-no-reboot'],
    // Halted until the monitor and the console are connected: no byte is missed, every mark is seen.
    ['-S'],
  ];
}

function socket(id: string, path: string): string {
  return `socket,id=${id},path=${escapeValue(path)},server=on,wait=off`;
}
