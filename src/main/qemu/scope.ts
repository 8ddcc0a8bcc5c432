/**
 * Puts a QEMU process into a scope of the person's own service manager, which limits its memory and CPU time.
 * Only where systemd runs the session; a machine without a scope works all the same, and is told apart.
 *
 * https://www.freedesktop.org/software/systemd/man/org.freedesktop.systemd1.html, StartTransientUnit;
 * systemd.resource-control(5).
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const deadlineMs = 2_000;
const mib = 1024 * 1024;
/** QEMU's own memory beside the guest's: code, device queues, translated code under emulation. */
const overheadMiB = 512;

/** What a machine may use. */
export interface ScopeLimits {
  readonly memoryMiB: number;
  readonly vcpus: number;
}

/** Whether the session has a service manager that can be asked. */
export function hasUserManager(env: NodeJS.ProcessEnv): boolean {
  const runtime = env['XDG_RUNTIME_DIR'];
  return (
    runtime !== undefined && isAbsolute(runtime) && existsSync(join(runtime, 'systemd', 'private'))
  );
}

/**
 * Moves processes into a scope of their own. What they have allocated by then stays uncounted, so call it early.
 * @param pids QEMU's, and those of what serves it alone.
 * @param name of the scope, unique; letters, digits and hyphens.
 * @returns why there is no scope; null when there is one.
 */
export async function confine(
  pids: readonly number[],
  name: string,
  limits: ScopeLimits,
  env: NodeJS.ProcessEnv,
): Promise<string | null> {
  if (!hasUserManager(env)) return 'This session has no systemd user manager.';
  try {
    await run('busctl', scopeCall(pids, name, limits), { env, timeout: deadlineMs });
    return null;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') return 'busctl is not installed.';
    return (stderr ?? '').trim() || message;
  }
}

/** The words for busctl(1). */
export function scopeCall(pids: readonly number[], name: string, limits: ScopeLimits): string[] {
  const memory = (limits.memoryMiB + overheadMiB) * mib;
  // One more than the vCPUs: QEMU's own thread carries what they read and write.
  const microsecondsPerSecond = (limits.vcpus + 1) * 1_000_000;
  const properties = [
    ['Description', 's', 'A machine of Nandu'],
    ['PIDs', 'au', String(pids.length), ...pids.map(String)],
    ['MemoryMax', 't', String(memory)],
    ['MemorySwapMax', 't', String(memory)],
    ['CPUQuotaPerSecUSec', 't', String(microsecondsPerSecond)],
    ['TasksMax', 't', String(256 + 4 * limits.vcpus)],
    ['CollectMode', 's', 'inactive-or-failed'],
  ];
  return [
    ...['--user', '--quiet', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1'],
    ...['org.freedesktop.systemd1.Manager', 'StartTransientUnit', 'ssa(sv)a(sa(sv))'],
    ...[`nandu-${name}.scope`, 'fail', String(properties.length), ...properties.flat(), '0'],
  ];
}
