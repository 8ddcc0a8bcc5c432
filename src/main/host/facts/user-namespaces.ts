/**
 * Tries to make a user namespace, because settings alone do not tell: containers forbid it as well.
 * Never changes a setting.
 */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { UserNamespaces } from './doctor-facts.ts';
import { findProgram } from './programs.ts';

const deadlineMs = 4_000;

/** Runs true(1) in a namespace of its own (unshare(1)). */
export async function tryUserNamespaces(env: NodeJS.ProcessEnv): Promise<UserNamespaces> {
  const [unshare, trial, clone, restricted, maximum] = await Promise.all([
    findProgram('unshare', env),
    findProgram('true', env),
    readSetting('/proc/sys/kernel/unprivileged_userns_clone'),
    readSetting('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    readSetting('/proc/sys/user/max_user_namespaces'),
  ]);
  const settings = {
    unprivilegedClone: clone === null ? null : clone !== 0,
    restrictedByAppArmor: restricted === null ? null : restricted !== 0,
    maximum,
  };
  if (unshare === null || trial === null) return { outcome: 'no-unshare', said: '', ...settings };
  return { ...(await run(unshare, trial)), ...settings };
}

function run(unshare: string, trial: string): Promise<Pick<UserNamespaces, 'outcome' | 'said'>> {
  const limits = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 } as const;
  return new Promise((resolve) => {
    execFile(unshare, ['-Ur', trial], limits, (error, _output, complaint) => {
      const [said = ''] = complaint.trim().split('\n');
      resolve({ outcome: error === null ? 'work' : 'refused', said: said.slice(0, 200) });
    });
  });
}

/** A number of /proc/sys, or null where this kernel has no such setting. */
async function readSetting(path: string): Promise<number | null> {
  try {
    const value = Number.parseInt(await readFile(path, 'utf8'), 10);
    return Number.isNaN(value) ? null : value;
  } catch {
    return null; // no such setting, or not ours to read
  }
}
