import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashContent, readJsonOrNull, writeJson } from '../../scripts/lib/files.mjs';
import { withLock } from '../../scripts/lib/lock.mjs';
import { cacheRoot, projectRoot } from '../../scripts/lib/paths.mjs';
import { capture, mustRun } from '../../scripts/lib/run.mjs';
import { withVirtualDisplay } from '../../scripts/lib/xvfb.mjs';
import { distributions, recognise } from '../../scripts/setup/distributions.mjs';
import { isSameTree } from '../../scripts/setup/npm-packages.mjs';

const run = promisify(execFile);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nandu-setup-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('recognise', () => {
  it.each([
    ['Debian', 'ID=debian\n', 'apt-get'],
    ['Linux Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'apt-get'],
    ['Fedora', 'ID=fedora\n', 'dnf'],
    ['Rocky Linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf'],
    ['Manjaro', 'ID=manjaro\nID_LIKE=arch\n', 'pacman'],
    ['openSUSE Tumbleweed', 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', 'zypper'],
    ['something else', 'ID=void\n', undefined],
    ['no os-release', '', undefined],
  ])('%s', (_, osRelease, program) => {
    expect(recognise(osRelease)?.install[0]).toBe(program);
  });

  it('knows packages of every group for every distribution', () => {
    for (const { packages } of distributions) {
      // A registry is for CI's tests alone, and the benchmark boots Debian's kernel.
      const needed = Object.entries(packages).filter(
        ([group]) => group !== 'registry' && group !== 'bench',
      );
      expect(needed.every(([, names]) => names.length > 0)).toBe(true);
    }
  });
});

describe('isSameTree', () => {
  const lock = {
    packages: {
      '': {},
      a: { version: '1.0.0', integrity: 'x' },
      b: { version: '2.0.0', optional: true },
    },
  };

  it.each([
    [
      'the same packages',
      { a: { version: '1.0.0', integrity: 'x' }, b: { version: '2.0.0' } },
      true,
    ],
    ['an optional package left out', { a: { version: '1.0.0', integrity: 'x' } }, true],
    ['a package missing', { b: { version: '2.0.0' } }, false],
    ['another version', { a: { version: '1.0.1', integrity: 'x' } }, false],
    ['another content', { a: { version: '1.0.0', integrity: 'y' } }, false],
    [
      'a package too many',
      { a: { version: '1.0.0', integrity: 'x' }, c: { version: '1.0.0' } },
      false,
    ],
  ])('%s', (_, packages, expected) => {
    expect(isSameTree(lock, { packages })).toBe(expected);
  });

  it('nothing installed', () => {
    expect(isSameTree(lock, null)).toBe(false);
  });
});

it('puts the cache where the environment says', () => {
  expect(cacheRoot({ NANDU_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg' })).toBe('/own');
  expect(cacheRoot({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/nandu');
  expect(cacheRoot({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache', 'nandu'));
});

describe('files', () => {
  it('are written whole or not at all', async () => {
    const path = join(folder, 'deep', 'state.json');
    await writeJson(path, { a: 1 });
    expect(readJsonOrNull(path)).toEqual({ a: 1 });
    expect(await readdir(join(folder, 'deep'))).toEqual(['state.json']);
    expect(readJsonOrNull(join(folder, 'absent.json'))).toBeNull();
  });

  it('change the checksum by name, content or place', async () => {
    const sums = new Set([hashContent(folder, ['.'])]);
    for (const [path, content] of [
      ['a', '1'],
      ['a', '2'],
      ['b', '2'],
      ['sub/a', '2'],
    ] as const) {
      await mkdir(join(folder, 'sub'), { recursive: true });
      await writeFile(join(folder, path), content);
      sums.add(hashContent(folder, ['.']));
    }
    expect(sums.size).toBe(5);
    expect(hashContent(folder, ['.'])).toBe(hashContent(folder, ['.']));
  });
});

describe('withLock', () => {
  it('lets one at a time work', async () => {
    const lock = join(folder, 'lock');
    let inside = 0;
    let most = 0;
    const work = (): Promise<void> =>
      withLock(lock, {}, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    await Promise.all([work(), work(), work()]);
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes over from a process that is gone', async () => {
    const lock = join(folder, 'lock');
    const { stdout } = await run('sh', ['-c', 'echo $$']);
    await mkdir(lock);
    await writeFile(join(lock, 'pid'), stdout.trim());
    expect(await withLock(lock, {}, () => Promise.resolve('done'))).toBe('done');
  });
});

describe('programs', () => {
  it('are captured with their code, missing ones too', async () => {
    expect(await capture('sh', ['-c', 'echo out; echo err >&2; exit 3'])).toEqual({
      code: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await capture('nandu-no-such-program', [])).code).toBe(127);
    expect((await capture('sleep', ['60'], { timeoutMs: 50 })).code).toBe(137);
  });

  it('that must not fail say what was tried and their last words', async () => {
    await expect(mustRun('Trying', 'sh', ['-c', 'echo bad luck; exit 1'])).rejects.toThrow(
      /^Trying failed: sh .*\nbad luck$/,
    );
  });
});

it('gives a virtual display and takes it away again', async () => {
  const socketOf = (display: string): string => `X${display.slice(1)}`;
  let name = '';
  await withVirtualDisplay(async (display) => {
    name = socketOf(display);
    expect(await readdir('/tmp/.X11-unix')).toContain(name);
  });
  expect(await readdir('/tmp/.X11-unix')).not.toContain(name);
});

it('lists the checks there are for an unknown name', async () => {
  const accept = run(process.execPath, [
    join(projectRoot, 'scripts', 'accept.mjs'),
    'no-such-check',
  ]);
  await expect(accept).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no check "no-such-check"'),
  });
});
