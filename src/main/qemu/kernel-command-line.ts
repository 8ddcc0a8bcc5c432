/** What the kernel is told: Nandu's own options, then the person's. Pure. */
import type { Accelerator, MachineSpec } from '../../shared/index.ts';

/** What Nandu passes to the kernel, then what the person added, which therefore wins. */
export function kernelCommandLine(plan: {
  readonly spec: Pick<
    MachineSpec,
    | 'name'
    | 'kernelDefaults'
    | 'quietKernel'
    | 'commandLine'
    | 'console'
    | 'container'
    | 'ready'
    | 'readyDeadlineSeconds'
    | 'bootDetail'
  >;
  readonly accelerator: Accelerator;
  readonly tscKHz: number | null;
  readonly unpacksItself?: boolean;
}): string {
  const { spec, accelerator, tscKHz } = plan;
  const own = [
    ...consoleOptions[spec.console],
    'reboot=t',
    'panic=-1',
    ...(accelerator === 'tcg' ? [...timingOptions(tscKHz), ...keepLocks] : []),
    ...(spec.quietKernel ? ['quiet'] : []),
    `nandu.hostname=${hostNameOf(spec.name)}`,
    // A guest that does not find its image must not take itself for a plain machine.
    ...(spec.container === null ? [] : ['nandu.container']),
    ...(spec.ready.kind === 'port'
      ? [`nandu.ready=port:${spec.ready.port},${spec.readyDeadlineSeconds}`]
      : []),
    // Where the kernel's own clock started is where its decompression ended, and where its log belongs.
    ...(plan.unpacksItself === true || spec.bootDetail ? ['nandu.clock'] : []),
    ...(spec.bootDetail ? detailOptions : []),
  ];
  return [...(spec.kernelDefaults ? own : []), spec.commandLine.trim()]
    .filter((word) => word !== '')
    .join(' ');
}

/**
 * Emulated, a guest reads this computer's own counter, and about half of the boots hang at "could not
 * calculate TSC khz" unless they are told its rate. Told a wrong one, a guest's clock runs as wrong until
 * the kernel gives the counter up: with 2.0 GHz for 2.6 GHz its seconds lasted 0.77 s. Told the right one, it must not hold
 * it against its ticks: on a busy host some of those get lost, and it would give up the only clock that goes right.
 */
export function timingOptions(tscKHz: number | null): string[] {
  return tscKHz === null
    ? ['tsc_early_khz=2000000', 'lpj=4000000']
    : [`tsc_early_khz=${tscKHz}`, 'tsc=reliable'];
}

/**
 * With one vCPU the kernel takes the lock prefixes out of itself, each by a mapping and a flush of its own: the
 * 7,168 places of a small kernel took a seventh of its emulated boot. QEMU runs one vCPU's locked instructions as plain ones.
 */
const keepLocks = ['noreplace-smp'];

/** The log of every step goes to the kernel's own buffer alone: its level is below what a console shows. */
const detailOptions = ['initcall_debug', 'log_buf_len=1M', 'printk.time=1', 'nandu.bootlog'];

/** The last one is where /dev/console leads (kernel-parameters.txt, "console="). */
const consoleOptions: Record<MachineSpec['console'], readonly string[]> = {
  serial: ['console=ttyS0'],
  virtio: ['console=hvc0'],
  both: ['console=ttyS0', 'console=hvc0'],
};

/** A machine's name as a host name: letters, digits and hyphens (RFC 1123), at most 63. */
export function hostNameOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '');
  return plain === '' ? 'nandu' : plain;
}
