/**
 * Finds out whether a virtiofsd runs here as the person, by starting it on an empty folder and asking it something.
 * Never leaves anything behind, and never takes a program's presence for an answer.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../host/index.ts';
import { findServers } from './find-servers.ts';
import { FolderServer } from './folder-server.ts';
import { serverKindOf } from './server-kind.ts';
import type { FolderProgram, FolderTools } from './server-script.ts';
import { answersVhostUser } from './vhost-user.ts';

const deadlineMs = 5_000;
const maxHelpBytes = 256 * 1024;

/** A server to share folders with, or a sentence that says why there is none. */
export type FolderServerAvailability =
  | { readonly program: FolderProgram; readonly problem: null }
  | { readonly program: null; readonly problem: string };

/** By the program's file: what it is and whether it works does not change while that stays the same. */
const tried = new Map<string, FolderServerAvailability>();

/**
 * Takes some 50 ms for a program that was not tried before.
 * @param env `NANDU_VIRTIOFSD` is the absolute path of the one to use, or empty for none.
 * @param again forgets what was tried before: what forbade it may be allowed by now.
 */
export async function findFolderServer(
  env: NodeJS.ProcessEnv,
  again = false,
): Promise<FolderServerAvailability> {
  const chosen = env['NANDU_VIRTIOFSD'];
  if (chosen === '') return none('NANDU_VIRTIOFSD says to use no virtiofsd.');
  const paths = chosen === undefined ? await findServers(env) : [chosen];
  if (paths.length === 0) return none('No virtiofsd is installed.');
  const tools = await findTools(env);
  if (tools === null) return none('unshare, mount or setpriv (util-linux), or bash, is not there.');
  const problems: string[] = [];
  for (const path of paths) {
    const found = await tryOnce(path, tools, again);
    if (found.program !== null) return found;
    problems.push(found.problem);
  }
  return none(problems.join(' '));
}

async function tryOnce(
  path: string,
  tools: FolderTools,
  again: boolean,
): Promise<FolderServerAvailability> {
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  const key = [path, size, mtimeMs, ...Object.values(tools)].join('\n');
  const known = again ? undefined : tried.get(key);
  if (known !== undefined) return known;
  const found = await tryProgram(path, tools);
  if (tried.size > 64) tried.clear();
  tried.set(key, found);
  return found;
}

async function tryProgram(path: string, tools: FolderTools): Promise<FolderServerAvailability> {
  const help = await helpOf(path);
  const kind = serverKindOf(help.text);
  if (kind === null) {
    return help.failure === null
      ? none(`“${path}” does not answer as a virtiofsd does.`)
      : none(refusedBy(path, help.failure));
  }
  const program: FolderProgram = { path, kind, tools };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'nandu-folder-')));
  const logPath = join(folder, 'log');
  try {
    await mkdir(join(folder, 'shared'));
    await serve(program, folder, logPath);
    return { program, problem: null };
  } catch (error) {
    const said = lastLine(await readFile(logPath, 'utf8').catch(() => ''));
    return none(refusedBy(path, said === '' ? (error as Error).message : said));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Error when it does not serve. */
async function serve(program: FolderProgram, folder: string, logPath: string): Promise<void> {
  const socketPath = join(folder, 's');
  const served = { path: join(folder, 'shared'), readOnly: true, socketPath };
  const signal = AbortSignal.timeout(deadlineMs);
  const server = await FolderServer.start(program, served, logPath, signal);
  try {
    server.go();
    if (!(await answersVhostUser(socketPath, signal))) throw new Error('it does not answer');
  } finally {
    await server.kill();
  }
}

function none(problem: string): FolderServerAvailability {
  return { program: null, problem };
}

async function findTools(env: NodeJS.ProcessEnv): Promise<FolderTools | null> {
  const full = { ...env, PATH: `${env['PATH'] ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin` };
  const [bash, unshare, setpriv, mount] = await Promise.all(
    ['bash', 'unshare', 'setpriv', 'mount'].map((name) => findProgram(name, full)),
  );
  return bash && unshare && setpriv && mount ? { bash, unshare, setpriv, mount } : null;
}

/** What `--help` says; some end with an error after it. QEMU’s own fails where groups cannot be left. */
function helpOf(program: string): Promise<{ text: string; failure: string | null }> {
  const options = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: maxHelpBytes } as const;
  return new Promise((resolve) => {
    execFile(program, ['--help'], options, (error, output, complaint) => {
      const said = lastLine(complaint);
      const failure = error === null || output !== '' || said === '' ? null : said;
      resolve({ text: `${output}\n${complaint}`, failure });
    });
  });
}

function refusedBy(path: string, why: string): string {
  return `“${path}” does not run as an ordinary user here (${why.replace(/\.$/, '')}).`;
}

function lastLine(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200);
}
