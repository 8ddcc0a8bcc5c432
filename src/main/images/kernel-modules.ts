/**
 * Finds kernel modules of one kernel, unpacks them and works out what each needs, from the modules alone:
 * a kernel package that was only unpacked has no modules.dep yet. Never loads anything.
 */
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { AppError } from '../../shared/index.ts';
import { readElfSection } from './elf.ts';

/** One module, uncompressed. */
export interface KernelModule {
  /** with underscores, as `lsmod` prints it */
  name: string;
  /** relative to /lib/modules/RELEASE, without the suffix of the compression */
  path: string;
  data: Buffer;
  /** names of the modules that must be loaded before */
  dependencies: string[];
  /** patterns of modules.alias */
  aliases: string[];
}

const MODULE_FILE = /\.ko(\.gz|\.xz|\.zst)?$/;
const MAX_MODULE_BYTES = 64 * 1024 * 1024;
const runGunzip = promisify(gunzip);
const runProgram = promisify(execFile);

/** Modules to carry along, and those of the wanted ones that the kernel has built in. */
export interface CollectedModules {
  modules: KernelModule[];
  builtin: string[];
}

/**
 * The named modules and all they depend on, every one after its dependencies.
 *
 * @param modulesFolder /lib/modules/RELEASE of that kernel, whole or the part with the wanted modules
 * @param names modules to take; a name that the kernel does not have at all is an error unless `optional`
 * @throws AppError `kernel_missing` when a module is absent, `tool_missing` when it cannot be unpacked
 */
export async function collectModules(
  modulesFolder: string,
  names: readonly string[],
  { optional = [] }: { optional?: readonly string[] } = {},
): Promise<CollectedModules> {
  const files = await indexModules(modulesFolder);
  const builtin = await readBuiltin(modulesFolder);
  const collected = new Map<string, KernelModule>();
  const usedBuiltin = new Set<string>();
  const visit = async (name: string, chain: readonly string[]): Promise<void> => {
    if (collected.has(name) || chain.includes(name)) return;
    const builtinPath = builtin.get(name);
    if (builtinPath !== undefined) {
      usedBuiltin.add(builtinPath);
      return;
    }
    const path = files.get(name);
    if (path === undefined) throw missing(name, modulesFolder, chain);
    const module = await readModule(modulesFolder, path);
    for (const dependency of module.dependencies) await visit(dependency, [...chain, name]);
    collected.set(name, module);
  };
  for (const name of names.map(canonicalName)) await visit(name, []);
  for (const name of optional.map(canonicalName)) {
    if (files.has(name) || builtin.has(name)) await visit(name, []);
  }
  return { modules: [...collected.values()], builtin: [...usedBuiltin] };
}

/** modules.dep as depmod writes it: `path: nearest dependency … farthest dependency`. */
export function formatModulesDep(modules: readonly KernelModule[]): string {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const closure = (module: KernelModule): string[] => {
    const direct = module.dependencies.flatMap((name) => byName.get(name) ?? []);
    return [...new Set([...direct.map((one) => one.path), ...direct.flatMap(closure)])];
  };
  const position = new Map(modules.map((module, index) => [module.path, index]));
  const nearestFirst = (a: string, b: string): number =>
    (position.get(b) ?? 0) - (position.get(a) ?? 0);
  return modules
    .map((module) => `${[`${module.path}:`, ...closure(module).sort(nearestFirst)].join(' ')}\n`)
    .join('');
}

/** modules.alias, through which the kernel finds drivers and file systems by itself. */
export function formatModulesAlias(modules: readonly KernelModule[]): string {
  return modules
    .flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`))
    .join('');
}

/** modules.builtin, which keeps modprobe from complaining about drivers that are there anyway. */
export function formatModulesBuiltin(paths: readonly string[]): string {
  return paths.map((path) => `${path}\n`).join('');
}

/** Reads the fields of a module's .modinfo section: `key=value` texts, separated by NUL. */
export function parseModinfo(module: Buffer): { dependencies: string[]; aliases: string[] } | null {
  const section = readElfSection(module, '.modinfo');
  if (!section) return null;
  const fields = section.toString('latin1').split('\0');
  const valuesOf = (key: string): string[] =>
    fields
      .filter((field) => field.startsWith(`${key}=`))
      .map((field) => field.slice(key.length + 1));
  return {
    dependencies: valuesOf('depends').flatMap((list) =>
      list.split(',').filter(Boolean).map(canonicalName),
    ),
    aliases: valuesOf('alias').filter((alias) => !/\s/.test(alias)),
  };
}

async function readModule(folder: string, path: string): Promise<KernelModule> {
  const data = await unpackModule(join(folder, path));
  const info = parseModinfo(data);
  if (!info) {
    throw new AppError(
      'kernel_unreadable',
      `The kernel module ${path} is damaged. Reinstall the kernel package.`,
      {
        details: { path: join(folder, path) },
      },
    );
  }
  return { name: moduleName(path), path: path.replace(MODULE_FILE, '.ko'), data, ...info };
}

async function unpackModule(path: string): Promise<Buffer> {
  if (path.endsWith('.ko')) return readFile(path);
  if (path.endsWith('.gz'))
    return runGunzip(await readFile(path), { maxOutputLength: MAX_MODULE_BYTES });
  const program = path.endsWith('.xz') ? 'xz' : 'zstd';
  try {
    const { stdout } = await runProgram(program, ['--decompress', '--stdout', path], {
      encoding: 'buffer',
      maxBuffer: MAX_MODULE_BYTES,
    });
    return stdout;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw isMissing
      ? new AppError(
          'tool_missing',
          `Unpacking kernel modules needs the program "${program}". Install it and try again.`,
          {
            cause: error,
            details: { tool: program },
          },
        )
      : new AppError(
          'kernel_unreadable',
          `The kernel module ${path} cannot be unpacked. Reinstall the kernel package.`,
          {
            cause: error,
            details: { path },
          },
        );
  }
}

async function indexModules(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const walk = async (relative: string): Promise<void> => {
    for (const entry of await readdir(join(folder, relative), { withFileTypes: true })) {
      const path = join(relative, entry.name);
      if (entry.isDirectory()) await walk(path);
      else if (MODULE_FILE.test(entry.name)) files.set(moduleName(path), path);
    }
  };
  await walk('kernel');
  return files;
}

async function readBuiltin(folder: string): Promise<Map<string, string>> {
  const list = await readFile(join(folder, 'modules.builtin'), 'utf8');
  return new Map(
    list
      .split('\n')
      .filter(Boolean)
      .map((path) => [moduleName(path), path]),
  );
}

function moduleName(path: string): string {
  return canonicalName(basename(path).replace(MODULE_FILE, ''));
}

function canonicalName(name: string): string {
  return name.replaceAll('-', '_');
}

function missing(name: string, folder: string, chain: readonly string[]): AppError {
  const wantedBy = chain.length > 0 ? `, which ${chain.at(-1) ?? ''} needs` : '';
  return new AppError(
    'kernel_missing',
    `The kernel in ${folder} has no module ${name}${wantedBy}. Use a generic distribution kernel.`,
    { details: { module: name, folder } },
  );
}
