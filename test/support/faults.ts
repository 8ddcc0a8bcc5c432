/**
 * What can happen to the app, to QEMU and to the host, each done for real to real machines. A fault is
 * survived when no definition is lost, no process is orphaned and no wrong state is shown for longer than 2 s.
 * Run by test/integration/faults.spec.ts and by the acceptance check "engine".
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { identifyProcess, isAlive } from '../../src/main/host/index.ts';
import { machineIdSchema, type MachineId } from '../../src/shared/index.ts';
import { Scene } from './scene.ts';
import { withDataDirectory, type Services } from './services.ts';
import { FlowView, TestView } from './test-view.ts';

/** How long a wrong state may be shown. */
const patienceMs = 2_000;
const MiB = 1024 * 1024;

/** A fault and the proof that it is survived. */
export interface Fault {
  readonly name: string;
  /** @throws when it was not survived. */
  survive(): Promise<void>;
}

function fault(name: string, act: (scene: Scene) => Promise<void>): Fault {
  return {
    name,
    survive: () =>
      withDataDirectory(async (path) => {
        const scene = new Scene(path);
        await act(scene);
        await scene.judge();
      }),
  };
}

/** State as people see it, with what is waited for. */
function shown(services: Services, id: MachineId): string {
  const { state, activity } = services.manager.get(id);
  return activity === null ? state : `${state}/${activity}`;
}

async function soon(services: Services, id: MachineId, wanted: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (shown(services, id) !== wanted) {
    assert(
      performance.now() < deadline,
      `still ${shown(services, id)} after ${patienceMs} ms, and not ${wanted}`,
    );
    await delay(20);
  }
}

let asked = 0;
/** Proves that the guest runs and its console goes both ways. */
async function answers(services: Services, id: MachineId): Promise<void> {
  const view = new TestView();
  const console = services.manager.openConsole(id, view.sink);
  asked += 1;
  console.input(`\recho alive-$((${asked}+1000))\r`);
  await view.shows(`alive-${asked + 1000}`, 20_000);
  console.close();
}

/** Kills the app in its own process group, and with it all that belongs to that group. */
async function killedApp(scene: Scene): Promise<MachineId> {
  const script = fileURLToPath(new URL('./app-process.ts', import.meta.url));
  const app = spawn(process.execPath, [script, scene.path], {
    detached: true, // a group of its own, which a terminal or a service manager kills as a whole
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert(app.pid !== undefined);
  const [line] = (await once(app.stdout.setEncoding('utf8'), 'data')) as [string];
  const exited = once(app, 'exit');
  process.kill(-app.pid, 'SIGKILL');
  await exited;
  const { id } = JSON.parse(line) as { id: string };
  return machineIdSchema.parse(id);
}

/** Runs `work` while the wall clock of this process shows another time. */
async function withClockSetBy<T>(stepMs: number, work: () => Promise<T>): Promise<T> {
  const real = Date.now;
  Date.now = () => real() + stepMs;
  try {
    return await work();
  } finally {
    Date.now = real;
  }
}

/** All faults, by the names that the issue tracker and the README use. */
export const faults: readonly Fault[] = [
  fault('kill -9 of QEMU', async (scene) => {
    const { services, id, record } = await scene.start(await scene.app());
    process.kill(record.pid, 'SIGKILL');
    await soon(services, id, 'crashed');
    const { run, problem } = services.manager.get(id);
    assert.match(run?.end?.message ?? '', /SIGKILL/);
    assert.equal(problem?.code, 'qemu_failed');
    await scene.boot(services, id); // and it can be started again
  }),

  fault('kill -9 of the app and of its whole process group', async (scene) => {
    const id = await killedApp(scene);
    const services = await scene.app();
    await scene.recordOf(services, id);
    assert.equal(shown(services, id), 'running');
    assert.equal(services.manager.get(id).run?.boot?.reached, 'ready');
    await answers(services, id);
  }),

  fault('SIGSTOP of QEMU', async (scene) => {
    const { services, id, record } = await scene.start(await scene.app());
    process.kill(record.pid, 'SIGSTOP');
    await soon(services, id, 'paused/suspended');
    await services.manager.resume(id);
    await soon(services, id, 'running');
    await answers(services, id);
    process.kill(record.pid, 'SIGSTOP');
    await soon(services, id, 'paused/suspended');
    await services.manager.stop(id);
    assert.equal(shown(services, id), 'stopped');
  }),

  fault('QMP socket deleted while the app runs', async (scene) => {
    const { services, id, files } = await scene.start(await scene.app());
    unlinkSync(files.qmpSocket);
    await services.manager.pause(id);
    await soon(services, id, 'paused');
    await services.manager.resume(id);
    await soon(services, id, 'running');
    await services.manager.stop(id);
    assert.equal(shown(services, id), 'stopped');
  }),

  fault('QMP socket deleted while no app runs', async (scene) => {
    const first = await scene.app();
    const { id, files } = await scene.start(first);
    await scene.quit(first);
    unlinkSync(files.qmpSocket);
    const second = await scene.app();
    assert.equal(shown(second, id), 'running');
    await second.manager.stop(id);
    assert.equal(shown(second, id), 'stopped');
  }),

  fault('run folder deleted while no app runs', async (scene) => {
    const first = await scene.app();
    const { id, files } = await scene.start(first);
    await scene.quit(first);
    rmSync(files.runDirectory, { recursive: true });
    const second = await scene.app();
    assert.equal(shown(second, id), 'running');
    await second.manager.stop(id);
    assert.equal(shown(second, id), 'stopped');
  }),

  fault('console flood of 100 MB', async (scene) => {
    const { services, id, type, files } = await scene.start(await scene.app(), {
      console: 'virtio',
    });
    const before = process.memoryUsage().rss;
    type('head -c 1048576 /dev/zero | tr "\\0" "#" >/tmp/m; stty -opost\r');
    type(
      'i=0; while [ $i -lt 100 ]; do cat /tmp/m; i=$((i+1)); done; sleep 1; echo flood-$((40+2))\r',
    );
    const flow = new FlowView((sink) => services.manager.openConsole(id, sink));
    const deadline = performance.now() + 120_000;
    while (!flow.tail.includes('flood-42')) {
      assert(performance.now() < deadline, `only ${flow.bytes} bytes in 2 min`);
      assert.equal(shown(services, id), 'running');
      await delay(100);
    }
    // QEMU drops what a virtio console prints while its reader lags (hw/char/virtio-console.c,
    // flush_buf), so that not all of it need come; a serial line loses nothing but takes minutes.
    assert(flow.bytes >= 50 * MiB, `only ${flow.bytes} bytes came`);
    flow.close();
    type('stty opost\r');
    await answers(services, id);
    const grownMiB = (process.memoryUsage().rss - before) / MiB;
    assert(grownMiB < 150, `the app's memory grew by ${grownMiB} MiB`);
    await delay(2_500); // two looks at the logs
    const size = readdirSync(files.logDirectory)
      .map((name) => statSync(join(files.logDirectory, name)).size)
      .reduce((sum, bytes) => sum + bytes, 0);
    assert(size <= 80 * MiB, `the logs take ${size} bytes`);
    await services.manager.stop(id);
  }),

  fault('disk full while logging', async (scene) => {
    const disk = join(scene.path, 'state');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', disk]);
    try {
      const { services, id, type } = await scene.start(await scene.app(), { console: 'virtio' });
      type('head -c 12582912 /dev/zero | tr "\\0" "#"; echo; echo full-$((40+2))\r');
      const flow = new FlowView((sink) => services.manager.openConsole(id, sink));
      const deadline = performance.now() + 60_000;
      while (!flow.tail.includes('full-42')) {
        assert(performance.now() < deadline, 'the guest’s output stalled');
        assert.equal(shown(services, id), 'running');
        await delay(50);
      }
      await answers(services, id);
      await assert.rejects(
        services.manager
          .create({ ...services.spec(), name: 'second' })
          .then((second) => services.manager.start(second.id)),
        { code: 'disk_full' },
      );
      const second = services.manager.list().find(({ spec }) => spec.name === 'second');
      assert(second !== undefined);
      assert.equal(second.state, 'stopped');
      await services.manager.remove(second.id, false);
      await services.manager.stop(id);
      assert.equal(shown(services, id), 'stopped');
      await scene.quit(services);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  }),

  fault('disk full for the database', async (scene) => {
    const data = join(scene.path, 'data');
    mkdirSync(data);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', data]);
    try {
      const { services, id } = await scene.start(await scene.app());
      const filler = join(data, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(8 * MiB));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
      }
      await services.manager.stop(id);
      assert.equal(shown(services, id), 'stopped');
      rmSync(filler);
      assert(services.flushWrites(), 'what had waited could not be written with room on the disk');
      await scene.quit(services);
      const after = await scene.app();
      assert.equal(after.manager.runs(id, 1)[0]?.end?.kind, 'stopped');
      assert.equal(shown(after, id), 'stopped');
      await after.manager.remove(id, false);
      await scene.quit(after);
    } finally {
      execFileSync('umount', ['-l', data]);
    }
    scene.forget();
  }),

  fault('disk full for the image of a disk', async (scene) => {
    const disk = join(scene.path, 'images');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', disk]);
    try {
      const image = join(disk, 'sparse.img');
      writeFileSync(image, '');
      truncateSync(image, 64 * MiB);
      writeFileSync(join(disk, 'filler'), Buffer.alloc(4 * MiB));
      const limits = { iops: 0, bytesPerSecond: 0 };
      const { services, id, type, view } = await scene.start(await scene.app(), {
        disks: [{ path: image, format: 'raw', readOnly: false, cache: 'writeback', limits }],
      });
      type('dd if=/dev/zero of=/dev/vda bs=1M count=6 conv=fsync; echo written-$((40+2))\r');
      await services.until(id, ({ activity }) => activity === 'disk-error', 20_000);
      assert.equal(shown(services, id), 'paused/disk-error');
      rmSync(join(disk, 'filler'));
      await services.manager.resume(id);
      await view.shows('written-42', 20_000);
      assert.equal(shown(services, id), 'running');
      await services.manager.stop(id);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  }),

  fault('database locked by another process', async (scene) => {
    const { services, id, record } = await scene.start(await scene.app());
    const other = new Database(services.paths.database);
    other.exec('BEGIN EXCLUSIVE');
    try {
      process.kill(record.pid, 'SIGKILL');
      await soon(services, id, 'crashed');
      await assert.rejects(services.manager.start(id), { code: 'database_busy' });
      assert.equal(shown(services, id), 'stopped');
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    assert(services.flushWrites());
    await scene.boot(services, id);
    const [latest, former] = services.manager.runs(id, 2);
    assert.deepEqual([latest?.number, former?.end?.kind], [2, 'qemu-exit']);
  }),

  fault('database corrupted while machines run', async (scene) => {
    const first = await scene.app();
    const kept = await scene.start(first, { name: 'in the backup' });
    first.backUp();
    const late = await scene.start(first, { name: 'made after the backup' });
    await scene.quit(first);
    writeFileSync(first.paths.database, Buffer.alloc(64 * 1024, 'not a database '));
    rmSync(`${first.paths.database}-wal`, { force: true });
    const second = await scene.app();
    assert(second.recovered?.restoredFrom != null, 'no backup was taken');
    assert(statSync(second.recovered.movedTo).size > 0, 'the damaged file was not kept');
    for (const { id } of [kept, late]) {
      assert.equal(shown(second, id), 'running');
      await answers(second, id);
      await second.manager.stop(id);
      assert.equal(shown(second, id), 'stopped');
    }
  }),

  fault('clock set back and forth by hours', async (scene) => {
    const hourMs = 3_600_000;
    const { services, id } = await scene.start(await scene.app());
    await withClockSetBy(-hourMs, async () => {
      await services.manager.stop(id);
      assert.equal(shown(services, id), 'stopped');
      const run = services.manager.get(id).run;
      assert(run?.endedAtMs != null && run.endedAtMs >= run.startedAtMs);
    });
    // Set while it boots: the time a boot took is not the time that the clock went on.
    const starting = services.manager.start(id);
    await delay(700);
    await withClockSetBy(hourMs, async () => {
      await starting;
      const { run } = await services.untilReady(id);
      assert(run?.boot != null && run.boot.totalMs < 120_000, `a boot of ${run?.boot?.totalMs} ms`);
      await answers(services, id);
      await scene.quit(services);
      const second = await scene.app();
      assert.equal(shown(second, id), 'running');
      await second.manager.stop(id);
      assert.deepEqual(
        second.manager.runs(id, 2).map(({ number }) => number),
        [2, 1],
      );
    });
  }),

  fault('another process has the pid of a machine', async (scene) => {
    const first = await scene.app();
    const { id, record, files } = await scene.start(first);
    await scene.quit(first);
    process.kill(record.pid, 'SIGKILL');
    while (isAlive(record)) await delay(10);
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
    try {
      assert(stranger.pid !== undefined);
      mkdirSync(dirname(files.launchRecord), { recursive: true });
      // As if its start time were the same, too: only its command tells that it is another.
      const { pid, startTicks } = identifyProcess(stranger.pid) ?? assert.fail('no stranger');
      writeFileSync(files.launchRecord, JSON.stringify({ ...record, pid, startTicks }));
      const second = await scene.app();
      assert.equal(shown(second, id), 'stopped');
      assert.equal(second.manager.get(id).run?.end?.kind, 'lost');
      assert.equal(stranger.exitCode ?? stranger.signalCode, null, 'the stranger was signalled');
    } finally {
      stranger.kill('SIGKILL');
    }
  }),
];
