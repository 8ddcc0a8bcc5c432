/** A machine's state is true whatever happens to its guest, its QEMU and its files. */
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  isAlive,
  runFiles,
  type ProcessIdentity,
  type RunFiles,
} from '../../src/main/host/index.ts';
import { readLaunchRecord } from '../../src/main/machines/launch-record.ts';
import { withChanges, type MachineId } from '../../src/shared/index.ts';
import { fakeQemuEnvironment, fakeQemuPath } from '../fakes/fake-qemu.ts';
import { bootByScript } from '../support/script-boot.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

/** A started machine, and how to type into it. */
async function started(
  services: Services,
  changes: Record<string, unknown> = {},
): Promise<{ id: MachineId; type: (text: string) => void; view: TestView }> {
  const spec = withChanges(services.spec({ quietKernel: true }), changes);
  const { id } = await services.manager.create(spec);
  const view = new TestView();
  const console = services.manager.openConsole(id, view.sink);
  await services.manager.start(id);
  await services.untilReady(id);
  await view.shows('/ # ');
  return { id, view, type: (text) => console.input(text) };
}

async function processOf(
  services: Services,
  id: MachineId,
): Promise<ProcessIdentity & { files: RunFiles }> {
  const files = runFiles(services.paths, services.manager.get(id).run?.id ?? expect.unreachable());
  const record = await readLaunchRecord(files.launchRecord);
  if (record === null) throw new Error('there is no launch record');
  return { ...record, files };
}

/** State as people see it, with what is waited for. */
const shown = (services: Services, id: MachineId): string => {
  const { state, activity } = services.manager.get(id);
  return activity === null ? state : `${state}/${activity}`;
};

describe('the guest', () => {
  it('reboots: the run ends and the next one starts by itself, unless it was told not to', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id, type } = await started(services);
      type('reboot -f\r');
      await services.until(id, ({ run }) => run?.number === 2 && run.boot?.reached === 'ready');
      expect(manager.runs(id, 2)[1]?.end?.kind).toBe('guest-reset');
      await manager.update(id, withChanges(manager.get(id).spec, { onReboot: 'stop' }));
      expect(manager.get(id).pendingChanges).toEqual([]);
      type('reboot -f\r');
      await services.untilState(id, 'stopped');
      expect(manager.get(id).run).toMatchObject({ number: 2, end: { kind: 'guest-reset' } });
      await manager.start(id);
      await manager.restart(id);
      expect(manager.get(id)).toMatchObject({ state: 'running', run: { number: 4 } });
      expect(manager.journal(id, 100).map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['created', 'edited', 'guest-restarted', 'restart-asked', 'ready']),
      );
      expect(services.problems).toEqual([]);
      await services.close();
    });
  });

  it('powers off and reboots by the plain commands, too (busybox’s own asked a PID 1 that did not listen)', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id, type } = await started(services);
      type('reboot\r');
      await services.until(id, ({ run }) => run?.number === 2 && run.boot?.reached === 'ready');
      for (const command of ['poweroff', 'halt']) {
        const view = new TestView();
        const console = manager.openConsole(id, view.sink);
        await view.shows('/ # ');
        console.input(`${command}\r`);
        await services.untilState(id, 'stopped');
        expect(manager.get(id).run?.end?.message).toBe('The guest powered off.');
        console.close();
        if (command === 'halt') break;
        await manager.start(id);
        await services.untilReady(id);
      }
      await services.close();
    });
  });

  it('is asked to stop while it boots: it hears it as soon as it listens', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id } = await services.manager.create(
        withChanges(services.spec({ quietKernel: true }), { 'stopDeadlines.askGuestMs': 30_000 }),
      );
      await services.manager.start(id);
      await services.manager.stop(id);
      expect(services.manager.get(id).run?.end?.message).toBe('The guest shut down when asked.');
      await services.close();
    });
  });

  it('cannot fake a panic: its words do not make a power-off or a stop a crash', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id, type, view } = await started(services);
      type('echo "Kernel panic - not syncing"\r');
      await view.shows('syncing\r\n');
      await services.manager.stop(id);
      expect(shown(services, id)).toBe('stopped');
      await services.close();
    });
  });

  it('has too little memory for its kernel: a crash that says so, and no start without end', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id } = await manager.create(services.spec({ memoryMiB: 32 }));
      await manager.start(id);
      const crashed = await services.untilState(id, 'crashed');
      expect(crashed.problem?.message).toContain('memory');
      expect(crashed.run?.number).toBe(1);
      await services.close();
    });
  });
});

describe('QEMU', () => {
  it('SIGSTOP: shown as paused within 2 s; Resume wakes it; a suspended one can be stopped', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id, type, view } = await started(services);
      const { pid } = await processOf(services, id);
      process.kill(pid, 'SIGSTOP');
      await expect.poll(() => shown(services, id)).toBe('paused/suspended');
      await services.manager.resume(id);
      await expect.poll(() => shown(services, id)).toBe('running');
      type('echo awake-$((1+1))\r');
      await view.shows('awake-2');
      process.kill(pid, 'SIGSTOP');
      await expect.poll(() => shown(services, id)).toBe('paused/suspended');
      await services.manager.stop(id);
      expect(services.manager.get(id).run?.end?.message).toBe('The guest shut down when asked.');
      await services.close();
    });
  });

  it.each([
    ['its monitor socket was deleted', (files: RunFiles) => unlinkSync(files.qmpSocket)],
    [
      'its whole run folder was deleted',
      (files: RunFiles) => rmSync(files.runDirectory, { recursive: true }),
    ],
  ])('%s while no app ran: shown as running, and can be stopped', async (_, remove) => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await started(first);
      const found = await processOf(first, id);
      await first.close('keep');
      remove(found.files);
      const second = await Services.open(path);
      expect(shown(second, id)).toBe('running');
      await expect(second.manager.pause(id)).rejects.toMatchObject({ code: 'illegal_state' });
      await expect(second.manager.start(id)).rejects.toMatchObject({ code: 'illegal_state' });
      await second.manager.stop(id);
      expect([shown(second, id), isAlive(found)]).toEqual(['stopped', false]);
      await second.close();
    });
  });

  it('suspended while the app starts: adopted all the same, and fully so when it wakes', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await started(first);
      const found = await processOf(first, id);
      await first.close('keep');
      process.kill(found.pid, 'SIGSTOP');
      const second = await Services.open(path);
      expect(shown(second, id)).toBe('paused/suspended');
      process.kill(found.pid, 'SIGCONT');
      await expect.poll(() => shown(second, id)).toBe('running');
      await expect
        .poll(() => second.manager.pause(id).then(() => 'paused', String), { timeout: 8_000 })
        .toBe('paused');
      await second.untilState(id, 'paused');
      await second.manager.resume(id);
      const view = new TestView();
      const console = second.manager.openConsole(id, view.sink);
      // Letting go of the old connection once closed the new console, too.
      console.input('echo adopted-$((1+1))\r');
      await view.shows('adopted-2');
      await second.manager.stop(id);
      await second.close();
    });
  });

  it.each([0, 300, 1_000])(
    'is stopped %i ms after it woke, while its monitor is being connected to: it ends, and can start again',
    async (afterMs) => {
      await withDataDirectory(async (path) => {
        const first = await Services.open(path);
        const { id } = await started(first);
        const found = await processOf(first, id);
        await first.close('keep');
        process.kill(found.pid, 'SIGSTOP');
        const second = await Services.open(path);
        process.kill(found.pid, 'SIGCONT');
        await delay(afterMs);
        await second.manager.stop(id);
        expect([shown(second, id), isAlive(found)]).toEqual(['stopped', false]);
        await second.manager.start(id);
        expect(shown(second, id)).toBe('running');
        await second.close();
      });
    },
  );

  it('its monitor hangs up although it goes on: said, connected to again, and it can be stopped', async () => {
    await withDataDirectory(async (path) => {
      const env = { NANDU_QEMU: fakeQemuPath, ...fakeQemuEnvironment({ closeQmpAfterMs: 400 }) };
      Object.assign(process.env, env);
      try {
        const services = await Services.open(path);
        const { id } = await services.manager.create(services.spec());
        await services.manager.start(id);
        const kinds = (): string[] => services.manager.journal(id, 50).map(({ kind }) => kind);
        await expect.poll(kinds, { timeout: 10_000 }).toContain('adopted');
        expect(kinds()).toContain('monitor-lost');
        expect(shown(services, id)).toBe('running');
        await services.manager.stop(id);
        expect(shown(services, id)).toBe('stopped');
        expect(services.problems).toEqual([]);
        await services.close();
      } finally {
        for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
      }
    });
  });

  it('an older run of it is open in a restored backup: that one is history, the running one is adopted', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await started(first);
      await first.manager.stop(id);
      await first.manager.start(id);
      await first.untilReady(id);
      await first.close('keep');
      const database = new Database(first.paths.database);
      database.exec('UPDATE runs SET ending = NULL, ended_at_ms = NULL WHERE number = 1');
      database.close();
      const second = await Services.open(path);
      expect([shown(second, id), second.manager.get(id).run?.number]).toEqual(['running', 2]);
      // Its console's last lines tell how it ended.
      expect(second.manager.runs(id, 2)[1]?.end?.kind).toBe('guest-shutdown');
      await second.manager.stop(id);
      await second.close();
    });
  });

  it('was started by a wrapper and does not answer: it is still known for what it is', async () => {
    await withDataDirectory(async (path) => {
      const wrapper = `${path}/qemu-wrapper`;
      writeFileSync(wrapper, '#!/bin/sh\nexec qemu-system-x86_64 "$@"\n', { mode: 0o755 });
      const env = { NANDU_QEMU: wrapper };
      const first = await Services.open(path, { env });
      const { id } = await started(first);
      const found = await processOf(first, id);
      await first.close('keep');
      process.kill(found.pid, 'SIGSTOP');
      const second = await Services.open(path, { env });
      expect(shown(second, id)).toBe('paused/suspended');
      await second.manager.stop(id);
      expect([shown(second, id), isAlive(found)]).toEqual(['stopped', false]);
      await second.close();
    });
  });

  it('killed while no app ran: reported as lost, and stopped', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await started(first);
      const found = await processOf(first, id);
      await first.close('keep');
      process.kill(found.pid, 'SIGKILL');
      await expect.poll(() => isAlive(found)).toBe(false);
      const second = await Services.open(path);
      expect(second.manager.get(id)).toMatchObject({
        state: 'stopped',
        run: { end: { kind: 'lost' } },
      });
      await second.close();
    });
  });

  it('a run folder that cannot be removed does not keep a machine from being stopped', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id } = await started(services);
      const { files } = await processOf(services, id);
      const mounted = `${files.runDirectory}/busy`;
      mkdirSync(mounted);
      execFileSync('mount', ['-t', 'tmpfs', 'none', mounted]);
      try {
        await services.manager.stop(id);
        expect(shown(services, id)).toBe('stopped');
        expect(services.problems).toMatchObject([{ code: 'EBUSY' }]);
      } finally {
        execFileSync('umount', [mounted]);
      }
      await services.close();
    });
  });
});

describe('the app', () => {
  it('ends during a start: the start is finished first, and the next app takes the machine over', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await first.manager.create(first.spec({ quietKernel: true }));
      const starting = first.manager.start(id);
      await first.close('keep');
      await starting;
      const second = await Services.open(path);
      expect(shown(second, id)).toBe('running');
      await second.manager.stop(id);
      await second.close();
    });
  });

  it('stops all and lets none start meanwhile', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id } = await started(services);
      const other = await services.manager.create(services.spec({ name: 'other' }));
      const stopped = services.manager.stopAll();
      await expect(services.manager.start(other.id)).rejects.toMatchObject({
        code: 'illegal_state',
      });
      await stopped;
      expect([shown(services, id), services.manager.activeCount]).toEqual(['stopped', 0]);
      await services.close();
    });
  });
});

describe('a definition', () => {
  it('is edited while it runs: what needs a restart waits for it, and an edit can be taken back', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id } = await started(services);
      const before = manager.get(id).spec;
      const edited = await manager.update(
        id,
        withChanges(before, { memoryMiB: 300, name: 'renamed', 'board.rtc': 'on' }),
      );
      expect([edited.pendingChanges.sort(), edited.canUndo]).toEqual([
        ['board.rtc', 'memoryMiB'],
        true,
      ]);
      const { difference } = await manager.command(id);
      expect(
        difference?.lines.filter(({ change }) => change === 'added').map(({ text }) => text),
      ).toEqual([
        '-machine microvm,acpi=on,rtc=on',
        '-m 300M',
        expect.stringContaining('hostname=renamed'),
        '-name guest=renamed',
      ]);
      expect((await manager.undo(id)).spec).toEqual(before);
      expect(manager.get(id).pendingChanges).toEqual([]);
      const copy = await manager.clone(id);
      expect(copy.spec).toEqual({ ...before, name: 'test copy' });
      const file = `${path}/exported.yaml`;
      await manager.exportTo(id, file, 'yaml', false);
      const imported = await manager.importFrom(file);
      expect(imported.spec).toEqual({ ...before, name: 'test 2' });
      await manager.stop(id);
      await services.close();
    });
  });

  it('cannot be read: said, kept, and the other machines are there', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await first.manager.create(first.spec({ name: 'of tomorrow' }));
      await first.manager.create(first.spec({ name: 'of today' }));
      await first.close();
      const database = new Database(first.paths.database);
      database.prepare(`UPDATE machines SET spec = '{"name":"?","wings":2}' WHERE id = ?`).run(id);
      database.close();
      const second = await Services.open(path);
      expect(second.manager.list().map(({ spec }) => spec.name)).toEqual(['of today']);
      expect(second.manager.definitionProblems).toMatchObject([{ details: { id } }]);
      await second.close();
    });
  });

  it('becomes a script that boots it elsewhere', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { id } = await services.manager.create(services.spec({ quietKernel: true }));
      const { script } = await services.manager.command(id);
      const { code, output } = await bootByScript(script);
      expect(code).toBe(0);
      expect(output).toContain('script-42');
      await services.close();
    });
  });
});
