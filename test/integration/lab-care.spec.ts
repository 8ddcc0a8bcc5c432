/** The boot lab where things go wrong: guests of ill will, disks that are full, an app that dies. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, expect, it } from 'vitest';
import type { LabPlan, MachineSpec } from '../../src/shared/index.ts';
import { maxLogBytes } from '../../src/main/console/index.ts';
import { isAlive } from '../../src/main/host/index.ts';
import { readLaunchRecord } from '../../src/main/machines/index.ts';
import { labReport } from '../../src/main/lab/report.ts';
import { fakeQemuEnvironment, fakeQemuPath, type FakeQemuBehaviour } from '../fakes/fake-qemu.ts';
import { ContainerScene } from '../support/containers.ts';
import { Services, withDataDirectory } from '../support/services.ts';

afterEach(() => {
  delete process.env['NANDU_FAKE_QEMU'];
});

/** An "app" whose QEMU is a fake that behaves so. */
async function withFake(
  path: string,
  behaviour: FakeQemuBehaviour,
  work: (services: Services) => Promise<void>,
): Promise<void> {
  Object.assign(process.env, fakeQemuEnvironment(behaviour));
  const services = await Services.open(path, { env: { NANDU_QEMU: fakeQemuPath } });
  try {
    await work(services);
  } finally {
    await services.close();
  }
}

function planOf(services: Services, change: Partial<MachineSpec> = {}, rounds = 1): LabPlan {
  const spec = services.spec({ quietKernel: true, ...change });
  const variants: LabPlan['variants'] = [{ name: 'one', board: 'microvm', spec }];
  return { name: 'Care', variants, rounds, warmUps: 0 };
}

it('bounds the log of a variant that floods its console and never becomes ready', async () => {
  await withDataDirectory(async (path) => {
    const behaviour = { floodBytes: 400 * 1024 * 1024, neverReady: true };
    await withFake(path, behaviour, async (services) => {
      const runs = join(services.paths.state, 'runs');
      const { id } = services.lab.start(planOf(services));
      const log = (name: string): string => join(runs, readdirSync(runs)[0] ?? '', name);
      await expect
        .poll(() => existsSync(runs) && existsSync(log('console.log.1')), { timeout: 30_000 })
        .toBe(true);
      expect(statSync(log('console.log.1')).size).toBeLessThanOrEqual(2 * maxLogBytes);
      await services.lab.cancel(id);
      expect(readdirSync(runs)).toEqual([]);
      expect(services.problems).toEqual([]);
    });
  });
});

it('measures a container with its machine’s secrets, which are nowhere but in the guest', async () => {
  const scene = await ContainerScene.open();
  const { services } = scene;
  const secret = 'correct-horse-battery';
  const sign = createHash('sha256').update(secret).digest('hex');
  const image = await scene.image('lab');
  const machine = await scene.machine(
    image,
    {
      command: ['sh', '-c', 'printf %s "$TOKEN" | sha256sum; sleep 600'],
      secrets: ['TOKEN'],
    },
    { ready: { kind: 'console', text: sign } },
  );
  services.secrets.set(machine.id, { TOKEN: secret });
  const { spec, id: machineId } = machine;
  const { id } = services.lab.start({
    ...{ name: 'Secrets', rounds: 1, warmUps: 0 },
    variants: [
      { name: 'known', board: 'microvm', spec, machineId },
      // Of an older Nandu, say: it cannot be known whose they are.
      { name: 'unknown', board: 'microvm', spec },
    ],
  });
  const written = new Set<string>();
  const look = (): void => {
    for (const run of readdirSync(services.paths.runtime)) {
      const record = join(services.paths.runtime, run, 'launch.json');
      if (existsSync(record)) written.add(readFileSync(record, 'utf8'));
    }
  };
  const timer = setInterval(look, 20);
  await services.untilExperiment(({ state }) => state !== 'running');
  clearInterval(timer);
  const experiment = services.lab.get(id);
  const failures = [...experiment.results]
    .sort((a, b) => a.variant - b.variant)
    .map(({ failure }) => failure?.message ?? null);
  expect(failures).toEqual([null, expect.stringMatching(/“TOKEN” is not known/)]);
  expect(written.size).toBeGreaterThan(0);
  const all = [JSON.stringify(experiment), labReport(experiment), ...written].join();
  expect(all).not.toContain(secret);
  await services.close();
  expect(services.problems).toEqual([]);
});

it('keeps a boot that cannot be written down, says why it does not go on, and goes on when it can', async () => {
  await withDataDirectory(async (path) => {
    await withFake(path, {}, async (services) => {
      const { lab, experimented } = services;
      const { id } = lab.start(planOf(services, {}, 3));
      await services.untilExperiment(({ done }) => done === 1);
      const other = new Database(services.paths.database);
      other.exec('BEGIN IMMEDIATE');
      try {
        const end = await services.untilExperiment(({ booting }) => booting === null);
        const known = { state: 'interrupted', done: 2, total: 3, booting: null };
        expect(end).toMatchObject({
          ...{ ...known, reason: expect.stringMatching(/Another program holds/) as string },
        });
        expect(lab.list()).toMatchObject([known]);
        expect(lab.get(id)).toMatchObject({ state: 'interrupted', results: { length: 2 } });
        await expect(lab.pause(id)).rejects.toMatchObject({ code: 'illegal_state' });
        expect(() => lab.resume(id)).toThrow(/Another program holds/);
      } finally {
        other.exec('ROLLBACK');
        other.close();
      }
      const kept = lab.get(id).results;
      lab.resume(id);
      expect(experimented.at(-1)).toMatchObject({ state: 'running', reason: null, done: 2 });
      await services.untilExperiment(({ state }) => state === 'finished');
      const { results } = lab.get(id);
      expect(results.map(({ round }) => round)).toEqual([0, 1, 2]);
      expect(results.slice(0, 2)).toEqual(kept);
      expect(services.problems.length).toBeGreaterThan(0);
    });
    // All of it was written.
    await withFake(path, {}, (services) => {
      expect(services.lab.list()).toMatchObject([{ state: 'finished', done: 3 }]);
      return Promise.resolve();
    });
  });
});

it.each([
  ['before it answers', { dieAt: 'start' }, /^QEMU ended before the machine started/],
  ['in the middle of a boot', { dieAt: { afterMs: 50 }, neverReady: true }, /QEMU/],
] as const)('keeps what a QEMU said that dies %s', async (_when, behaviour, message) => {
  await withDataDirectory(async (path) => {
    const stderr = 'qemu: no such luck today\n';
    await withFake(path, { ...behaviour, stderr }, async (services) => {
      const { id } = services.lab.start(planOf(services));
      await services.untilExperiment(({ state }) => state !== 'running');
      const experiment = services.lab.get(id);
      const { failure } = experiment.results[0] ?? expect.unreachable();
      expect(failure?.message).toMatch(message);
      expect(failure?.qemuLog?.join()).toContain('no such luck today');
      expect(labReport(experiment)).toContain('no such luck today');
    });
  });
});

it.each(['with', 'without'] as const)(
  'leaves no process and no file of a boot whose Nandu was killed, %s a record of it',
  async (recorded) => {
    await withDataDirectory(async (path) => {
      const program = fileURLToPath(new URL('../support/dying-lab.ts', import.meta.url));
      const fake = { NANDU_QEMU: fakeQemuPath, ...fakeQemuEnvironment({ hangAt: 'greeting' }) };
      const app = spawn(process.execPath, [program, path], {
        env: { ...process.env, ...fake },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const runtime = join(path, 'run');
      const recordPath = (): string =>
        join(
          runtime,
          (existsSync(runtime) ? readdirSync(runtime)[0] : undefined) ?? '-',
          'launch.json',
        );
      await expect.poll(() => existsSync(recordPath()), { timeout: 30_000 }).toBe(true);
      const gone = once(app, 'exit');
      app.kill('SIGKILL');
      await gone;
      const record = (await readLaunchRecord(recordPath())) ?? expect.unreachable();
      expect(isAlive(record)).toBe(true);
      // Killed a moment earlier, it would not have written that down.
      if (recorded === 'without') rmSync(recordPath());
      const services = await Services.open(path);
      await expect.poll(() => isAlive(record)).toBe(false);
      expect(readdirSync(services.paths.runtime)).toEqual([]);
      expect(readdirSync(join(services.paths.state, 'runs'))).toEqual([]);
      expect(services.lab.list()).toMatchObject([{ state: 'interrupted', reason: null, done: 0 }]);
      expect(services.problems).toEqual([]);
      await services.close();
    });
  },
);

it('does not mix the boots of two QEMUs: it says what changed, and counts none of the other', async () => {
  await withDataDirectory(async (path) => {
    await withFake(path, { version: '7.2.22' }, async (services) => {
      const { id } = services.lab.start(planOf(services, {}, 3));
      await services.untilExperiment(({ done }) => done === 1);
      await services.lab.pause(id);
    });
    await withFake(path, { version: '8.1.0' }, async (services) => {
      const [paused] = services.lab.list();
      const { id } = paused ?? expect.unreachable();
      const { results } = services.lab.get(id);
      services.lab.resume(id);
      const end = await services.untilExperiment(({ state }) => state !== 'running');
      expect(end).toMatchObject({ state: 'interrupted', done: results.length });
      expect(end.reason).toMatch(/QEMU is 8\.1\.0 and not 7\.2\.22 any more.*start a copy/);
      expect(services.lab.get(id).results).toEqual(results);
    });
  });
});

it('boots with disks that the guest can write, and leaves the images as they are', async () => {
  const scene = await ContainerScene.open();
  const { services } = scene;
  const path = join(services.paths.data, 'disk.img');
  writeFileSync(path, '');
  truncateSync(path, 1024 * 1024);
  const limits = { iops: 0, bytesPerSecond: 0 };
  const image = await scene.image('disks');
  const script = [
    'd=$(cat /sys/block/vdb/dev)',
    'busybox mknod /dev/disk b ${d%:*} ${d#*:}',
    'printf marked >/dev/disk && sync',
    'echo "<$(cat /sys/block/vdb/ro) $(head -c 6 /dev/disk)>"',
    'sleep 600',
  ];
  const { spec } = await scene.machine(
    image,
    { command: ['sh', '-c', script.join('; ')] },
    {
      ready: { kind: 'console', text: '<0 marked>' },
      readyDeadlineSeconds: 10,
      disks: [{ path, format: 'raw', readOnly: false, cache: 'writeback', limits }],
    },
  );
  const variants: LabPlan['variants'] = [{ name: 'one', board: 'microvm', spec }];
  const { id } = services.lab.start({ name: 'Disks', rounds: 2, warmUps: 0, variants });
  await services.untilExperiment(({ state }) => state !== 'running');
  const { results, commands } = services.lab.get(id);
  expect(results.map(({ failure }) => failure)).toEqual([null, null]);
  expect(readFileSync(path).every((byte) => byte === 0)).toBe(true);
  expect(readdirSync(join(services.paths.state, 'runs'))).toEqual([]);
  expect(commands[0]).toMatchObject({
    kernel: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    container: { image: spec.container?.image, words: ['sh', '-c', script.join('; ')] },
  });
  await services.close();
  expect(services.problems).toEqual([]);
});

it('tells of each boot once, as soon as it is written down, and rests before the next', async () => {
  await withDataDirectory(async (path) => {
    await withFake(path, {}, async (services) => {
      services.lab.start(planOf(services, {}, 3));
      await services.untilExperiment(({ state }) => state !== 'running');
      expect(services.experimented.map(({ done, booting }) => [done, booting])).toEqual([
        [0, 'one'],
        [1, 'one'],
        [2, 'one'],
        [3, null],
      ]);
    });
  });
});
