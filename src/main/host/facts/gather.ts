/**
 * Finds out the facts that the doctor judges by.
 * Only looks: it makes no file, and the one program it runs is unshare(1) with true(1).
 */
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Paths } from '../paths.ts';
import { recogniseDistribution } from './distribution.ts';
import {
  toolNames,
  type DoctorFacts,
  type KnownFacts,
  type Memory,
  type Person,
  type Tools,
} from './doctor-facts.ts';
import { lookUp } from './fact.ts';
import { isSafeName, readKvmDevice, readProcessor } from './kvm-facts.ts';
import { findProgram } from './programs.ts';
import { readRuntimeFolder, readSpace } from './storage-facts.ts';
import { tryUserNamespaces } from './user-namespaces.ts';

/** What {@link gatherFacts} starts from. */
export interface DoctorInput extends KnownFacts {
  readonly paths: Paths;
  /** For PATH. */
  readonly env: NodeJS.ProcessEnv;
}

/** Looks at everything at once, each with a deadline. Does not throw. */
export async function gatherFacts(input: DoctorInput): Promise<DoctorFacts> {
  const { paths, env, qemu, problems, kvm, kernel, fence, folders, passt } = input;
  const person = await lookUp(readPerson);
  // All begin here; awaiting them one by one below costs no time.
  const distribution = lookUp(async () => recogniseDistribution(await readOsRelease()));
  const processor = lookUp(readProcessor);
  const kvmDevice = lookUp(() => readKvmDevice(person.known ? person.value : null));
  const kernelFiles = kernel === null ? [] : [kernel.kernelPath, kernel.initrdPath];
  const unreadableKernelFiles = lookUp(() => unreadableOf(kernelFiles));
  const tools = lookUp(() => findTools(env));
  const space = lookUp(() => readSpace(paths));
  const runtime = lookUp(() => readRuntimeFolder(paths));
  const userNamespaces = lookUp(() => tryUserNamespaces(env));
  const memory = lookUp(async () => memoryOf(await readFile('/proc/meminfo', 'utf8')));
  return {
    ...{ qemu, problems, kvm, kernel, fence, folders, passt, person },
    distribution: await distribution,
    processor: await processor,
    kvmDevice: await kvmDevice,
    unreadableKernelFiles: await unreadableKernelFiles,
    tools: await tools,
    space: await space,
    runtime: await runtime,
    userNamespaces: await userNamespaces,
    memory: await memory,
  };
}

/** @throws SystemError for a user without an entry in the user database. */
function readPerson(): Person {
  const { username, uid } = userInfo();
  return { name: isSafeName(username) ? username : null, isRoot: uid === 0 };
}

/** os-release(5) has the second place for systems whose /etc is empty. */
async function readOsRelease(): Promise<string> {
  return readFile('/etc/os-release', 'utf8').catch(() => readFile('/usr/lib/os-release', 'utf8'));
}

async function unreadableOf(files: readonly string[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(files.map((path) => access(path, constants.R_OK)));
  return files.filter((_path, index) => outcomes[index]?.status === 'rejected');
}

async function findTools(env: NodeJS.ProcessEnv): Promise<Tools> {
  // Some distributions keep mke2fs where an ordinary user's PATH does not lead; Nandu looks there, too.
  const withSystemFolders = { PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const found = await Promise.all(
    toolNames.map(async (name) => [name, await findProgram(name, withSystemFolders)] as const),
  );
  return Object.fromEntries(found) as Tools;
}

/**
 * @param memInfo the content of /proc/meminfo (proc_meminfo(5)).
 * @throws Error when a line is missing.
 */
export function memoryOf(memInfo: string): Memory {
  const mebibytes = (key: string): number => {
    const kibibytes = new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(memInfo)?.[1];
    if (kibibytes === undefined) throw new Error(`/proc/meminfo does not tell ${key}`);
    return Math.floor(Number(kibibytes) / 1024);
  };
  return { availableMiB: mebibytes('MemAvailable'), totalMiB: mebibytes('MemTotal') };
}
