/**
 * The doctor: judges by facts about this computer what Nandu can do on it, and what would mend the rest.
 * Never throws and never changes anything: commands that mend are for a person to read and run.
 */
import type { CheckResult, DoctorReport } from '../../shared/index.ts';
import { limited, type Check, type Verdict } from './checks/check.ts';
import { fenceCheck } from './checks/fence-check.ts';
import { foldersCheck } from './checks/folders-check.ts';
import { kernelCheck } from './checks/kernel-check.ts';
import { kvmBootCheck, kvmDeviceCheck, kvmPermissionCheck } from './checks/kvm-checks.ts';
import { memoryCheck } from './checks/memory-check.ts';
import { passtCheck } from './checks/passt-check.ts';
import { qemuCheck } from './checks/qemu-check.ts';
import { diskSpaceCheck, runtimeFolderCheck } from './checks/storage-checks.ts';
import { toolsCheck } from './checks/tools-check.ts';
import { userNamespacesCheck } from './checks/user-namespaces-check.ts';
import type { DoctorFacts } from './facts/doctor-facts.ts';
import { gatherFacts, type DoctorInput } from './facts/gather.ts';

const checks: readonly Check[] = [
  qemuCheck,
  kvmDeviceCheck,
  kvmPermissionCheck,
  kvmBootCheck,
  kernelCheck,
  toolsCheck,
  diskSpaceCheck,
  runtimeFolderCheck,
  userNamespacesCheck,
  fenceCheck,
  passtCheck,
  foldersCheck,
  memoryCheck,
];

/** Judges; pure. A check that fails itself is `limited` and says so. */
export function examine(facts: DoctorFacts): CheckResult[] {
  return checks.map(({ id, title, judge }) => ({ id, title, ...verdictOf(judge, facts) }));
}

function verdictOf(judge: Check['judge'], facts: DoctorFacts): Verdict {
  try {
    return judge(facts);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return limited(`This could not be checked: ${why}.`);
  }
}

/** Finds out and judges; takes well under a second, and at most some ten where something hangs. */
export async function runDoctor(input: DoctorInput): Promise<DoctorReport> {
  const checked = examine(await gatherFacts(input));
  return { atMs: Date.now(), checks: checked };
}
