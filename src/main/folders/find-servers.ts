/**
 * Finds where a virtiofsd could be: by PATH, where distributions put it, and by QEMU's descriptions of such programs.
 * Never runs one, and believes nothing that it reads but paths of files.
 */
import { constants } from 'node:fs';
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { findProgram } from '../host/index.ts';

const usualPlaces = ['/usr/libexec/virtiofsd', '/usr/lib/virtiofsd', '/usr/lib/qemu/virtiofsd'];
/** QEMU docs/interop/vhost-user.json: what such a description must have; it may have more. */
const descriptionSchema = z.object({ type: z.literal('fs'), binary: z.string().startsWith('/') });
const maxDescriptionBytes = 64 * 1024;
const maxDescriptions = 64;

/** @returns paths of executable files without links, each once, the likeliest first. */
export async function findServers(
  env: NodeJS.ProcessEnv,
  home: string = homedir(),
): Promise<string[]> {
  const found = [
    await findProgram('virtiofsd', env),
    ...usualPlaces,
    ...(await describedIn(descriptionFolders(env, home))),
  ];
  const paths = await Promise.all(found.map(executable));
  return [...new Set(paths.filter((path) => path !== null))];
}

/** In the order that QEMU's documents give: the person's, the administrator's, the distribution's. */
function descriptionFolders(env: NodeJS.ProcessEnv, home: string): string[] {
  const config = env['XDG_CONFIG_HOME'];
  const own = config !== undefined && isAbsolute(config) ? config : join(home, '.config');
  return [own, '/etc', '/usr/share'].map((folder) => join(folder, 'qemu', 'vhost-user'));
}

async function describedIn(folders: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []); // most have none
    for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
      if (paths.length >= maxDescriptions) return paths;
      const binary = await binaryIn(join(folder, name));
      if (binary !== null) paths.push(binary);
    }
  }
  return paths;
}

async function binaryIn(path: string): Promise<string | null> {
  try {
    const stats = await stat(path);
    if (!stats.isFile() || stats.size > maxDescriptionBytes) return null;
    const parsed = descriptionSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? parsed.data.binary : null;
  } catch {
    return null; // it describes nothing that could be used
  }
}

async function executable(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile() ? await realpath(path) : null;
  } catch {
    return null;
  }
}
