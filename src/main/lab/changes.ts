/**
 * Says what has changed since an experiment began, so that boots of two computers, kernels or QEMUs never stand
 * under one name. Pure; must never call a change what an older Nandu did not write down.
 */
import { AppError, type LabCommand, type LabFile } from '../../shared/index.ts';

/** What was measured and what would be measured now are not the same: nothing of the kind may count. */
export class ExperimentChanged extends AppError {
  constructor(what: string) {
    super('illegal_state', `${what} Its boots would be mixed with others: start a copy instead.`);
    this.name = 'ExperimentChanged';
  }
}

const accelerators = { kvm: 'KVM', tcg: 'emulation' } as const;

/** @throws ExperimentChanged */
export function assertSameCommand(name: string, before: LabCommand, now: LabCommand): void {
  const found: string[] = [];
  if (before.accelerator !== now.accelerator) {
    found.push(
      `it would run under ${accelerators[now.accelerator]} and not ${accelerators[before.accelerator]}`,
    );
  }
  if (before.qemuVersion !== now.qemuVersion) {
    found.push(`QEMU is ${now.qemuVersion} and not ${before.qemuVersion} any more`);
  }
  if (differ(before.kernel, now.kernel, wordAfter('-kernel', before, now))) {
    found.push('its kernel is another one');
  }
  if (differ(before.initrd, now.initrd, wordAfter('-initrd', before, now))) {
    found.push('its initrd is another one');
  }
  if (found.length === 0) return;
  throw new ExperimentChanged(
    `“${name}” does not boot as it did when the experiment began: ${found.join(', ')}.`,
  );
}

/**
 * @param before as an older Nandu may have written it: the processors alone.
 * @throws ExperimentChanged
 */
export function assertSameHost(before: string, now: string): void {
  if (now === before || now.startsWith(`${before} · `)) return;
  throw new ExperimentChanged(
    `This computer is not as it was when the experiment began: it was “${before}” and is “${now}”.`,
  );
}

/** By what they hold where that is known of both, else by their paths. */
function differ(
  before: LabFile | null | undefined,
  now: LabFile | null | undefined,
  paths: readonly (string | undefined)[],
): boolean {
  if (before == null || now == null) return paths[0] !== paths[1];
  return before.sha256 !== now.sha256;
}

function wordAfter(option: string, ...commands: readonly LabCommand[]): (string | undefined)[] {
  return commands.map(({ argv }) => {
    const at = argv.indexOf(option);
    return at < 0 ? undefined : argv[at + 1];
  });
}
