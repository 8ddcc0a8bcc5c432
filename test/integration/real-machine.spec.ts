/** Machines on the real QEMU with the real kernel: the whole of main but its window. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { phaseNames, type MachineId } from '../../src/shared/index.ts';
import { isAlive } from '../../src/main/host/index.ts';
import { readLaunchRecord } from '../../src/main/machines/launch-record.ts';
import { runFiles } from '../../src/main/host/index.ts';
import { Services, withDataDirectory } from '../support/services.ts';
import { TestView } from '../support/test-view.ts';

describe('a machine on the real QEMU', () => {
  it('boots, talks, tells its phases, pauses, stops, and remembers', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id } = await manager.create(services.spec());
      const view = new TestView();
      const console = manager.openConsole(id, view.sink);
      const [first, second] = await Promise.all([manager.start(id), manager.start(id)]);
      expect(first.run?.id).toBe(second.run?.id);
      const ready = await services.untilReady(id);
      const boot = ready.run?.boot;
      // An ELF unpacks nothing, and what comes after the kernel is the init's alone.
      const absent = ['decompression', 'initrd'];
      expect(boot?.phases.map((phase) => phase.name)).toEqual(
        phaseNames.filter((name) => !absent.includes(name)),
      );
      const sum = boot?.phases.reduce((total, phase) => total + phase.durationMs, 0);
      expect(sum).toBe(boot?.totalMs);

      await view.shows('/ # ');
      console.resize(97, 31);
      // The guest learns its size when it has settled.
      console.input(
        'echo grüße-$((6*7)); until stty size | grep -q 97; do usleep 50000; done; stty size; hostname\r',
      );
      await view.shows(Buffer.from('grüße-42').toString('latin1'));
      await view.shows('31 97');
      await view.shows('\r\ntest\r\n');

      await manager.pause(id);
      await services.untilState(id, 'paused');
      await manager.resume(id);
      await services.untilState(id, 'running');

      const files = runFiles(services.paths, ready.run?.id ?? expect.unreachable());
      expect(statSync(files.runDirectory).mode & 0o777).toBe(0o700);
      const record = await readLaunchRecord(files.launchRecord);
      await manager.stop(id);
      expect(manager.get(id)).toMatchObject({
        state: 'stopped',
        problem: null,
        run: { number: 1, end: { kind: 'stopped', message: 'The guest shut down when asked.' } },
      });
      expect(record !== null && isAlive(record)).toBe(false);
      expect(existsSync(files.runDirectory)).toBe(false);
      await services.close();

      // The next app knows the machine, its run and its console.
      const later = await Services.open(path);
      expect(later.manager.list()).toMatchObject([{ id, run: { boot: { reached: 'ready' } } }]);
      const old = new TestView();
      later.manager.openConsole(id, old.sink);
      expect(old.text).toContain('31 97');
      await later.manager.remove(id, false);
      expect(readdirSync(`${later.paths.state}/runs`)).toEqual([]);
      await later.close();
    });
  });

  it('says what ended a run: poweroff, panic, kill -9', async () => {
    await withDataDirectory(async (path) => {
      const services = await Services.open(path);
      const { manager } = services;
      const { id } = await manager.create(services.spec({ quietKernel: true }));
      const run = async (
        act: (type: (text: string) => void, id: MachineId) => Promise<void> | void,
      ) => {
        const view = new TestView();
        const console = manager.openConsole(id, view.sink);
        await manager.start(id);
        await services.untilReady(id);
        await view.shows('/ # ');
        await act((text) => console.input(text), id);
        const ended = await services.until(id, ({ run }) => run?.end != null);
        console.close();
        return { state: ended.state, kind: ended.run?.end?.kind };
      };
      expect(await run((type) => type('exit\r'))).toEqual({
        state: 'stopped',
        kind: 'guest-shutdown',
      });
      expect(await run((type) => type('echo c > /proc/sysrq-trigger\r'))).toEqual({
        state: 'crashed',
        kind: 'guest-panic',
      });
      const killed = await run(async () => {
        const current = manager.get(id).run?.id ?? expect.unreachable();
        const record = await readLaunchRecord(runFiles(services.paths, current).launchRecord);
        process.kill(record?.pid ?? expect.unreachable(), 'SIGKILL');
      });
      expect(killed).toEqual({ state: 'crashed', kind: 'qemu-exit' });
      expect(manager.get(id).problem?.message).toContain('SIGKILL');
      expect(await run(() => manager.forceStop(id).then(() => undefined))).toEqual({
        state: 'stopped',
        kind: 'killed',
      });
      await services.close();
    });
  });

  it('outlives the app and is adopted with its console', async () => {
    await withDataDirectory(async (path) => {
      const first = await Services.open(path);
      const { id } = await first.manager.create(first.spec({ quietKernel: true }));
      const view = new TestView();
      const console = first.manager.openConsole(id, view.sink);
      await first.manager.start(id);
      await first.untilReady(id);
      await view.shows('/ # ');
      // What it prints while no app is there must be there afterwards.
      console.input('(sleep 1; echo while-$((1+1))-away) &\r');
      await view.shows('away) &');
      await first.close('keep');
      await new Promise((resolve) => setTimeout(resolve, 3_000));

      const second = await Services.open(path);
      expect(second.manager.get(id)).toMatchObject({ state: 'running', run: { number: 1 } });
      const later = new TestView();
      const again = second.manager.openConsole(id, later.sink);
      await later.shows('while-2-away');
      again.input('echo back-$((2+3))\r');
      await later.shows('back-5');
      await second.manager.stop(id);
      expect(second.manager.get(id)).toMatchObject({
        state: 'stopped',
        run: { end: { kind: 'stopped' } },
      });
      await second.close();
    });
  });
});

describe('two machines', () => {
  let services: Services;
  let end: () => void;
  const opened = new Promise<void>((resolve) => (end = resolve));
  beforeAll(async () => {
    await new Promise<void>((ready) => {
      void withDataDirectory(async (path) => {
        services = await Services.open(path);
        ready();
        await opened;
        await services.close();
      });
    });
  });
  afterAll(() => end());

  it('run side by side; deleting one that runs is refused or stops it first', async () => {
    const { manager } = services;
    const one = await manager.create(services.spec({ name: 'one' }));
    const two = await manager.create(services.spec({ name: 'two' }));
    await Promise.all([manager.start(one.id), manager.start(two.id)]);
    await Promise.all([services.untilReady(one.id), services.untilReady(two.id)]);
    await expect(manager.remove(one.id, false)).rejects.toMatchObject({ code: 'illegal_state' });
    await manager.remove(one.id, true);
    expect(manager.list().map(({ spec }) => spec.name)).toEqual(['two']);
    expect(manager.get(two.id).state).toBe('running');
    await manager.stop(two.id);
  });
});
