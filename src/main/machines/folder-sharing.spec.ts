import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../test/support/folders.ts';
import { defaultContainer, type Container } from '../../shared/index.ts';
import type { FolderProgram } from '../folders/index.ts';
import { transportOf } from '../qemu/index.ts';
import { shareFolders, type SharingContext } from './folder-sharing.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function server(makers: FolderProgram['kind']['makers']): SharingContext['server'] {
  const tools = { bash: '/b', unshare: '/u', setpriv: '/s', mount: '/m' };
  return {
    program: { path: '/v', kind: { family: 'rust', makers, options: [] }, tools },
    problem: null,
  };
}
const everything = (): SharingContext => ({
  ...{ server: server('anyone'), wanted: 'automatic', qemuCan: true, kernelCan: true },
  files: { runDirectory: '/run' },
});
function container(change: Partial<Container> = {}): Container {
  return {
    ...defaultContainer,
    ...{ image: 'x', digest: `sha256:${'a'.repeat(64)}` },
    folders: [
      { hostPath: join(folder, 'link'), guestPath: '/a', readOnly: true },
      { hostPath: join(folder, 'real'), guestPath: '/b', readOnly: false },
    ],
    ...change,
  };
}

it('gives each folder a server with a socket of its own, and the folder without links', async () => {
  expect(await shareFolders(container(), { user: '1000' }, everything())).toEqual([
    { hostPath: join(folder, 'real'), readOnly: true, socketPath: '/run/f0.sock' },
    { hostPath: join(folder, 'real'), readOnly: false, socketPath: '/run/f1.sock' },
  ]);
});

it.each<[string, Partial<SharingContext>]>([
  ['no server', { server: { program: null, problem: 'none' } }],
  ['a person who wants none', { wanted: '9p' }],
  ['a QEMU without the device', { qemuCan: false }],
  ['a kernel without the file system', { kernelCan: false }],
])('shares by 9p with %s, under the name that was given', async (_name, change) => {
  const shared = await shareFolders(container(), { user: '' }, { ...everything(), ...change });
  expect(shared.map(transportOf)).toEqual(['9p', '9p']);
  expect(shared[0]?.hostPath).toBe(join(folder, 'link'));
});

it.each<[string, string | null, FolderProgram['kind']['makers'], string]>([
  ['root', null, 'root', 'virtiofs'],
  ['0:0', null, 'root', 'virtiofs'],
  ['', null, 'root', 'virtiofs'],
  ['app', null, 'root', '9p'],
  ['root', '1000', 'root', '9p'],
  ['1000', 'root', 'root', 'virtiofs'],
  ['', null, 'nobody', '9p'],
  ['app', null, 'anyone', 'virtiofs'],
])(
  'lets “%s” (or %s) write through a server for %s by %s, and read by virtiofs',
  async (image, user, makers, expected) => {
    const context = { ...everything(), server: server(makers) };
    const shared = await shareFolders(container({ user }), { user: image }, context);
    expect(shared.map(transportOf)).toEqual(['virtiofs', expected]);
  },
);

it('shares by 9p what has other file systems in it, and what is not there', async () => {
  const folders = ['/', join(folder, 'absent')].map((hostPath) => ({
    ...{ hostPath, guestPath: '/x', readOnly: true },
  }));
  const shared = await shareFolders(container({ folders }), { user: '' }, everything());
  expect(shared.map(transportOf)).toEqual(['9p', '9p']);
});
