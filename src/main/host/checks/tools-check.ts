/**
 * Judges whether the programs are there that Nandu leaves parts of its work to.
 * Never fails a computer for one: machines start without any of them.
 */
import { installCommand, type Package } from '../facts/distribution.ts';
import { valueOf } from '../facts/fact.ts';
import type { ToolName } from '../facts/doctor-facts.ts';
import { limited, listOf, ok, type Check } from './check.ts';

interface Need {
  /** Any one of these will do. */
  readonly tools: readonly ToolName[];
  readonly purpose: string;
  readonly package: Package;
}

const needs: readonly Need[] = [
  { tools: ['qemu-img'], purpose: 'makes disk images', package: 'qemuImg' },
  { tools: ['skopeo'], purpose: 'fetches container images', package: 'skopeo' },
  {
    tools: ['sqfstar', 'mksquashfs'],
    purpose: 'turns container images into root file systems',
    package: 'squashfs',
  },
];

export const toolsCheck: Check = {
  id: 'tools',
  title: 'Tools',
  judge({ tools, distribution }) {
    const found = valueOf(tools);
    const missing = needs.filter((need) => need.tools.every((name) => found[name] === null));
    if (missing.length === 0) {
      const names = needs.flatMap((need) => need.tools.find((name) => found[name] !== null) ?? []);
      return ok(`${listOf(names)} are installed.`);
    }
    const words = missing.map((need) => `${need.tools.join(' or ')}, which ${need.purpose}`);
    return limited(
      `Not installed: ${words.join('; ')}.`,
      installCommand(
        distribution,
        missing.map((need) => need.package),
      ),
    );
  },
};
