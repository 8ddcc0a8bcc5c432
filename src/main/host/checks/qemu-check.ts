/**
 * Judges whether there is a QEMU that Nandu can use, and what it lacks.
 * Never fails a QEMU for something that only some machines ask for.
 */
import { qemuFeatures, type QemuFeature } from '../../../shared/index.ts';
import { installCommand, type Package } from '../facts/distribution.ts';
import { failed, limited, listOf, ok, type Check } from './check.ts';

/** The oldest that still comes with a supported long-term distribution (Ubuntu 22.04). */
const oldest = { major: 6, minor: 2 };

/** Packages that bring a feature afterwards. */
const packageOf: Partial<Record<QemuFeature, Package>> = { seabios: 'seabios', qboot: 'qboot' };

export const qemuCheck: Check = {
  id: 'qemu',
  title: 'QEMU',
  judge({ qemu, problems, kernel, distribution }) {
    const problem = problems.length > (kernel === null ? 1 : 0) ? problems[0] : undefined;
    if (qemu === null || problem !== undefined) {
      // With a path somebody chose a file that is not there; installing does not change that.
      const isAbsent = problem?.code === 'qemu_missing' && problem.details['path'] === undefined;
      return failed(
        problem?.message ?? 'There is no usable QEMU, so no machine can start.',
        problem === undefined || isAbsent
          ? installCommand(distribution, ['qemu'])
          : /^NANDU_QEMU /.test(problem.message)
            ? 'unset NANDU_QEMU'
            : null,
      );
    }
    const { path, version, missing } = qemu;
    if (qemu.problem !== null) return failed(`QEMU at ${path} cannot be used: ${qemu.problem}`);
    if (missing.includes('microvm')) {
      return failed(
        `QEMU ${version} at ${path} has no microvm machine type, which every machine of Nandu is.`,
        installCommand(distribution, ['qemu']),
      );
    }
    const lacks = listOf(missing.map((feature) => qemuFeatures[feature].title));
    const without = missing.length === 0 ? '' : ` It lacks ${lacks}; machines cannot use that.`;
    if (isTooOld(version)) {
      return limited(
        `QEMU ${version} at ${path} is older than ${oldest.major}.${oldest.minor}, the oldest ` +
          `one that Nandu was made for: machines may not start.${without}`,
      );
    }
    if (missing.length === 0) {
      return ok(`QEMU ${version} at ${path} has everything that Nandu can use.`);
    }
    return limited(
      `QEMU ${version} at ${path} runs machines.${without}`,
      installCommand(
        distribution,
        missing.flatMap((feature) => packageOf[feature] ?? []),
      ),
    );
  },
};

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < oldest.major || (major === oldest.major && minor < oldest.minor);
}
