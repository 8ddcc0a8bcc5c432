/**
 * Builds the fast kernel of resources/guest/kernel.config and puts it into the guest folder.
 * Must never offer one that lacks an option of that file, or of which a part is missing.
 *
 * Usage: node fast-kernel.ts GUEST_FOLDER [SOURCE_ARCHIVE]
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  FAST_KERNEL_FILE,
  fastKernelSchema,
  inspectKernel,
  type FastKernel,
} from '../../src/main/images/index.ts';
import { GuestStore } from './guest-store.ts';

const run = promisify(execFile);
const configurationFile = join(
  ...[import.meta.dirname, '..', '..', 'resources', 'guest', 'kernel.config'],
);
const downloadDeadlineMs = 20 * 60_000;
/** Same source and configuration, same bytes: neither the hour nor who built it is in the kernel. */
const reproducible = [
  'KBUILD_BUILD_TIMESTAMP=Thu Jan  1 00:00:00 UTC 1970',
  'KBUILD_BUILD_USER=nandu',
  'KBUILD_BUILD_HOST=nandu',
];
const noSource = [
  'There is no kernel source: apt knows no package "linux-source" here.',
  'Fetch a linux-6.x.tar.xz yourself, and run: npm run guest:kernel -- --source FILE',
].join('\n');

/** Where the source comes from, before it is fetched. */
interface Source {
  /** package and version, or the file's name */
  readonly description: string;
  /** what it is known by: the package's version, or the file's checksum */
  readonly identity: string;
  /** @returns the path of a linux-*.tar.xz */
  fetch(folder: string): Promise<string>;
}

async function main([folder, archive]: readonly string[]): Promise<void> {
  if (folder === undefined) throw new Error('Usage: node fast-kernel.ts GUEST_FOLDER [SOURCE]');
  const store = new GuestStore(folder);
  const source = archive === undefined ? await debianSource() : await fileSource(resolve(archive));
  const configuration = await readFile(configurationFile, 'utf8');
  const recipe = createHash('sha256')
    .update(JSON.stringify([configuration, source.identity, reproducible]))
    .digest('hex');
  if (await isMade(store, recipe)) {
    report(`ready: made before of ${source.description} and this configuration`);
    return;
  }
  const work = await store.temporaryFolder();
  try {
    report(`fetching ${source.description}`);
    const tarball = await source.fetch(work.path);
    report('unpacking it');
    await run('tar', ['--extract', '--xz', '--file', tarball, '--directory', work.path]);
    if (tarball.startsWith(work.path)) await rm(tarball);
    const tree = await findTree(work.path);
    report('configuring');
    await configure(tree, configuration);
    report(`building with ${availableParallelism()} processes: some minutes`);
    await make(tree, [`-j${availableParallelism()}`, ...reproducible, 'bzImage']);
    await write(store, await collect(store, tree, work.path, source, recipe));
  } finally {
    await work.remove();
  }
}

async function isMade(store: GuestStore, recipe: string): Promise<boolean> {
  const text = await readFile(join(store.folder, FAST_KERNEL_FILE), 'utf8').catch(() => '{}');
  const parsed = fastKernelSchema.safeParse(parseOrNull(text));
  if (!parsed.success || parsed.data.recipe !== recipe) return false;
  const { vmlinux, bzImage, config } = parsed.data;
  for (const file of [vmlinux, bzImage, config]) if (!(await store.isIntact(file))) return false;
  return true;
}

/** Debian's `linux-source` names the package of the current kernel; apt proves its signature. */
async function debianSource(): Promise<Source> {
  const environment = { ...process.env, LC_ALL: 'C' };
  const ask = (argv: string[]): Promise<string> =>
    run('apt-cache', argv, { env: environment }).then(
      ({ stdout }) => stdout,
      () => '', // no apt, or a name it does not know
    );
  const name = /^ {2}Depends: (linux-source-\S+)$/m.exec(
    await ask(['depends', 'linux-source']),
  )?.[1];
  const version = name && /^ {2}Candidate: (\S+)$/m.exec(await ask(['policy', name]))?.[1];
  if (!name || !version || version === '(none)') throw new Error(noSource);
  return {
    description: `${name} ${version}`,
    identity: `${name} ${version}`,
    async fetch(folder) {
      await run('apt-get', ['download', '--quiet', `${name}=${version}`], {
        ...{ cwd: folder, timeout: downloadDeadlineMs },
      });
      const packed = (await readdir(folder)).find((file) => file.endsWith('.deb'));
      if (packed === undefined) throw new Error(`apt fetched no ${name}.`);
      const target = join(folder, 'linux-source.tar.xz');
      await run('sh', [
        '-c',
        'dpkg-deb --fsys-tarfile "$1" | tar --extract --to-stdout --wildcards "./usr/src/linux-source-*.tar.xz" >"$2"',
        ...['unpack', join(folder, packed), target],
      ]);
      await rm(join(folder, packed));
      return target;
    },
  };
}

async function fileSource(path: string): Promise<Source> {
  const hash = createHash('sha256');
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new Error(`“${path}” cannot be read.`, { cause });
  });
  for await (const chunk of file.createReadStream()) hash.update(chunk as Buffer);
  return {
    description: basename(path),
    identity: hash.digest('hex'),
    fetch: () => Promise.resolve(path),
  };
}

async function findTree(folder: string): Promise<string> {
  const tree = (await readdir(folder)).find((name) => name.startsWith('linux-'));
  if (tree === undefined) throw new Error('The archive holds no folder linux-*.');
  return join(folder, tree);
}

/** @throws Error that names each option of ours that this source does not have, or will not have so. */
async function configure(tree: string, configuration: string): Promise<void> {
  await run('make', [`KCONFIG_ALLCONFIG=${configurationFile}`, 'allnoconfig'], { cwd: tree });
  const made = new Set((await readFile(join(tree, '.config'), 'utf8')).split('\n'));
  const refused = configuration
    .split('\n')
    .filter((line) => line.startsWith('CONFIG_'))
    .filter((line) =>
      line.endsWith('=n')
        ? [...made].some((other) => other.startsWith(line.slice(0, -1)))
        : !made.has(line),
    );
  if (refused.length === 0) return;
  throw new Error(`This source does not take these options as they are: ${refused.join(', ')}`);
}

async function make(tree: string, argv: readonly string[]): Promise<void> {
  const log = join(tree, 'nandu-build.log');
  const file = await open(log, 'w');
  const child = spawn('nice', ['make', ...argv], {
    ...{ cwd: tree, stdio: ['ignore', file.fd, file.fd] },
  });
  const code = await new Promise<number | null>((done, failed) => {
    child.once('exit', done).once('error', failed);
  });
  await file.close();
  if (code === 0) return;
  const last = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-15);
  throw new Error(`The kernel does not build:\n${last.join('\n')}`);
}

async function collect(
  store: GuestStore,
  tree: string,
  workFolder: string,
  source: Source,
  recipe: string,
): Promise<FastKernel> {
  const { stdout } = await run('make', ['--silent', 'kernelrelease'], { cwd: tree });
  const release = stdout.trim();
  const vmlinuxPath = join(workFolder, 'vmlinux');
  await run('strip', ['-o', vmlinuxPath, join(tree, 'vmlinux')]);
  if (!(await inspectKernel(vmlinuxPath)).pvh) throw new Error('The kernel has no PVH entry.');
  const configPath = join(workFolder, 'config');
  await rename(join(tree, '.config'), configPath);
  const bzImagePath = join(tree, 'arch', 'x86', 'boot', 'bzImage');
  return {
    ...{ formatVersion: 1, recipe, release, source: source.description },
    title: `Nandu ${release.replace(/-nandu$/, '')}`,
    vmlinux: await store.addFile(`vmlinux-${release}`, vmlinuxPath),
    bzImage: await store.addFile(`vmlinuz-${release}`, bzImagePath),
    config: await store.addFile(`config-${release}`, configPath),
  };
}

/** Listed last, when all its files are there. */
async function write(store: GuestStore, kernel: FastKernel): Promise<void> {
  const path = join(store.folder, `.${FAST_KERNEL_FILE}`);
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(`${JSON.stringify(fastKernelSchema.parse(kernel), null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(path, join(store.folder, FAST_KERNEL_FILE));
  report(`ready: ${kernel.title} of ${kernel.source}`);
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // damaged: it is made anew
  }
}

function report(line: string): void {
  console.log(`      ${line}`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
