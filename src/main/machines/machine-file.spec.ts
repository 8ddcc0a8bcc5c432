import { describe, expect, it } from 'vitest';
import { AppError, defaultContainer, defaultSpec, type MachineSpec } from '../../shared/index.ts';
import { freeName, readMachineFile, writeMachineFile } from './machine-file.ts';

const spec: MachineSpec = {
  ...defaultSpec,
  ...{ name: 'web', labels: ['a b'], notes: 'two\nlines: yes', qemuPath: '/opt/qemu' },
  kernel: { kind: 'file', path: '/home/someone/vmlinux' },
  container: {
    ...defaultContainer,
    ...{ image: 'docker-archive:/home/someone/web.tar', digest: `sha256:${'a'.repeat(64)}` },
    secrets: ['TOKEN'],
    folders: [{ hostPath: '/home/someone/site', guestPath: '/srv', readOnly: true }],
  },
  disks: [
    {
      ...{ path: '/home/someone/d.img', format: 'raw', readOnly: true, cache: 'none' },
      limits: { iops: 5, bytesPerSecond: 0 },
    },
  ],
};

async function refusal(text: string): Promise<AppError> {
  try {
    await readMachineFile(text, '/f/m.yaml');
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe.each(['json', 'yaml'] as const)('as %s', (format) => {
  it('comes back as it was, with paths', async () => {
    expect(await readMachineFile(await writeMachineFile(spec, format, true), '/x/m')).toEqual(spec);
  });

  it('names no path of this computer unless asked, and finds the files beside it', async () => {
    const text = await writeMachineFile(spec, format, false);
    expect(text).not.toContain('/home');
    expect(text).not.toContain('/opt');
    expect(await readMachineFile(text, '/shared/machines/web.yaml')).toEqual({
      ...spec,
      qemuPath: null,
      kernel: { kind: 'file', path: '/shared/machines/vmlinux' },
      disks: [{ ...spec.disks[0], path: '/shared/machines/d.img' }],
      container: {
        ...spec.container,
        image: 'docker-archive:/shared/machines/web.tar',
        folders: [{ hostPath: '/shared/machines/site', guestPath: '/srv', readOnly: true }],
      },
    });
  });
});

it('fills what a shorter file leaves out with the defaults', async () => {
  const text = 'format: nandu-machine\nversion: 1\nmachine: { name: small, memoryMiB: 64 }';
  expect(await readMachineFile(text, '/m')).toEqual({
    ...defaultSpec,
    name: 'small',
    memoryMiB: 64,
  });
});

it.each([
  ['no YAML at all', '{ "a": [', 'invalid_input', /neither JSON nor YAML/],
  ['another file', 'hello: world', 'invalid_input', /not a machine of Nandu/],
  ['a list', '[1, 2]', 'invalid_input', /not a machine of Nandu/],
  ['nothing', '', 'invalid_input', /not a machine of Nandu/],
  [
    'a newer format',
    'format: nandu-machine\nversion: 9\nmachine: {}',
    'format_newer',
    /newer Nandu/,
  ],
  [
    'an unknown field',
    'format: nandu-machine\nversion: 1\nmachine: { name: a, x: 1 }',
    'invalid_input',
    /x/,
  ],
  [
    'memory of 1 MiB',
    'format: nandu-machine\nversion: 1\nmachine: { name: a, memoryMiB: 1 }',
    'invalid_input',
    /“memoryMiB”/,
  ],
  [
    'a board of another shape',
    'format: nandu-machine\nversion: 1\nmachine: { name: a, board: 7 }',
    'invalid_input',
    /“board”/,
  ],
  [
    'disks that are no list',
    'format: nandu-machine\nversion: 1\nmachine: { name: a, disks: {} }',
    'invalid_input',
    /“disks”/,
  ],
  [
    'an alias bomb',
    'a: &a [x,x]\nb: &b [*a,*a]\nformat: nandu-machine\nversion: 1\nmachine: *b',
    'invalid_input',
    /neither JSON nor YAML/,
  ],
] as const)('refuses %s', async (_, text, code, message) => {
  const error = await refusal(text);
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
});

it('keeps a file that goes by ".." in its own folder', async () => {
  const text =
    'format: nandu-machine\nversion: 1\nmachine: { name: a, kernel: { kind: file, path: ../../etc/shadow } }';
  expect((await readMachineFile(text, '/f/m')).kernel).toEqual({ kind: 'file', path: '/f/shadow' });
});

it('finds a free name of the allowed length', () => {
  expect(freeName('a', () => false)).toBe('a');
  expect(freeName('a', (name) => ['a', 'a 2'].includes(name))).toBe('a 3');
  expect(freeName('x'.repeat(64), (name) => name.endsWith('xx'))).toBe(`${'x'.repeat(62)} 2`);
});

it('takes no prototype from a file', async () => {
  const text =
    '{"format":"nandu-machine","version":1,"machine":{"name":"a","__proto__":{"notes":"x"}}}';
  expect(await readMachineFile(text, '/m')).toEqual({ ...defaultSpec, name: 'a' });
  expect(({} as { notes?: string }).notes).toBeUndefined();
});
