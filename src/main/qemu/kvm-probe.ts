/**
 * Finds out whether KVM really boots a guest here, by booting one.
 * The device existing and opening proves nothing: under some hypervisors the guest hangs at once.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** What to boot; the initrd must be Nandu's, whose init prints the marker. */
export interface KvmProbeTarget {
  readonly qemuPath: string;
  readonly kernelPath: string;
  readonly initrdPath: string;
}

/** The outcome; `reason` is a sentence for a person. */
export interface KvmVerdict {
  readonly works: boolean;
  /** Whether a boot was tried at all. */
  readonly booted: boolean;
  readonly reason: string;
}

const marker = 'nandu: user space';
/** With KVM the marker comes within a second; a guest that needs longer is not running. */
const deadlineMs = 10_000;
const maxOutputBytes = 256 * 1024;

/**
 * Boots the target with KVM until its first process speaks.
 * @param signal gives up and ends the probe's QEMU.
 * @param device for tests.
 */
export async function probeKvm(
  target: KvmProbeTarget,
  signal: AbortSignal,
  device = '/dev/kvm',
): Promise<KvmVerdict> {
  const refusal = await deviceProblem(device);
  if (refusal !== null) return { works: false, booted: false, reason: refusal };
  // A Nandu that is killed meanwhile ends nothing any more, and such a guest would spin for ever.
  const child = spawn(
    'timeout',
    [
      ...['-s', 'KILL', String((2 * deadlineMs) / 1000), target.qemuPath],
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
      ...['-machine', 'microvm,acpi=on', '-accel', 'kvm', '-cpu', 'host', '-m', '128M'],
      ...['-kernel', target.kernelPath, '-initrd', target.initrdPath],
      ...['-append', 'console=ttyS0 reboot=t panic=-1', '-serial', 'stdio'],
    ],
    // A group of its own: both are ended at once.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('close', resolve);
    child.once('error', () => resolve());
  });
  try {
    return await new Promise<KvmVerdict>((resolve) => {
      const settle = (works: boolean, reason: string): void =>
        resolve({ works, booted: true, reason });
      let output = '';
      let errors = '';
      const timer = setTimeout(
        () => settle(false, output === '' ? silent : 'The probe’s guest did not boot in 10 s.'),
        deadlineMs,
      );
      void ended.then(() => clearTimeout(timer));
      child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
        output = (output + chunk).slice(-maxOutputBytes);
        if (output.includes(marker)) settle(true, 'A probe guest booted.');
      });
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        errors = (errors + chunk).slice(-4096);
        // QEMU keeps such a guest halted for ever; there is nothing to wait for.
        if (errors.includes('KVM internal error')) settle(false, silent);
      });
      child.once('error', (error) => settle(false, `QEMU could not be started: ${error.message}`));
      child.once('close', () => settle(false, firstLine(errors)));
      signal.addEventListener('abort', () => settle(false, 'The probe was called off.'), {
        once: true,
      });
      if (signal.aborted) settle(false, 'The probe was called off.');
    });
  } finally {
    endGroup(child.pid);
    await ended;
  }
}

/** @param pid its leader; undefined for one that was never started. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended already
  }
}

const silent =
  '/dev/kvm opens, but a guest does not run with it. Inside a virtual machine, nested virtualisation may be off.';

async function deviceProblem(device: string): Promise<string | null> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? 'There is no /dev/kvm: switch virtualisation on in the firmware, or load kvm_intel or kvm_amd.'
      : 'You may not use /dev/kvm: “sudo usermod -aG kvm $USER”, then log in again.';
  }
}

function firstLine(errors: string): string {
  const line = errors.split('\n').find((text) => text.trim() !== '');
  return line === undefined
    ? 'QEMU ended before the probe’s guest booted.'
    : `QEMU said “${line.trim()}”.`;
}
