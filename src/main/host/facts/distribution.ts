/**
 * Which family of distributions this is, and what its packages are called.
 * Never runs a package manager: commands are for a person to copy.
 */
import type { Fact } from './fact.ts';

export interface Distribution {
  /** Null for one whose packages Nandu does not know. */
  readonly family: Family | null;
  /** For a person, for example “Debian GNU/Linux 12 (bookworm)”. */
  readonly title: string;
}
export type Family = 'debian' | 'fedora' | 'arch' | 'opensuse';

/** Values of ID and ID_LIKE in /etc/os-release (os-release(5)). */
const families: Readonly<Record<string, Family>> = {
  ...{ debian: 'debian', ubuntu: 'debian' },
  ...{ fedora: 'fedora', rhel: 'fedora', centos: 'fedora' },
  arch: 'arch',
  ...{ opensuse: 'opensuse', suse: 'opensuse', sles: 'opensuse' },
};

const installers: Record<Family, string> = {
  debian: 'sudo apt install',
  fedora: 'sudo dnf install',
  arch: 'sudo pacman -S --needed',
  opensuse: 'sudo zypper install',
};

const packages = {
  qemu: {
    debian: 'qemu-system-x86',
    fedora: 'qemu-system-x86-core',
    arch: 'qemu-system-x86',
    opensuse: 'qemu-x86',
  },
  qemuImg: { debian: 'qemu-utils', fedora: 'qemu-img', arch: 'qemu-img', opensuse: 'qemu-tools' },
  xz: { debian: 'xz-utils', fedora: 'xz', arch: 'xz', opensuse: 'xz' },
  lz4: { debian: 'lz4', fedora: 'lz4', arch: 'lz4', opensuse: 'lz4' },
  zstd: { debian: 'zstd', fedora: 'zstd', arch: 'zstd', opensuse: 'zstd' },
  skopeo: { debian: 'skopeo', fedora: 'skopeo', arch: 'skopeo', opensuse: 'skopeo' },
  squashfsTools: {
    debian: 'squashfs-tools',
    fedora: 'squashfs-tools',
    arch: 'squashfs-tools',
    opensuse: 'squashfs',
  },
  e2fsprogs: {
    debian: 'e2fsprogs',
    fedora: 'e2fsprogs',
    arch: 'e2fsprogs',
    opensuse: 'e2fsprogs',
  },
  seabios: {
    debian: 'seabios',
    fedora: 'seabios-bin',
    arch: 'qemu-system-x86-firmware',
    opensuse: 'qemu-microvm',
  },
  qboot: {
    debian: 'qemu-system-data',
    fedora: 'qboot',
    arch: 'qemu-system-x86-firmware',
    opensuse: 'qemu-microvm',
  },
  slirp4netns: {
    debian: 'slirp4netns',
    fedora: 'slirp4netns',
    arch: 'slirp4netns',
    opensuse: 'slirp4netns',
  },
  nftables: {
    debian: 'nftables',
    fedora: 'nftables',
    arch: 'nftables',
    opensuse: 'nftables',
  },
  utilLinux: {
    debian: 'util-linux',
    fedora: 'util-linux',
    arch: 'util-linux',
    opensuse: 'util-linux',
  },
} as const satisfies Record<string, Record<Family, string>>;
export type Package = keyof typeof packages;

/** @param osRelease the content of /etc/os-release. */
export function recogniseDistribution(osRelease: string): Distribution {
  const value = (key: string): string =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, 'm').exec(osRelease)?.[2]?.trim() ?? '';
  const ids = [value('ID'), ...value('ID_LIKE').split(/\s+/)].map((id) =>
    id.replace(/^opensuse-.*/, 'opensuse'),
  );
  const known = ids.find((id) => Object.hasOwn(families, id));
  return {
    family: known === undefined ? null : (families[known] ?? null),
    title: value('PRETTY_NAME') || value('NAME') || 'this distribution',
  };
}

/** The command that installs packages, or null where Nandu does not know what they are called. */
export function installCommand(
  distribution: Fact<Distribution>,
  wanted: readonly Package[],
): string | null {
  const family = distribution.known ? distribution.value.family : null;
  if (family === null || wanted.length === 0) return null;
  const names = new Set(wanted.map((name) => packages[name][family]));
  return `${installers[family]} ${[...names].join(' ')}`;
}
