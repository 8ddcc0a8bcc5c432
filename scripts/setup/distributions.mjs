/** Which packages Nandu needs on which distribution, and how one installs them there. Data only. */

/**
 * @typedef {'base' | 'display' | 'compiler' | 'images' | 'registry' | 'kernel' | 'bench'} PackageGroup
 *   base: always; display: a virtual screen for tests; compiler: to build the fallback runtime's SQLite;
 *   images: what the tests of container images are made and compared with, and the passt that tests of networks use
 *   (Nandu itself goes without); registry: a registry for them, only where CI is set, because its package starts a
 *   service; kernel: to build the fast kernel; bench: what the benchmark compares with, only on Debian, whose kernel
 *   it boots
 * @typedef {object} Distribution
 * @property {string[]} ids values of ID or ID_LIKE in /etc/os-release
 * @property {string[]} install command, without the packages
 * @property {Record<PackageGroup, string[]>} packages
 */

/** @type {Distribution[]} */
export const distributions = [
  {
    ids: ['debian', 'ubuntu'],
    install: ['apt-get', 'install', '--yes', '--no-install-recommends'],
    packages: {
      base: [
        ...['qemu-system-x86', 'qemu-utils', 'busybox-static', 'xz-utils', 'zstd', 'lz4', 'unzip'],
        ...[
          'libnss3',
          'libatk1.0-0',
          'libatk-bridge2.0-0',
          'libgtk-3-0',
          'libgbm1',
          'libasound2',
          'libdrm2',
        ],
        ...['libxkbcommon0', 'libcups2', 'fonts-dejavu-core', 'ca-certificates'],
        // Containers: images, their disks, networks, and the guest's agent.
        ...['skopeo', 'squashfs-tools', 'e2fsprogs', 'slirp4netns', 'nftables', 'musl-tools'],
      ],
      display: ['xvfb'],
      compiler: ['g++', 'libc6-dev'],
      images: ['umoci', 'attr', 'mmdebstrap', 'passt'],
      registry: ['docker-registry'],
      kernel: ['make', 'gcc', 'libc6-dev', 'flex', 'bison', 'bc', 'libelf-dev'],
      bench: ['libvirt-daemon-system', 'libvirt-clients'],
    },
  },
  {
    ids: ['fedora', 'rhel', 'centos'],
    install: ['dnf', 'install'],
    packages: {
      base: [
        ...['qemu-system-x86-core', 'qemu-img', 'busybox', 'xz', 'zstd', 'lz4', 'unzip'],
        ...[
          'nss',
          'atk',
          'at-spi2-atk',
          'gtk3',
          'mesa-libgbm',
          'alsa-lib',
          'libdrm',
          'libxkbcommon',
        ],
        ...['cups-libs', 'dejavu-sans-fonts'],
        ...['skopeo', 'squashfs-tools', 'e2fsprogs', 'slirp4netns', 'nftables', 'musl-gcc'],
      ],
      display: ['xorg-x11-server-Xvfb'],
      compiler: ['gcc-c++'],
      images: ['umoci', 'attr'],
      registry: [],
      kernel: ['make', 'gcc', 'flex', 'bison', 'bc', 'elfutils-libelf-devel'],
      bench: [],
    },
  },
  {
    ids: ['arch'],
    install: ['pacman', '-S', '--needed'],
    packages: {
      base: [
        ...['qemu-system-x86', 'qemu-img', 'busybox', 'xz', 'zstd', 'lz4', 'unzip'],
        ...[
          'nss',
          'at-spi2-core',
          'gtk3',
          'mesa',
          'alsa-lib',
          'libdrm',
          'libxkbcommon',
          'libcups',
          'ttf-dejavu',
        ],
        ...['skopeo', 'squashfs-tools', 'e2fsprogs', 'slirp4netns', 'nftables', 'musl'],
      ],
      display: ['xorg-server-xvfb'],
      compiler: ['gcc'],
      images: ['attr'],
      registry: [],
      kernel: ['make', 'gcc', 'flex', 'bison', 'bc', 'libelf'],
      bench: [],
    },
  },
  {
    ids: ['opensuse', 'suse', 'sles'],
    install: ['zypper', 'install'],
    packages: {
      base: [
        ...['qemu-x86', 'qemu-tools', 'busybox-static', 'xz', 'zstd', 'lz4', 'unzip'],
        ...[
          'mozilla-nss',
          'libatk-1_0-0',
          'libatk-bridge-2_0-0',
          'libgtk-3-0',
          'libgbm1',
          'libasound2',
        ],
        ...['libdrm2', 'libxkbcommon0', 'libcups2', 'dejavu-fonts'],
        ...[
          'skopeo',
          'squashfs',
          'e2fsprogs',
          'slirp4netns',
          'nftables',
          'gcc',
          'glibc-devel-static',
        ],
      ],
      display: ['xorg-x11-server-Xvfb'],
      compiler: ['gcc-c++'],
      images: ['attr'],
      registry: [],
      kernel: ['make', 'gcc', 'flex', 'bison', 'bc', 'libelf-devel'],
      bench: [],
    },
  },
];

/** What must be there, whatever the distribution calls its package. */
export const requirements = {
  base: {
    programs: [
      ...['qemu-system-x86_64', 'qemu-img', 'busybox', 'xz', 'zstd', 'lz4', 'unzip'],
      ...['skopeo', 'sqfstar', 'mke2fs', 'slirp4netns', 'nft'],
    ],
    libraries: [
      ...[
        'libnss3.so',
        'libatk-1.0.so.0',
        'libatk-bridge-2.0.so.0',
        'libgtk-3.so.0',
        'libgbm.so.1',
      ],
      ...['libasound.so.2', 'libdrm.so.2', 'libxkbcommon.so.0', 'libcups.so.2'],
    ],
  },
  display: { programs: ['Xvfb'], libraries: [] },
  compiler: { programs: ['g++', 'gcc'], libraries: [] },
  // umoci is not packaged everywhere: where it is missing, the tests that compare with it say so.
  images: { programs: ['unsquashfs', 'getfattr'], libraries: [] },
  registry: { programs: [], libraries: [] },
  kernel: {
    programs: ['make', 'gcc', 'flex', 'bison', 'bc', 'xz', 'tar', 'strip'],
    libraries: ['libelf.so'],
  },
  bench: { programs: [], libraries: [] },
};

/**
 * @param {string} osRelease content of /etc/os-release
 * @returns {Distribution | null}
 */
export function recognise(osRelease) {
  const value = (/** @type {string} */ key) =>
    new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const names = [value('ID'), ...value('ID_LIKE').split(/\s+/)].map((name) =>
    name.replace(/^opensuse-.*/, 'opensuse'),
  );
  for (const name of names) {
    const found = distributions.find(({ ids }) => ids.includes(name));
    if (found) return found;
  }
  return null;
}
