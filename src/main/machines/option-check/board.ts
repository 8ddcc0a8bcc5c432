/**
 * The board's own options: what needs ACPI, timers, firmware.
 * Each complaint says where it was seen or written.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { timingOptions } from '../../qemu/index.ts';
import { error, mend, warning, type OptionContext } from './finding.ts';

export function checkBoard({ board, firmware }: MachineSpec): Finding[] {
  const findings: Finding[] = [];
  for (const [name, title, on] of [
    ['pcie', 'PCI Express', board.pcie === 'on'],
    ['usb', 'USB', board.usb],
  ] as const) {
    if (on && !board.acpi) {
      findings.push(
        error(
          'needs-acpi',
          `board.${name}`,
          `${title} on microvm is described to the guest by ACPI, which is off.`,
          mend('Turn ACPI on', { 'board.acpi': true }),
        ),
      );
    }
  }
  if (!board.optionRoms && firmware.kind === 'seabios') {
    findings.push(
      error(
        'seabios-needs-option-roms',
        'board.optionRoms',
        'SeaBIOS starts the kernel through an option ROM; without it nothing boots.',
        mend('Use qboot', { firmware: { kind: 'qboot' } }),
      ),
    );
  }
  if (!board.optionRoms && firmware.kind === 'automatic' && board.acpi) {
    findings.push(
      warning(
        'automatic-firmware-may-need-option-roms',
        'board.optionRoms',
        'With ACPI QEMU’s own choice of firmware is SeaBIOS unless the distribution changed that, and SeaBIOS starts the kernel through an option ROM.',
        mend('Use qboot', { firmware: { kind: 'qboot' } }),
      ),
    );
  }
  return findings;
}

export function checkTimers(spec: MachineSpec, context: OptionContext): Finding[] {
  const { board } = spec;
  const emulated = context.accelerator === 'tcg';
  const findings: Finding[] = [];
  const without = (['pit', 'pic'] as const).filter((name) => board[name] === 'off');
  const [first] = without;
  if (first !== undefined && !emulated && !context.tscDeadlineTimer) {
    findings.push(
      error(
        'needs-tsc-deadline-timer',
        `board.${first}`,
        `Without ${without.map((name) => name.toUpperCase()).join(' and ')} a guest under KVM keeps time by the TSC deadline timer, which this computer’s CPU does not have.`,
        mend('Turn them on', { 'board.pit': 'auto', 'board.pic': 'auto' }),
      ),
    );
  }
  if (board.rtc === 'off' && emulated) {
    findings.push(
      warning(
        'rtc-off-emulated',
        'board.rtc',
        'Without an RTC a guest reads the time from kvm-clock, which emulation does not have: its clock starts in 1970, and the boot takes about a second longer.',
        mend('Turn the RTC on', { 'board.rtc': 'auto' }),
      ),
    );
  }
  if (emulated && !spec.kernelDefaults && !/\btsc_early_khz=/.test(spec.commandLine)) {
    findings.push(
      warning(
        'tsc-calibration',
        'commandLine',
        'Emulated, about half of all boots hang at “could not calculate TSC khz” unless the kernel is told the processor’s rate.',
        mend('Add the options', {
          commandLine: `${spec.commandLine} ${timingOptions(context.tscKHz).join(' ')}`.trim(),
        }),
      ),
    );
  }
  return findings;
}

/** Seen with Debian 12's SeaBIOS 1.16.2 and 6.1 kernel: 3 of 6 boots panicked in start_kernel; as bzImage 0 of 9. */
export function checkFirmware(
  spec: MachineSpec,
  { accelerator, kernel }: OptionContext,
): Finding[] {
  const named =
    spec.firmware.kind === 'seabios' ||
    (spec.firmware.kind === 'file' && /bios-microvm/.test(spec.firmware.path));
  if (!named || accelerator !== 'tcg' || kernel?.format !== 'elf') return [];
  return [
    warning(
      'seabios-elf-emulated',
      'firmware',
      'Emulated, about half of the boots of an ELF kernel through SeaBIOS end in an early panic. qboot starts it reliably, and SeaBIOS a bzImage.',
      mend('Use qboot', { firmware: { kind: 'qboot' } }),
    ),
  ];
}
