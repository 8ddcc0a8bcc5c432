/**
 * Judges whether the programs are there that Nandu leaves parts of its work to.
 * Never fails a computer for one: machines start without any of them.
 */
import { installCommand, type Package } from '../facts/distribution.ts';
import { valueOf } from '../facts/fact.ts';
import type { ToolName } from '../facts/doctor-facts.ts';
import { limited, listOf, ok, type Check } from './check.ts';

interface Need {
  readonly tool: ToolName;
  readonly purpose: string;
  readonly package: Package;
}

const needs: readonly Need[] = [
  { tool: 'qemu-img', purpose: 'makes disk images', package: 'qemuImg' },
  { tool: 'xz', purpose: 'unpacks kernels', package: 'xz' },
  { tool: 'lz4', purpose: 'unpacks other kernels', package: 'lz4' },
  { tool: 'zstd', purpose: 'unpacks newer kernels', package: 'zstd' },
  { tool: 'skopeo', purpose: 'fetches container images', package: 'skopeo' },
  { tool: 'sqfstar', purpose: 'packs container images', package: 'squashfsTools' },
  { tool: 'mke2fs', purpose: 'makes containers’ kept disks', package: 'e2fsprogs' },
];

export const toolsCheck: Check = {
  id: 'tools',
  title: 'Tools',
  judge({ tools, distribution }) {
    const found = valueOf(tools);
    const missing = needs.filter((need) => found[need.tool] === null);
    if (missing.length === 0) {
      const names = needs.map(({ tool }) => tool);
      return ok(`${listOf(names)} are installed.`);
    }
    const words = missing.map((need) => `${need.tool}, which ${need.purpose}`);
    return limited(
      `Not installed: ${words.join('; ')}.`,
      installCommand(
        distribution,
        missing.map((need) => need.package),
      ),
    );
  },
};
