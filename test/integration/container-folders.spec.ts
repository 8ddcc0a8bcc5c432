/** Folders of this computer in a container, by virtiofs and by 9p alike, and what becomes of their servers. */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderServers, type FolderServerRecord } from '../../src/main/folders/index.ts';
import { isAlive } from '../../src/main/host/index.ts';
import { transportIn } from '../../src/main/qemu/index.ts';
import type { Disk, Folder, ImageView, MachineId, MachineView } from '../../src/shared/index.ts';
import { ContainerScene } from '../support/containers.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { TestView } from '../support/test-view.ts';

const transports = { virtiofs: {}, '9p': { env: { NANDU_VIRTIOFSD: '' } } } as const;

function transportOf({ run }: MachineView, index = 0): string {
  return transportIn(run?.argv ?? [], index);
}

function folder(hostPath: string, change: Partial<Folder> = {}): Folder {
  return { hostPath, guestPath: '/data', readOnly: false, ...change };
}

describe.each(['virtiofs', '9p'] as const)('a folder that is shared by %s', (transport) => {
  let scene: ContainerScene;
  let image: ImageView;

  beforeAll(async () => {
    scene = await ContainerScene.open(transports[transport]);
    image = await scene.image('plain');
  }, 60_000);
  afterAll(async () => {
    await scene.services.close();
    expect(scene.services.problems).toEqual([]);
  }, 60_000);

  it('is read and written as wanted, and no link in it leads out of it', async () => {
    const [writable, readOnly, outside] = [1, 2, 3].map(() => temporaryDirectory()) as [
      string,
      string,
      string,
    ];
    writeFileSync(join(outside, 'secret'), 'of the host');
    writeFileSync(join(writable, 'hello'), 'from the host');
    symlinkSync(join(outside, 'secret'), join(writable, 'link-to-file'));
    symlinkSync(outside, join(writable, 'link-to-folder'));
    mkdirSync(join(readOnly, 'deep'));
    writeFileSync(join(readOnly, 'old'), 'as it was');
    const script = [
      'cat /data/hello; echo',
      'echo from the guest >/data/made; chmod 4755 /data/made',
      'echo changed >/config/file 2>&1 || echo read-only',
      'mount -o remount,rw /config; mount | grep " /config "',
      'for file in file old deep/file; do echo changed >/config/$file 2>/dev/null && echo written; done',
      'rm -f /config/old 2>/dev/null && echo removed; mkdir /config/new 2>/dev/null && echo made',
      'chmod 777 /config/old /config/deep 2>/dev/null && echo mode changed',
      // Past the agent’s own mount, as whoever has the whole guest can do it.
      `mkdir /again; mount -t ${transport} ${transport === '9p' ? '-o trans=virtio,version=9p2000.L' : '-o rw'} folder1 /again 2>/dev/null`,
      'echo changed >/again/old 2>/dev/null && [ "$(cat /config/old)" = changed ] && echo written',
      // What was on the host, and what a guest could make: absolute, relative, through folders.
      'cat /data/link-to-file 2>&1; ls /data/link-to-folder/ 2>&1',
      `ln -s ${outside}/secret /data/mine; cat /data/mine 2>&1`,
      'ln -s ../../../../../../../../etc/hostname /data/up; cat /data/up',
      'ln -s / /data/root; cat /data/root/etc/hostname',
      `ls /data/..; cat /data/../../../..${outside}/secret 2>&1; cat /data/root${outside}/secret 2>&1`,
      `mkdir /data/${'../'.repeat(12)}${outside.slice(1)}/made-outside 2>&1`,
      `ln /data/../..${outside}/secret /data/hard 2>&1; mknod /data/device b 8 0 2>&1`,
      'true',
    ].join('\n');
    const { text, view } = await scene.run(
      image,
      script,
      {
        folders: [folder(writable), folder(readOnly, { guestPath: '/config/', readOnly: true })],
      },
      { name: 'sharer' },
    );
    expect([0, 1].map((index) => transportOf(view, index))).toEqual([transport, transport]);
    expect(view.run?.end).toMatchObject({ exitCode: 0 });
    expect(text).toContain('from the host');
    expect(text).toMatch(/\nread-only\n/);
    expect(text).toMatch(new RegExp(` on /config type ${transport} \\(rw`));
    expect(text).not.toMatch(/\n(?:written|removed|made|mode changed)\n/);
    expect(text).not.toContain('of the host');
    expect(text).toMatch(/sharer\nsharer\n/);
    expect(readFileSync(join(writable, 'made'), 'utf8')).toBe('from the guest\n');
    expect(readFileSync(join(readOnly, 'old'), 'utf8')).toBe('as it was');
    expect(existsSync(join(readOnly, 'file'))).toBe(false);
    expect(existsSync(join(outside, 'made-outside'))).toBe(false);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('of the host');
    expect(statSync(join(writable, 'made')).uid).toBe(process.getuid?.());
  });

  it('at /etc keeps what is in it: the guest’s own names go below, not into it', async () => {
    const shared = temporaryDirectory();
    for (const name of ['hosts', 'hostname', 'resolv.conf']) {
      writeFileSync(join(shared, name), 'of the host');
    }
    const folders = [folder(shared, { guestPath: '/etc' })];
    const { text } = await scene.run(image, 'cat /etc/hosts; hostname', { folders });
    expect(text).toContain('of the host');
    for (const name of ['hosts', 'hostname', 'resolv.conf']) {
      expect(readFileSync(join(shared, name), 'utf8')).toBe('of the host');
    }
  });

  it('that is not there is named before the start', async () => {
    const folders = [folder('/nowhere/at/all', { readOnly: true })];
    const machine = await scene.machine(image, { folders });
    await expect(scene.services.manager.start(machine.id)).rejects.toMatchObject({
      code: 'unsupported',
      details: { field: 'container.folders.0.hostPath' },
    });
  });

  it.each([true, false])('may have any name (read-only: %s)', async (readOnly) => {
    const shared = join(temporaryDirectory(), ` -o a=b,c\\d "e" 'f' $(g) é`);
    mkdirSync(shared);
    writeFileSync(join(shared, 'file'), 'found');
    const folders = [folder(shared, { readOnly })];
    const { text, view } = await scene.run(image, 'cat /data/file', { folders });
    expect(transportOf(view)).toBe(transport);
    expect(text).toContain('found');
  });

  it('shows each side what the other one does while it runs', async () => {
    const shared = temporaryDirectory();
    const script =
      'echo ready-now; until [ -e /data/go ]; do sleep 0.1; done; cat /data/go/text >/data/back; echo done-now';
    const { machine, view } = await scene.start(image, script, { folders: [folder(shared)] });
    await view.shows('ready-now');
    await scene.services.manager.pause(machine.id);
    await scene.services.manager.resume(machine.id);
    mkdirSync(join(shared, 'new'));
    writeFileSync(join(shared, 'new', 'text'), 'of the host');
    symlinkSync('new', join(shared, 'go'));
    await view.shows('done-now');
    expect(readFileSync(join(shared, 'back'), 'utf8')).toBe('of the host');
    await scene.services.untilState(machine.id, 'stopped');
  });

  it('holds more files than a process may usually have open', async () => {
    const shared = temporaryDirectory();
    for (let at = 0; at < 2_000; at += 1) writeFileSync(join(shared, `file-${at}`), `${at}\n`);
    const { text } = await scene.run(image, 'cat /data/* | wc -l; ls /data | wc -l', {
      folders: [folder(shared, { readOnly: true })],
    });
    expect(text.match(/\b2000\n/g)).toHaveLength(2);
  });

  it('is shared by 9p in the copied script, which starts no server', async () => {
    const machine = await scene.machine(image, { folders: [folder(temporaryDirectory())] });
    const { argv, script } = await scene.services.manager.command(machine.id);
    expect(transportIn(argv, 0)).toBe(transport);
    expect(script).toContain('virtio-9p-device');
    expect(script).not.toContain('vhost-user-fs');
    const told = Buffer.from(/<<'END' &\n([^]*)\nEND/.exec(script)?.[1] ?? '', 'base64');
    expect(told.toString()).toContain('9p\tfolder0');
  });
});

describe('servers of folders', () => {
  let scene: ContainerScene;
  let image: ImageView;
  const script = 'echo ready-now; while :; do sleep 0.1; done';

  beforeAll(async () => {
    scene = await ContainerScene.open();
    image = await scene.image('plain');
  }, 60_000);
  afterAll(async () => {
    await scene.services.close();
    expect(scene.services.problems).toEqual([]);
  }, 60_000);

  /** As they are written down beside a running machine. */
  const serversOf = (id: MachineId): { qemu: number; servers: FolderServerRecord[] } => {
    const text = readFileSync(scene.services.recordOf(id).launchRecord, 'utf8');
    const record = JSON.parse(text) as { pid: number; folderServers: FolderServerRecord[] };
    return { qemu: record.pid, servers: record.folderServers };
  };
  const allGone = (servers: readonly FolderServerRecord[]): boolean => !servers.some(isAlive);
  const start = async (): Promise<{ machine: MachineView; shared: string }> => {
    const shared = temporaryDirectory();
    const folders = [folder(shared), folder(shared, { guestPath: '/again', readOnly: true })];
    const { machine, view } = await scene.start(image, script, { folders });
    await view.shows('ready-now');
    return { machine, shared };
  };

  it('run as one each, and end with the machine that is stopped', async () => {
    const { machine } = await start();
    const { servers } = serversOf(machine.id);
    expect(servers.map(isAlive)).toEqual([true, true]);
    await scene.services.manager.stop(machine.id);
    expect(allGone(servers)).toBe(true);
    expect(scene.services.journal.map(({ kind }) => kind)).not.toContain('folder-lost');
  });

  it('end with a QEMU that is killed from outside', async () => {
    const { machine } = await start();
    const { qemu, servers } = serversOf(machine.id);
    process.kill(qemu, 'SIGKILL');
    const view = await scene.services.untilState(machine.id, 'crashed');
    expect(view.run?.end?.message).toContain('SIGKILL');
    expect(allGone(servers)).toBe(true);
    expect(scene.services.journal.map(({ kind }) => kind)).not.toContain('folder-lost');
  });

  it('that end under their guest are told of, and the machine can still be stopped', async () => {
    const { machine, shared } = await start();
    const { servers } = serversOf(machine.id);
    process.kill(servers[0]?.pid ?? 0, 'SIGKILL');
    const view = await scene.services.until(machine.id, ({ problem }) => problem !== null);
    expect(view).toMatchObject({ state: 'running', problem: { code: 'folder_lost' } });
    expect(view.problem?.message).toContain(shared);
    expect(scene.services.journal.at(-1)).toMatchObject({ kind: 'folder-lost' });
    await scene.services.manager.stop(machine.id);
    expect(scene.services.manager.get(machine.id).state).toBe('stopped');
    expect(allGone(servers)).toBe(true);
  });

  it('go on without Nandu, are known to the next one, and still end with the machine', async () => {
    const { machine, shared } = await start();
    const { servers } = serversOf(machine.id);
    await scene.services.close('keep');
    expect(servers.map(isAlive)).toEqual([true, true]);
    await scene.reopen();
    await scene.services.until(machine.id, ({ canOpenShell }) => canOpenShell);
    const view = new TestView();
    const shell = scene.services.manager.openShell(machine.id, view.sink);
    shell.input('echo still >/data/shared && echo "wrote $((1 + 1))"\r');
    await view.shows('wrote 2');
    expect(readFileSync(join(shared, 'shared'), 'utf8')).toBe('still\n');
    process.kill(servers[1]?.pid ?? 0, 'SIGKILL');
    await scene.services.until(machine.id, ({ problem }) => problem?.code === 'folder_lost');
    await scene.services.manager.stop(machine.id);
    expect(allGone(servers)).toBe(true);
  });

  it('that lost their QEMU while no Nandu ran are ended by the next, and nothing that is only like them', async () => {
    const { machine } = await start();
    const { qemu } = serversOf(machine.id);
    const { launchRecord, foldersLog } = scene.services.recordOf(machine.id);
    const { program } = scene.services.host.folderSharing;
    if (program === null) throw new Error('there is no server');
    await scene.services.close('keep');
    const aside = temporaryDirectory();
    const left = ['a', 'b'].map((name) => ({
      ...{ path: join(aside, name), readOnly: false, socketPath: join(aside, `${name}.sock`) },
    }));
    for (const { path } of left) mkdirSync(path);
    const signal = AbortSignal.timeout(60_000);
    const servers = await FolderServers.start(program, left, foldersLog, signal);
    const [first, second] = servers.records;
    if (first === undefined || second === undefined) throw new Error('no servers');
    const record = JSON.parse(readFileSync(launchRecord, 'utf8')) as object;
    const folderServers = [first, { ...second, folder: first.folder }];
    writeFileSync(launchRecord, JSON.stringify({ ...record, folderServers }));
    process.kill(qemu, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${qemu}`)).toBe(false);
    await scene.reopen();
    await expect.poll(() => isAlive(first)).toBe(false);
    expect(isAlive(second)).toBe(true);
    servers.kill();
    await expect.poll(() => isAlive(second)).toBe(false);
  });

  it('are not left behind by a QEMU that does not start', async () => {
    const disk = join(temporaryDirectory(), 'disk.raw');
    writeFileSync(disk, Buffer.alloc(1024 * 1024));
    const attached: Disk = {
      path: disk,
      format: 'raw',
      readOnly: false,
      cache: 'writeback',
      limits: { iops: 0, bytesPerSecond: 0 },
    };
    const { services } = scene;
    const shared = temporaryDirectory();
    const holder = await scene.machine(
      image,
      { command: ['sh', '-c', script] },
      { disks: [attached] },
    );
    await services.manager.start(holder.id);
    const machine = await scene.machine(
      image,
      { folders: [folder(shared)] },
      { disks: [attached] },
    );
    await expect(services.manager.start(machine.id)).rejects.toMatchObject({ code: 'qemu_failed' });
    await expect.poll(() => processesWith(shared)).toEqual([]);
    expect(existsSync(services.recordOf(machine.id).runDirectory)).toBe(false);
    await services.manager.stop(holder.id);
  });

  it('are not there for whom they cannot write', async () => {
    const shared = temporaryDirectory();
    const { program } = scene.services.host.folderSharing;
    const folders = [folder(shared), folder(shared, { guestPath: '/again', readOnly: true })];
    const { view, text } = await scene.run(image, 'ls -d /data /again', {
      folders,
      user: 'worker',
    });
    const expected = program?.kind.makers === 'anyone' ? 'virtiofs' : '9p';
    expect([0, 1].map((index) => transportOf(view, index))).toEqual([expected, 'virtiofs']);
    expect(text).toContain('/again');
  });

  it.each([
    ['the fence', { network: 'internet' }],
    ['memory in a file', { memoryBackend: 'file' }],
    ['two processors and a virtio console', { vcpus: 2, console: 'virtio' }],
  ] as const)('serve a machine with %s', async (_name, change) => {
    const shared = temporaryDirectory();
    writeFileSync(join(shared, 'file'), 'found');
    const folders = [folder(shared)];
    const { view, text } = await scene.run(
      image,
      'cat /data/file >/data/copy',
      { folders },
      change,
    );
    expect([transportOf(view), text.includes('error')]).toEqual(['virtiofs', false]);
    expect(readFileSync(join(shared, 'copy'), 'utf8')).toBe('found');
    rmSync(shared, { recursive: true });
  });
});

/** Commands of all processes that have this word in them. */
function processesWith(word: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return ''; // it has ended since
      }
    })
    .filter((command) => command.includes(word));
}
