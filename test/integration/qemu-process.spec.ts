/** A machine's state is true whatever happens to its QEMU: suspended, hung up, killed, wrapped, older than the app. */
import { mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { isAlive, type RunFiles } from '../../src/main/host/index.ts';
import { fakeQemuEnvironment, fakeQemuPath } from '../fakes/fake-qemu.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { processOf, shown, started } from '../support/started.ts';
import { TestView } from '../support/test-view.ts';

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
