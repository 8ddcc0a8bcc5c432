import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../../test/support/folders.ts';
import { resolvePaths } from '../paths.ts';
import { installCommand, recogniseDistribution } from './distribution.ts';
import { lookUp, valueOf } from './fact.ts';
import { memoryOf } from './gather.ts';
import { groupOf, isSafeName, processorOf, readKvmDevice } from './kvm-facts.ts';
import { findProgram } from './programs.ts';
import { readRuntimeFolder, readSpace } from './storage-facts.ts';
import { tryUserNamespaces } from './user-namespaces.ts';

let folder: string;
beforeEach(() => (folder = temporaryDirectory()));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('lookUp', () => {
  it('turns values, failures and silence into facts', async () => {
    expect(await lookUp(() => 3)).toEqual({ known: true, value: 3 });
    const failure = await lookUp(() => Promise.reject(new Error('no such thing')));
    expect(failure).toEqual({ known: false, problem: 'no such thing' });
    expect(() => valueOf(failure)).toThrow('no such thing');
    const thrown = (): never => {
      throw new Error('at once');
    };
    expect(await lookUp(thrown)).toEqual({ known: false, problem: 'at once' });
    expect(await lookUp(() => new Promise(() => undefined), 10)).toEqual({
      ...{ known: false, problem: 'there was no answer within 0.01 s' },
    });
  });
});

describe('recogniseDistribution', () => {
  it.each([
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'debian'],
    ['NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', 'debian'],
    ['NAME=Fedora\nID=fedora\n', 'fedora'],
    ["ID='rocky'\nID_LIKE='rhel centos fedora'\n", 'fedora'],
    ['ID=manjaro\nID_LIKE=arch\n', 'arch'],
    ['ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'opensuse'],
    ['ID=nixos\nPRETTY_NAME="NixOS 25.05"\n', null],
    ['ID=constructor\n', null],
    ['', null],
  ])('%j', (text, family) => {
    expect(recogniseDistribution(text).family).toBe(family);
  });

  it('has a title, and installs each package once', () => {
    expect(recogniseDistribution('PRETTY_NAME="NixOS 25.05"\n').title).toBe('NixOS 25.05');
    expect(recogniseDistribution('').title).toBe('this distribution');
    const arch = { known: true, value: recogniseDistribution('ID=arch') } as const;
    expect([
      installCommand(arch, ['seabios', 'qboot']),
      installCommand(arch, []),
      installCommand({ known: false, problem: '' }, ['qemu']),
    ]).toEqual(['sudo pacman -S --needed qemu-system-x86-firmware', null, null]);
  });
});

describe('KVM', () => {
  it('reads the processor', () => {
    const info = 'vendor_id\t: AuthenticAMD\nflags\t\t: fpu svm hypervisor\nbugs\t\t: vmx\n';
    expect(processorOf(info, true)).toEqual({
      ...{ virtualisation: 'svm', vendor: 'amd', isVirtual: true, kvmLoaded: true },
    });
    expect(processorOf('', false)).toEqual({
      ...{ virtualisation: null, vendor: 'other', isVirtual: false, kvmLoaded: false },
    });
  });

  it.each([
    [
      { mode: 0o660, gid: 104, sessionGids: [104] },
      { group: 'kvm', membership: 'active' },
    ],
    [
      { mode: 0o660, gid: 104, sessionGids: [] },
      { group: 'kvm', membership: 'joined' },
    ],
    [
      { mode: 0o660, gid: 105, sessionGids: [] },
      { group: 'virt', membership: 'none' },
    ],
    [
      { mode: 0o600, gid: 104, sessionGids: [104] },
      { group: null, membership: 'none' },
    ],
    [
      { mode: 0o660, gid: 0, sessionGids: [0] },
      { group: null, membership: 'none' },
    ],
    [
      { mode: 0o660, gid: 106, sessionGids: [] },
      { group: null, membership: 'none' },
    ],
    [
      { mode: 0o660, gid: 999, sessionGids: [] },
      { group: null, membership: 'none' },
    ],
  ])('sees who may use the device: %j', (seen, expected) => {
    const groups = 'root:x:0:ada\nkvm:x:104:bob,ada\nvirt:x:105:bob\n$(rm):x:106:\n';
    const person = { name: 'ada', isRoot: false };
    expect(groupOf({ ...seen, groups, person })).toEqual(expected);
    expect(groupOf({ ...seen, groups, person: { name: 'root', isRoot: true } }).membership).toBe(
      'active',
    );
  });

  it('trusts only names that a shell takes for a word', () => {
    const names = ['ada', '_apt', 'a-1', 'Ada', '', '-x', '1a', 'a b', 'a;b', '$x', 'ä'];
    expect(names.filter(isSafeName)).toEqual(['ada', '_apt', 'a-1', 'Ada']);
  });

  it('opens the device', async () => {
    const device = join(folder, 'kvm');
    expect(await readKvmDevice(null, device)).toMatchObject({ exists: false });
    writeFileSync(device, '');
    expect(await readKvmDevice(null, device)).toMatchObject({ exists: true, openError: null });
    rmSync(device);
    mkdirSync(device);
    expect(await readKvmDevice(null, device)).toMatchObject({ exists: true, openError: 'EISDIR' });
  });
});

describe('folders', () => {
  const read = (): ReturnType<typeof readRuntimeFolder> =>
    readRuntimeFolder(resolvePaths({ NANDU_DATA_DIR: join(folder, 'all') }, folder));

  it('sees what the one for sockets is like, and makes none', async () => {
    expect(await read()).toEqual({
      ...{ path: join(folder, 'all/run'), state: 'can-be-made', isOpenToOthers: false },
      socketPathBytes: `${folder}/all/run/00000000-0000-4000-8000-000000000000/console.sock`.length,
    });
    mkdirSync(join(folder, 'all/run'), { recursive: true });
    chmodSync(join(folder, 'all/run'), 0o750);
    expect(await read()).toMatchObject({ state: 'usable', isOpenToOthers: true });
    chmodSync(join(folder, 'all/run'), 0o700);
    expect(await read()).toMatchObject({ state: 'usable', isOpenToOthers: false });
    rmSync(join(folder, 'all/run'), { recursive: true });
    writeFileSync(join(folder, 'all/run'), '');
    expect(await read()).toMatchObject({ state: 'not-a-folder' });
    rmSync(join(folder, 'all'), { recursive: true });
    writeFileSync(join(folder, 'all'), '');
    expect(await read()).toMatchObject({ state: 'cannot-be-made' });
  });

  it('counts a socket’s path that is too long', async () => {
    const paths = resolvePaths({ NANDU_DATA_DIR: `/${'x'.repeat(100)}` }, folder);
    expect((await readRuntimeFolder(paths)).socketPathBytes).toBeGreaterThan(140);
  });

  it('measures room where folders would be made', async () => {
    const paths = resolvePaths({ NANDU_DATA_DIR: join(folder, 'all') }, folder);
    const space = await readSpace(paths);
    expect(space.map(({ name, path }) => [name, path])).toEqual([
      ['data', paths.data],
      ['state', paths.state],
      ['cache', paths.guest],
    ]);
    for (const { freeBytes } of space) expect(freeBytes).toBeGreaterThan(0);
  });
});

describe('programs', () => {
  it('finds executables along PATH only', async () => {
    writeFileSync(join(folder, 'tool'), '', { mode: 0o755 });
    writeFileSync(join(folder, 'text'), '', { mode: 0o644 });
    mkdirSync(join(folder, 'sub'));
    const env = { PATH: `relative:/nowhere:${folder}` };
    const found = await Promise.all(['tool', 'text', 'sub', 'x'].map((n) => findProgram(n, env)));
    expect(found).toEqual([join(folder, 'tool'), null, null, null]);
    expect(await findProgram('tool', {})).toBeNull();
  });

  it('tries unshare, and keeps what it says', async () => {
    const script = (text: string): void =>
      writeFileSync(join(folder, 'unshare'), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'true'), '#!/bin/sh\n', { mode: 0o755 });
    const env = { PATH: folder };
    expect(await tryUserNamespaces(env)).toMatchObject({ outcome: 'no-unshare' });
    script('exec "$2"');
    expect(await tryUserNamespaces(env)).toMatchObject({ outcome: 'work', said: '' });
    script('echo "unshare: unshare failed: Operation not permitted" >&2; exit 1');
    expect(await tryUserNamespaces(env)).toMatchObject({
      ...{ outcome: 'refused', said: 'unshare: unshare failed: Operation not permitted' },
    });
  });
});

describe('memoryOf', () => {
  it('reads what is available, and says when the kernel does not tell', () => {
    const total = 'MemTotal:       24684096 kB\n';
    expect(memoryOf(`${total}MemFree: 5 kB\nMemAvailable:   23807124 kB\n`)).toEqual({
      ...{ totalMiB: 24_105, availableMiB: 23_249 },
    });
    expect(() => memoryOf(total)).toThrow('/proc/meminfo does not tell MemAvailable');
  });
});
