/** The fence around a QEMU whose guest gets the internet alone: what it is, and what is left when it fails. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { slirpGuards } from '../../src/main/network/fence-guards.ts';
import { tryFence } from '../../src/main/network/index.ts';
import { fencesBelow, runningPid } from '../support/fences.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { probeObstacle } from '../support/network-probe.ts';
import { Services } from '../support/services.ts';

const obstacle = await probeObstacle();
if (obstacle !== null) console.warn(`Fenced networks are NOT tested here. ${obstacle}`);

const isSeccomp = (guard: string): boolean => guard === '--enable-seccomp';
const folder = temporaryDirectory();
let services: Services;
beforeAll(async () => {
  services = await Services.open(folder);
});
afterAll(async () => {
  expect(services.problems).toEqual([]);
  await services.close();
  rmSync(folder, { recursive: true });
});

describe.skipIf(obstacle !== null)('QEMU in a fence', () => {
  it('is the process that was spawned, with no privilege and nothing open that is not its own', async () => {
    const spec = services.spec({ network: 'internet', quietKernel: true });
    const { id } = await services.manager.create(spec);
    await services.manager.start(id);
    const pid = runningPid(services, id);
    const { argv = [] } = services.manager.get(id).run ?? {};
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)).toEqual(argv);
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    // In a namespace of its own, which owns nothing, what could be got is of no use; root must not have it.
    const none = ['Inh', 'Prm', 'Eff', 'Amb', ...(process.getuid?.() === 0 ? ['Bnd'] : [])];
    for (const set of none) {
      expect(status).toMatch(new RegExp(`^Cap${set}:\\s0+$`, 'm'));
    }
    expect(status).toMatch(/^NoNewPrivs:\s1$/m);
    const [own, , length] = readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/);
    expect([own, length]).toEqual([String(process.getuid?.()), '1']);
    const files = readdirSync(`/proc/${pid}/fd`)
      .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
      .filter((path) => path.startsWith('/') && !path.startsWith('/dev/'));
    const ours = join(services.paths.runtime, services.manager.get(id).run?.id ?? '');
    expect(files.filter((path) => path.startsWith(ours))).toEqual([join(ours, 'lifeline')]);
    expect(files.filter((path) => !path.startsWith(folder))).toEqual([]);
    await services.manager.forceStop(id);
  });

  it('has a slirp4netns that sees no more of this computer than it needs', async () => {
    const spec = services.spec({ name: 'guarded', network: 'internet', quietKernel: true });
    const { id } = await services.manager.create(spec);
    await services.manager.start(id);
    const [slirp] = fencesBelow(folder);
    const { tools } = await tryFence(process.env);
    const guards = await slirpGuards(tools?.slirp4netns ?? '');
    const status = readFileSync(`/proc/${slirp}/status`, 'utf8');
    expect([
      /^Seccomp:\s2$/m.test(status) ? ['--enable-seccomp'] : [],
      readdirSync(`/proc/${slirp}/root`).includes('home') ? [] : ['--enable-sandbox'],
    ]).toEqual([guards.filter(isSeccomp), guards.filter((guard) => !isSeccomp(guard))]);
    await services.manager.forceStop(id);
  });
});

describe.skipIf(obstacle !== null)('a fence that cannot be made', () => {
  /** An “app” that finds a program of our own first. */
  async function withProgram(name: string, script: string, place = name): Promise<Services> {
    const path = join(folder, `bin-${place}`);
    mkdirSync(path);
    writeFileSync(join(path, name), `#!/bin/bash\n${script}\n`);
    chmodSync(join(path, name), 0o755);
    const PATH = `${path}:${process.env['PATH'] ?? ''}`;
    return Services.open(join(folder, place), { env: { PATH } });
  }

  it('says that user namespaces are forbidden before the start', async () => {
    const there = await withProgram(
      'unshare',
      'echo "unshare: Operation not permitted" >&2; exit 1',
    );
    const spec = there.spec({ network: 'internet' });
    const findings = await there.manager.check(spec, null);
    expect(findings).toMatchObject([
      { level: 'error', field: 'network', code: 'network-unavailable' },
    ]);
    expect(findings[0]?.message).toContain('Operation not permitted');
    const { id } = await there.manager.create(spec);
    await expect(there.manager.start(id)).rejects.toMatchObject({
      code: 'network_unavailable',
      details: { field: 'network' },
    });
    await there.close();
  });

  it('leaves nothing when slirp4netns fails, or hangs and the start is called off', async () => {
    const failing = await withProgram(
      'slirp4netns',
      '[ -e "$0.hang" ] && exec sleep 60\necho "no such tap" >&2; exit 1',
    );
    const { id } = await failing.manager.create(failing.spec({ network: 'internet' }));
    await expect(failing.manager.start(id)).rejects.toMatchObject({
      code: 'network_unavailable',
      message: expect.stringContaining('no such tap') as string,
    });
    expect(readdirSync(failing.paths.runtime)).toEqual([]);

    writeFileSync(join(folder, 'bin-slirp4netns', 'slirp4netns.hang'), '');
    const start = failing.manager.start(id).catch((error: unknown) => error);
    await failing.until(id, ({ activity }) => activity === 'launching');
    await expect.poll(() => readdirSync(failing.paths.runtime)).not.toEqual([]);
    await failing.manager.forceStop(id);
    expect(await start).toMatchObject({ code: 'cancelled' });
    expect(readdirSync(failing.paths.runtime)).toEqual([]);
    expect(fencesBelow(folder)).toEqual([]);
    await failing.close();
  });

  it('leaves nothing when Nandu dies in the middle of a start', async () => {
    // The network comes up, but nobody is told that it has.
    const there = await withProgram(
      'slirp4netns',
      'exec /usr/bin/env PATH="${PATH#*:}" slirp4netns "${@//--ready-fd=4/--mtu=65520}"',
      'deaf',
    );
    await there.close();
    const program = new URL('../support/dying-app.ts', import.meta.url).pathname;
    const PATH = `${join(folder, 'bin-deaf')}:${process.env['PATH'] ?? ''}`;
    const app = spawn(process.execPath, [program, join(folder, 'deaf')], {
      env: { ...process.env, PATH },
      stdio: 'inherit',
    });
    await expect.poll(() => fencesBelow(folder), { timeout: 20_000 }).toHaveLength(1);
    app.kill('SIGKILL');
    await expect.poll(() => fencesBelow(folder), { timeout: 20_000 }).toEqual([]);
    // The next Nandu finds that it is not running, and clears what it left.
    const next = await Services.open(join(folder, 'deaf'));
    expect(next.manager.list()).toMatchObject([{ state: 'stopped' }]);
    expect(readdirSync(next.paths.runtime)).toEqual([]);
    await next.close();
  });
});
