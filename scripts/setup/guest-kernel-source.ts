/**
 * Finds a distribution kernel to boot guests with: a package fetched by apt (no root needed) or the host's own.
 * Only fetches and unpacks; it installs nothing on the host.
 */
import { execFile } from 'node:child_process';
import { access, constants, cp, mkdir, readFile, readdir } from 'node:fs/promises';
import { release as hostRelease } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** An unpacked kernel. */
export interface KernelSource {
  distribution: string;
  release: string;
  /** package name and version, or a path */
  description: string;
  bzImagePath: string;
  configPath: string | null;
  modulesFolder: string;
}

const run = promisify(execFile);
const DOWNLOAD_DEADLINE_MS = 20 * 60_000;
/** The packages that depend on the current kernel: Debian's generic one has 9p, its cloud one has not. */
const META_PACKAGES = ['linux-image-amd64', 'linux-image-generic'];
/** Only these parts of a package are unpacked; the rest is hundreds of megabytes of drivers. */
const WANTED_MEMBERS = [
  './boot',
  './lib/modules/*/modules.*',
  ...[
    'arch',
    'crypto',
    'fs',
    'lib',
    'net',
    'drivers/block',
    'drivers/char',
    'drivers/virtio',
    'drivers/net/*.ko*',
  ].flatMap((part) => [`./lib/modules/*/kernel/${part}`, `./usr/lib/modules/*/kernel/${part}`]),
  './usr/lib/modules/*/modules.*',
];

/**
 * Fetches the kernel package behind the distribution's meta package and unpacks it into `folder`.
 * @returns null where apt is absent or knows no such package (its lists may be empty)
 */
export async function fetchAptKernel(
  folder: string,
  report: (line: string) => void,
): Promise<KernelSource | null> {
  const image = await resolveImagePackage();
  if (!image) return null;
  const packages = [
    image,
    ...(await dependenciesOf(image)).filter((name) => /^linux-modules-\d/.test(name)),
  ];
  report(`fetching ${packages.join(' and ')}`);
  await run('apt-get', ['download', '--quiet', ...packages], {
    cwd: folder,
    timeout: DOWNLOAD_DEADLINE_MS,
  });
  const archives = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
  const root = join(folder, 'root');
  await mkdir(root);
  report('unpacking it');
  for (const archive of archives) await unpack(join(folder, archive), root);
  const { stdout: description } = await run('dpkg-deb', [
    '--show',
    '--showformat=${Package} ${Version}',
    join(folder, archives.find((name) => name.startsWith(`${image}_`)) ?? ''),
  ]);
  return locate(root, description);
}

/** The kernel this host runs, where its file may be read; null elsewhere. */
export async function findHostKernel(folder: string): Promise<KernelSource | null> {
  const release = hostRelease();
  const candidates = [
    `/boot/vmlinuz-${release}`,
    `/lib/modules/${release}/vmlinuz`,
    `/usr/lib/modules/${release}/vmlinuz`,
  ];
  const original = await firstReadable(candidates);
  const modulesFolder = `/lib/modules/${release}`;
  if (!original || !(await firstReadable([join(modulesFolder, 'modules.builtin')]))) return null;
  const bzImagePath = join(folder, 'vmlinuz');
  await cp(original, bzImagePath);
  const config = await firstReadable([`/boot/config-${release}`, join(modulesFolder, 'config')]);
  const configPath = config && join(folder, 'config');
  if (config && configPath) await cp(config, configPath);
  return {
    distribution: await distributionName(),
    release,
    description: original,
    bzImagePath,
    configPath,
    modulesFolder,
  };
}

async function locate(root: string, description: string): Promise<KernelSource> {
  const boot = await readdir(join(root, 'boot'));
  const image = boot.find((name) => name.startsWith('vmlinuz-'));
  if (!image) throw new Error(`The package ${description} holds no kernel under /boot.`);
  const release = image.slice('vmlinuz-'.length);
  const config = boot.find((name) => name === `config-${release}`);
  const modules = await firstReadable(
    ['lib', 'usr/lib'].map((lib) => join(root, lib, 'modules', release, 'modules.builtin')),
  );
  if (!modules) throw new Error(`The package ${description} holds no modules of ${release}.`);
  return {
    distribution: await distributionName(),
    release,
    description,
    bzImagePath: join(root, 'boot', image),
    configPath: config ? join(root, 'boot', config) : null,
    modulesFolder: join(modules, '..'),
  };
}

/** `dpkg-deb | tar`, so that only the wanted members reach the disk. */
async function unpack(archive: string, root: string): Promise<void> {
  await run('sh', [
    '-c',
    // tar's complaint about patterns without a match is expected; what matters is checked afterwards.
    'archive=$1 root=$2; shift 2; dpkg-deb --fsys-tarfile "$archive" | tar --extract --directory "$root" --no-same-owner --wildcards "$@" 2>/dev/null || [ -d "$root" ]',
    'unpack',
    archive,
    root,
    ...WANTED_MEMBERS,
  ]);
}

async function resolveImagePackage(): Promise<string | null> {
  for (const meta of META_PACKAGES) {
    const image = (await dependenciesOf(meta)).find((name) =>
      /^linux-image-(unsigned-)?\d/.test(name),
    );
    if (image) return image;
  }
  return null;
}

async function dependenciesOf(name: string): Promise<string[]> {
  try {
    const { stdout } = await run('apt-cache', ['depends', '--important', name], {
      env: { ...process.env, LC_ALL: 'C' },
    });
    return [...stdout.matchAll(/^ {2}(?:Pre)?Depends: ([^<>\s]+)$/gm)].map(
      (match) => match[1] ?? '',
    );
  } catch {
    return []; // no apt, or a name it does not know: the caller tries the next source
  }
}

async function firstReadable(paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const isReadable = await access(path, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (isReadable) return path;
  }
  return null;
}

async function distributionName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const name = /^NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? 'Linux';
  return name.replace(/ (GNU\/)?Linux.*$/, '');
}
