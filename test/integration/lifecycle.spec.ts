/** A machine's state is true whatever its guest does, and whatever becomes of the app and of its own definition. */
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { withChanges } from '../../src/shared/index.ts';
import { bootByScript } from '../support/script-boot.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { shown, started } from '../support/started.ts';
import { TestView } from '../support/test-view.ts';

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
