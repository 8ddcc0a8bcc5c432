/**
 * Set-up step "guest": prepares the kernel and initrd machines boot by default, in the cache folder given.
 * Runs with the project's own Node after `npm ci`, for it shares its code with the app.
 *
 * Usage: node guest.ts GUEST_FOLDER MODULES_RECIPE USERLAND_RECIPE
 */
import { access, constants, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildModulesArchive,
  buildUserlandArchive,
  extractVmlinux,
  GUEST_MANIFEST_VERSION,
  inspectKernel,
  type GuestManifest,
  type GuestManifestKernel,
  type UserlandSources,
} from '../../src/main/images/index.ts';
import { fetchAptKernel, findHostKernel, type KernelSource } from './guest-kernel-source.ts';
import { compileStatic } from './compile-static.ts';
import { GuestStore } from './guest-store.ts';

const resourcesFolder = join(import.meta.dirname, '..', '..', 'resources', 'guest');
const BUSYBOX_PATHS = [
  '/bin/busybox',
  '/usr/bin/busybox',
  '/usr/sbin/busybox',
  '/usr/lib/initcpio/busybox',
];
const NO_KERNEL = [
  'No kernel for guests was found: apt knows none here and the kernel of this host cannot be read.',
  'Make one readable, for instance: sudo chmod +r /boot/vmlinuz-$(uname -r)',
  'Or go on without: in the app, "New machine" lets you choose any kernel and initrd.',
].join('\n');

type KernelFiles = Omit<GuestManifestKernel, 'initrd'>;

async function main([folder, modulesRecipe, userlandRecipe]: readonly string[]): Promise<void> {
  if (!folder || !modulesRecipe || !userlandRecipe) {
    throw new Error('Usage: node guest.ts GUEST_FOLDER MODULES_RECIPE USERLAND_RECIPE');
  }
  const recipe = { modules: modulesRecipe, userland: userlandRecipe };
  const store = new GuestStore(folder);
  const work = await store.temporaryFolder();
  try {
    const present = await store.readManifest();
    const kernels =
      present?.recipe.modules === recipe.modules && (await areIntact(store, present))
        ? present.kernels
        : [await fetchKernel(store, work.path)];
    report('building the initrd');
    const initPath = join(work.path, 'init');
    await compileStatic(join(resourcesFolder, 'init'), initPath);
    const agentPath = join(work.path, 'nandu-agent');
    await compileStatic(join(resourcesFolder, 'agent'), agentPath);
    const tscRatePath = join(work.path, 'tsc-rate');
    await compileStatic(join(resourcesFolder, '..', 'host'), tscRatePath);
    const userland = await buildUserlandArchive({ ...(await foundSources()), initPath, agentPath });
    const userlandPath = join(work.path, 'userland');
    await writeFile(userlandPath, userland);
    const complete: GuestManifestKernel[] = [];
    for (const kernel of kernels) {
      complete.push({ ...kernel, initrd: await addInitrd(store, kernel, userland, work.path) });
    }
    await store.writeManifest({
      formatVersion: GUEST_MANIFEST_VERSION,
      default: kernels[0]?.id ?? '',
      recipe,
      kernels: complete,
      userland: await store.addFile('initrd-userland', userlandPath),
      tscRate: await store.addFile('tsc-rate', tscRatePath),
    });
    report(`ready: ${complete.map((kernel) => kernel.title).join(', ')}`);
  } finally {
    await work.remove();
  }
}

async function fetchKernel(store: GuestStore, workFolder: string): Promise<KernelFiles> {
  const source = (await fetchAptKernel(workFolder, report)) ?? (await findHostKernel(workFolder));
  if (!source) throw new Error(NO_KERNEL);
  return addKernel(store, source, workFolder);
}

async function addKernel(
  store: GuestStore,
  source: KernelSource,
  workFolder: string,
): Promise<KernelFiles> {
  const { distribution, release, bzImagePath, configPath } = source;
  report(`unpacking kernel ${release}`);
  const vmlinuxPath = join(workFolder, 'vmlinux');
  await extractVmlinux(bzImagePath, vmlinuxPath);
  if (!(await inspectKernel(vmlinuxPath)).pvh) {
    throw new Error(`Kernel ${release} has no PVH entry, so QEMU cannot boot it directly.`);
  }
  const modulesPath = join(workFolder, 'modules.cpio');
  await writeFile(modulesPath, await buildModulesArchive(release, source.modulesFolder));
  return {
    id: `${distribution.toLowerCase().replaceAll(/[^\w.-]+/g, '-')}-${release}`,
    title: `${distribution} ${release}`,
    release,
    source: source.description,
    vmlinux: await store.addFile(`vmlinux-${release}`, vmlinuxPath),
    bzImage: await store.addFile(`vmlinuz-${release}`, bzImagePath),
    config: configPath ? await store.addFile(`config-${release}`, configPath) : null,
    modules: await store.addFile(`modules-${release}`, modulesPath),
  };
}

async function addInitrd(
  store: GuestStore,
  kernel: KernelFiles,
  userland: Buffer,
  workFolder: string,
): Promise<GuestManifestKernel['initrd']> {
  const path = join(workFolder, `initrd-${kernel.release}`);
  await writeFile(path, [await readFile(join(store.folder, kernel.modules.file)), userland]);
  return store.addFile(`initrd-${kernel.release}`, path);
}

async function areIntact(store: GuestStore, manifest: GuestManifest): Promise<boolean> {
  for (const { vmlinux, bzImage, config, modules } of manifest.kernels) {
    for (const file of [vmlinux, bzImage, config, modules]) {
      if (file && !(await store.isIntact(file))) return false;
    }
  }
  return true;
}

/** What is not compiled. */
async function foundSources(): Promise<Omit<UserlandSources, 'initPath' | 'agentPath'>> {
  const powerPath = join(resourcesFolder, 'power');
  const udhcpcPath = join(resourcesFolder, 'udhcpc');
  for (const busyboxPath of BUSYBOX_PATHS) {
    const isExecutable = await access(busyboxPath, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isExecutable) return { busyboxPath, powerPath, udhcpcPath };
  }
  throw new Error('There is no busybox. Install "busybox-static" (on Fedora and Arch "busybox").');
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
