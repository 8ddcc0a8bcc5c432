/** The virtiofsd of this computer: whether it runs as an ordinary user, and that nothing of it is left. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFolderServer } from '../../src/main/folders/index.ts';
import { FolderServer } from '../../src/main/folders/folder-server.ts';
import type { FolderProgram } from '../../src/main/folders/server-script.ts';
import { answersVhostUser } from '../../src/main/folders/vhost-user.ts';
import { isAlive } from '../../src/main/host/index.ts';
import { temporaryDirectory } from '../support/folders.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
  mkdirSync(join(folder, 'shared'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { program: found, problem } = await findFolderServer(process.env);
const signal = AbortSignal.timeout(60_000);

function server(change: Partial<FolderProgram> = {}): Promise<FolderServer> {
  if (found === null) throw new Error(problem);
  const served = { path: join(folder, 'shared'), readOnly: true, socketPath: join(folder, 's') };
  return FolderServer.start({ ...found, ...change }, served, join(folder, 'log'), signal);
}

/** A program that is described as a server and is none. */
function pretender(body: string): string {
  const path = join(folder, 'virtiofsd');
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** QEMU's own until 7.2, which serves for a stand-in. */
const legacyPath = '/usr/lib/qemu/virtiofsd';
const help = `case $1 in --help) echo '  --fd=N -o source=PATH -o sandbox=MODE'; exit 1;; esac`;

describe('a trial', () => {
  it('takes the one that is installed here', () => {
    expect(problem).toBeNull();
  });

  it.each([
    ['says nothing', 'exit 0', 'does not answer as a virtiofsd does'],
    ['ends at once', `${help}; echo 'setgroups: not allowed' >&2; exit 1`, 'not allowed'],
    ['answers nothing', `${help}; read -r never`, 'does not run as an ordinary user here'],
  ])('refuses a program that %s, and says why', async (_name, body, expected) => {
    const chosen = { ...process.env, NANDU_VIRTIOFSD: pretender(body) };
    const refused = await findFolderServer(chosen);
    expect(refused.program).toBeNull();
    expect(refused.problem).toContain(expected);
  });

  it('can be told to find none', async () => {
    const { program } = await findFolderServer({ ...process.env, NANDU_VIRTIOFSD: '' });
    expect(program).toBeNull();
  });
});

/** Runs TypeScript as an ordinary user; nobody can become root again, so it is a process of its own. */
function asOrdinaryUser(script: string, given: unknown, groups = '--clear-groups'): string {
  const { status, stdout, stderr } = spawnSync(
    'setpriv',
    [
      ...['--reuid=65534', '--regid=65534', groups, '--', process.execPath],
      ...['--experimental-strip-types', '--input-type=module', '-e', script, JSON.stringify(given)],
    ],
    { encoding: 'utf8', env: { ...process.env, HOME: '/', TMPDIR: '/tmp' } },
  );
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

const room = JSON.stringify(new URL('../../src/main/folders/index.ts', import.meta.url).href);

describe.runIf(process.getuid?.() === 0)('for an ordinary user', () => {
  const script = `
    import { findFolderServer } from ${room};
    const { program, problem } = await findFolderServer({ ...process.env, ...JSON.parse(process.argv[1]) });
    console.log(process.getuid(), program?.kind.family, program?.kind.makers, problem);`;

  it('the installed one passes without groups; QEMU’s own may not leave those that there are', () => {
    const { family, makers } = found?.kind ?? {};
    expect(asOrdinaryUser(script, {})).toBe(`65534 ${family} ${makers} null`);
    const inGroups = asOrdinaryUser(script, {}, '--groups=65534');
    if (family === 'legacy') expect(inGroups).toContain('setgroups');
    else expect(inGroups).toBe(`65534 ${family} ${makers} null`);
  });

  it.runIf(existsSync(legacyPath))(
    'one that makes a namespace itself is started as that user, without a right over the folder',
    () => {
      // Stands for the newer virtiofsd, in how it is started: it serves by the older one, in its own namespace.
      const path = pretender(`
case $1 in --help) echo '--fd --shared-dir --sandbox --readonly --translate-uid --translate-gid'; exit;; esac
echo "as $(id -u)"
for word; do echo "$word"; case $word in --shared-dir=*) dir=\${word#*=};; esac; done
touch "$dir/written" 2>&1
mount -o remount,rw "$dir" 2>&1
exec unshare --user --map-root-user --mount ${legacyPath} --fd=0 -o "source=$dir" --rlimit-nofile=0`);
      chmodSync(folder, 0o755);
      mkdirSync(join(folder, 'own'));
      for (const name of ['shared', 'own']) chownSync(join(folder, name), 65534, 65534);
      expect(asOrdinaryUser(script, { NANDU_VIRTIOFSD: path })).toBe('65534 rust anyone null');
      const served = {
        path: join(folder, 'shared'),
        readOnly: true,
        socketPath: join(folder, 'own/s'),
      };
      const said = asOrdinaryUser(
        `
      import { readFileSync } from 'node:fs';
      import { findFolderServer, FolderServers } from ${room};
      const [path, served, log] = JSON.parse(process.argv[1]);
      const { program } = await findFolderServer({ ...process.env, NANDU_VIRTIOFSD: path });
      const servers = await FolderServers.start(program, [served], log, AbortSignal.timeout(10_000));
      servers.go();
      while (!readFileSync(log, 'utf8').includes('mount: ')) await new Promise(setImmediate);
      servers.kill();
      console.log(readFileSync(log, 'utf8'));`,
        [path, served, join(folder, 'own/log')],
      );
      expect(said).toContain('as 65534\n--fd=0\n');
      expect(said).toContain('--translate-uid=squash-guest:0:65534:4294967295');
      expect(said).toContain('--readonly');
      expect(said).toMatch(/touch: .*Read-only file system/);
      expect(said).toMatch(/mount: .*(?:must be superuser|permission denied)/);
      expect(existsSync(join(folder, 'shared/written'))).toBe(false);
    },
  );
});

describe('a server', () => {
  it('takes a connection before it serves, and ends with it', async () => {
    const started = await server();
    const answered = answersVhostUser(join(folder, 's'), signal);
    expect(isAlive(started.identity)).toBe(true);
    started.go();
    expect(await answered).toBe(true);
    await started.exited;
    expect(processesWith(join(folder, 'shared'))).toEqual([]);
  });

  it('ends when Nandu dies before QEMU was spawned', async () => {
    const script = `
      import { FolderServer } from ${JSON.stringify(new URL('../../src/main/folders/folder-server.ts', import.meta.url).href)};
      const [program, served, log] = JSON.parse(process.argv[1]);
      const server = await FolderServer.start(program, served, log, new AbortController().signal);
      console.log(JSON.stringify(server.identity));
      process.kill(process.pid, 'SIGKILL');`;
    const served = { path: join(folder, 'shared'), readOnly: true, socketPath: join(folder, 's') };
    const given = JSON.stringify([found, served, join(folder, 'log')]);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--experimental-strip-types', '--input-type=module', '-e', script, given],
      { encoding: 'utf8' },
    );
    expect(stdout, stderr).toContain('startTicks');
    const identity = JSON.parse(stdout) as FolderServer['identity'];
    await expect.poll(() => isAlive(identity)).toBe(false);
    expect(await answersVhostUser(join(folder, 's'), signal)).toBe(false);
  });

  it('is ended at once, with the process that it has become', async () => {
    const started = await server();
    started.go();
    const closed = answersVhostUser(join(folder, 's'), signal);
    await started.kill();
    await closed;
    await expect.poll(() => processesWith(join(folder, 'shared'))).toEqual([]);
  });

  it('says which step failed, and leaves nothing', async () => {
    rmSync(join(folder, 'shared'), { recursive: true });
    await expect(server()).rejects.toMatchObject({
      code: 'folder_unavailable',
      message: expect.stringContaining('the step “bind” failed') as string,
    });
    expect(processesWith(join(folder, 'shared'))).toEqual([]);
  });

  it('has nothing of the app’s open', async () => {
    const started = await server();
    const { pid } = started.identity;
    started.go();
    await expect.poll(() => readlinkSync(`/proc/${pid}/exe`)).toBe(found?.path);
    const open = (): string[] =>
      readdirSync(`/proc/${pid}/fd`).map((fd) => targetIfThere(`/proc/${pid}/fd/${fd}`));
    // What it opens itself is none of these, but for the libraries while it is being loaded.
    const inherited = (): string[] =>
      open()
        .slice(3)
        .filter((target) => /^(?:socket|pipe):|^\//.test(target));
    await expect.poll(inherited).toEqual([]);
    expect(open()[0]).toContain('socket:');
    await started.kill();
  });
});

/** Of all processes, by a word of their commands. */
function processesWith(word: string): string[] {
  const pids = execFileSync('ps', ['-eo', 'pid='], { encoding: 'utf8' }).split('\n');
  return pids.flatMap((pid) => {
    const path = `/proc/${pid.trim()}/cmdline`;
    if (!existsSync(path)) return [];
    const command = readIfThere(path);
    return command.includes(word) && !command.startsWith('ps') ? [command] : [];
  });
}

function targetIfThere(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // it has been closed since
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it has ended since
  }
}
