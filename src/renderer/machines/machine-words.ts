/**
 * A machine in words: its state, what it waits for, where its kernel comes from, its boot time.
 * Pure; the only place where these sentences are written.
 */
import type {
  Activity,
  Disk,
  HostStatus,
  KernelChoice,
  InitrdChoice,
  MachineSpec,
  MachineState,
  MachineView,
  Run,
  RunEnd,
} from '../../shared/index.ts';
import { bootOutcome, hasBootTime, networks, presets } from '../../shared/index.ts';
import {
  baseName,
  formatCount,
  formatDuration,
  formatMemory,
  imageTitle,
} from '../format/index.ts';

/** The states' names as people and tests know them. */
export const stateTitles: Record<MachineState, string> = {
  stopped: 'Stopped',
  starting: 'Starting',
  running: 'Running',
  paused: 'Paused',
  stopping: 'Stopping',
  crashed: 'Crashed',
};

/** The dot's shape and colour for each state. */
export const stateTones = {
  stopped: 'stopped',
  starting: 'busy',
  running: 'running',
  paused: 'paused',
  stopping: 'busy',
  crashed: 'crashed',
} as const satisfies Record<MachineState, string>;

/** What is being waited for, to stand beside the state. */
export const activityTitles: Record<Activity, string> = {
  'probing-kvm': 'checking whether KVM works',
  launching: 'launching QEMU',
  'asking-guest': 'asking the guest to shut down',
  'ending-qemu': 'asking QEMU to end',
  terminating: 'ending the process',
  killing: 'killing the process',
  suspended: 'held by a signal from outside',
  'disk-error': 'a disk’s image cannot be written or read',
  'qemu-error': 'QEMU cannot go on with it',
  restarting: 'starting the guest anew',
};

/** What is being waited for, and in a stop for how long at most and what then; two lines to stand one below the other. */
export function activityLines({ activity, spec }: MachineView): [string, string?] | null {
  if (activity === null) return null;
  const { askGuestMs, quitMs, terminateMs } = spec.stopDeadlines;
  const rungs: Partial<Record<Activity, [number, string]>> = {
    'asking-guest': [askGuestMs, 'QEMU is asked to end'],
    'ending-qemu': [quitMs, 'the process is ended'],
    terminating: [terminateMs, 'it is killed'],
  };
  const rung = rungs[activity];
  if (!rung) return [activityTitles[activity]];
  return [activityTitles[activity], `at most ${rung[0] / 1000} s; then ${rung[1]}`];
}

/** How a run ended, in a word or two. */
export const endTitles: Record<RunEnd['kind'], string> = {
  stopped: 'Stopped',
  killed: 'Force stopped',
  'guest-shutdown': 'Guest powered off',
  'guest-reset': 'Guest asked for a reboot',
  'command-ended': 'Command ended',
  'command-failed': 'Command not started',
  'lifetime-over': 'Its time was over',
  'guest-panic': 'Kernel panic',
  'qemu-exit': 'QEMU ended',
  'launch-failed': 'Did not start',
  lost: 'Ended unseen',
};

/** How a run ended, in a word or two; a command's exit code says more than that it ended. */
export function endTitle({ kind, exitCode, outOfMemory }: RunEnd): string {
  if (kind === 'command-ended' && exitCode !== undefined) {
    return `Exit ${exitCode}${outOfMemory ? ', out of memory' : ''}`;
  }
  return endTitles[kind];
}

/** Whether an ending is as it should be, worth a look, or wrong. */
export function endTone({
  kind,
  expected,
  exitCode,
  outOfMemory,
}: RunEnd): 'plain' | 'warn' | 'bad' {
  if (kind === 'command-ended') return exitCode === 0 && !outOfMemory ? 'plain' : 'warn';
  return expected ? 'plain' : 'bad';
}

/** What a machine's problem amounts to. */
export function problemTitle({ state, problem, run }: MachineView): string {
  if (state === 'crashed') return 'Crashed';
  if (problem?.code === 'folder_lost') return 'A folder is gone';
  const gaveUp = problem?.code === 'illegal_state' && run?.end?.kind === 'guest-reset';
  return gaveUp ? 'Left stopped' : 'Did not start';
}

/** How long a run's boot took, milliseconds; null unless it came to the end that it was measured by. */
export function bootTimeOf(run: Run | null): number | null {
  return run?.boot && hasBootTime(run) ? run.boot.totalMs : null;
}

/** A run's boot in a list: how long it took, or what became of it. */
export function bootText(run: Run): string {
  const ms = bootTimeOf(run);
  if (ms !== null) return formatDuration(ms);
  const outcome = bootOutcome(run);
  if (outcome === null) return '–';
  if (outcome === 'unseen') return 'not seen';
  return outcome === 'waiting' ? 'booting' : 'not ready';
}

/** The same where there is room and no time to tell. */
export function bootHeadline(run: Run): string {
  const outcome = bootOutcome(run);
  if (outcome === 'waiting') return 'Not ready yet';
  return outcome === 'never-ready' ? 'Never ready' : 'Not seen to its end';
}

/** The right side of a machine's row: a boot time, a word, or nothing. */
export function rowNote(machine: MachineView): string {
  switch (machine.state) {
    case 'starting':
    case 'stopping':
    case 'paused':
    case 'crashed':
      return machine.state;
    case 'running':
      if (!machine.run?.boot) return 'booting';
      // A guest with its own init runs as it should.
      return bootOutcome(machine.run) === 'unseen' ? '' : bootText(machine.run);
    case 'stopped': {
      const end = machine.run?.end;
      // As short as a row: why it ended so is said on the machine's page.
      return end?.kind === 'command-ended' ? `exit ${end.exitCode ?? '?'}` : '';
    }
  }
}

/** A kernel's short name; the whole path belongs into a tooltip. */
export function kernelTitle(kernel: KernelChoice, host: HostStatus | null): string {
  if (kernel.kind === 'file') return baseName(kernel.path);
  if (kernel.kind === 'fast') return host?.fastKernel?.title ?? 'Fast kernel';
  return host?.defaultKernel?.title ?? 'Default kernel';
}

/** What stands under the field for a kernel, by what is written in it. */
export function kernelHintOf(text: string, host: HostStatus | null): string {
  const fast = host?.fastKernel?.title ?? null;
  const word = text.trim().toLowerCase();
  if (word === 'fast') return fast ?? 'Not made yet: “npm run guest:kernel” makes it.';
  const offer = fast === null ? '' : ` Write “fast” for ${fast}.`;
  return `Empty for the default one.${offer}`;
}

/** A kernel in a word or two, for places as narrow as a row: “Debian 6.1”. */
export function kernelWord(kernel: KernelChoice, host: HostStatus | null): string {
  const title = kernelTitle(kernel, host);
  return kernel.kind === 'file' ? title : (/^.*?\d+\.\d+/.exec(title)?.[0] ?? title);
}

/** What a machine runs, in a word or two: its container's image, else its kernel. */
export function contentWord({ container, kernel }: MachineSpec, host: HostStatus | null): string {
  return container === null ? kernelWord(kernel, host) : imageTitle(container.image);
}

/** An initrd's short name. */
export function initrdTitle(initrd: InitrdChoice): string {
  if (initrd.kind === 'file') return baseName(initrd.path);
  return initrd.kind === 'none' ? 'None' : 'Nandu’s guest initrd';
}

/** The board in brief: “ACPI, serial console”. */
export function boardTitle({ board, console: chosen }: MachineSpec): string {
  return [
    board.acpi ? 'ACPI' : 'No ACPI',
    consoleTitles[chosen],
    board.pcie === 'on' ? 'PCI Express' : '',
    board.usb ? 'USB' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

const consoleTitles: Record<MachineSpec['console'], string> = {
  serial: 'serial console',
  virtio: 'virtio console',
  both: 'virtio and serial console',
};

/** How a disk is attached: “qcow2, read only, limited”. */
export function diskDetail({ format, readOnly, limits }: Disk): string {
  const limited = limits.iops > 0 || limits.bytesPerSecond > 0;
  return [format, readOnly ? 'read only' : '', limited ? 'limited' : ''].filter(Boolean).join(', ');
}

/** What goes with a machine that is deleted, and what stays. */
export function deletionText({ container }: MachineSpec, alive: boolean): string {
  const kept = [
    container?.storage === 'disk' ? 'its kept disk with all that was written to it' : '',
    container && container.secrets.length > 0 ? 'the values of its secrets' : '',
  ].filter(Boolean);
  const gone = ['Its definition', 'runs', 'console log', ...kept];
  return [
    alive ? 'The machine is running and will be stopped first.' : '',
    `${gone.slice(0, -1).join(', ')} and ${gone.at(-1)} are deleted.`,
    container ? 'Its image stays.' : alive ? '' : 'Kernel and initrd files stay.',
    'This cannot be undone.',
  ]
    .filter(Boolean)
    .join(' ');
}

/** The network in a word or two. */
export function networkTitle(network: MachineSpec['network']): string {
  return networks[network].title;
}

/** The line below a machine's name on its page. */
export function subtitle(machine: MachineView, host: HostStatus | null): string {
  const { spec } = machine;
  return [
    spec.container ? imageTitle(spec.container.image) : kernelTitle(spec.kernel, host),
    formatCount(spec.vcpus, 'vCPU'),
    formatMemory(spec.memoryMiB),
    `${presets[spec.preset].title} preset`,
    acceleratorTitle(machine),
    ...portWords(spec),
  ].join(' · ');
}

/** The first port that leads into the machine: “127.0.0.1:8080 → 80”. */
function portWords({ portForwards: [first, ...others] }: MachineSpec): string[] {
  if (!first) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [`${first.hostAddress}:${first.hostPort} → ${first.guestPort}${more}`];
}

/** What runs the machine's instructions: of the current or last run, else what was chosen. */
export function acceleratorTitle(machine: MachineView): string {
  if (machine.run) return machine.run.accelerator === 'kvm' ? 'KVM' : 'Emulated (TCG)';
  if (machine.spec.accelerator === 'auto') return 'Accelerator chosen at start';
  return machine.spec.accelerator === 'kvm' ? 'KVM' : 'Emulated (TCG)';
}
