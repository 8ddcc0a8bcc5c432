import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FakeQemu, nextEvent, recordEvents, type FakeQemuBehaviour } from './fake-qemu.ts';

// Each test starts a process or two, on a machine that may be busy with real ones.
vi.setConfig({ testTimeout: 30_000 });

let fake: FakeQemu | null = null;
afterEach(async () => {
  await fake?.dispose();
  fake = null;
});

function start(behaviour: FakeQemuBehaviour): FakeQemu {
  fake = new FakeQemu(behaviour);
  return fake;
}

describe('fake QEMU that misbehaves', () => {
  it('dies at the start, as told', async () => {
    const behaviour = { dieAt: 'start', exitCode: 7, stderr: 'no such luck\n' } as const;
    expect(await start(behaviour).exited).toEqual({
      code: 7,
      signal: null,
      stderr: 'no such luck\n',
    });
  });

  it.each(['greeting', 'mid-greeting'] as const)('dies at the %s', async (dieAt) => {
    const qemu = start({ dieAt, signal: 'SIGKILL' });
    await expect(qemu.qmp()).rejects.toMatchObject({
      code: 'qmp_failed',
      details: { stage: 'greeting' },
    });
    expect(await qemu.exited).toEqual({ code: null, signal: 'SIGKILL', stderr: '' });
  });

  it.each([
    [{ dieAt: 'after-cont', signal: 'SIGSEGV' }, null, 'SIGSEGV'],
    [{ dieAt: 'after-cont', signal: 'SIGTERM', ignoreSigterm: true }, null, 'SIGTERM'],
    [{ dieAt: { afterMs: 5 }, stderr: 'x' }, 1, null],
  ] as const)('dies while it runs: %j', async (behaviour, code, signal) => {
    const qemu = start(behaviour);
    const session = await qemu.qmp();
    const events = recordEvents(session);
    await session.execute('cont');
    expect(await qemu.exited).toMatchObject({ code, signal });
    expect(await session.closed).toMatchObject({ reason: 'peer-closed' });
    expect(events.map(({ event }) => event)).not.toContain('SHUTDOWN');
  });

  it('hangs at the start: no socket, and SIGTERM still ends it', async () => {
    const qemu = start({ hangAt: 'start' });
    await qemu.has('pid');
    await expect(qemu.qmp(100)).rejects.toMatchObject({
      code: 'qemu_timeout',
      details: { stage: 'connect' },
    });
    qemu.child.kill('SIGTERM');
    expect(await qemu.exited).toMatchObject({ code: 0 });
  });

  it.each([
    ['greeting', 'greeting'],
    ['capabilities', 'negotiation'],
  ] as const)('hangs at the %s', async (hangAt, stage) => {
    const qemu = start({ hangAt });
    await qemu.has('qmp.sock');
    await expect(qemu.qmp(300)).rejects.toMatchObject({
      code: 'qemu_timeout',
      details: { stage },
    });
  });

  it.each(['cont', 'quit'] as const)('hangs at %s and answers everything else', async (hangAt) => {
    const session = await start({ hangAt }).qmp();
    await expect(session.execute(hangAt, undefined, { deadlineMs: 30 })).rejects.toMatchObject({
      code: 'qemu_timeout',
    });
    expect(await session.execute('query-status')).toMatchObject({ status: 'prelaunch' });
  });

  it('ignores power button, agent, quit and SIGTERM; SIGKILL ends it', async () => {
    const qemu = start({ ignorePowerdown: true, ignoreQuit: true, ignoreSigterm: true });
    const session = await qemu.qmp();
    const events = recordEvents(session);
    const agent = qemu.read('agent');
    await session.execute('cont');
    await agent.until('hello 1');
    agent.socket.write('poweroff\n');
    await session.execute('system_powerdown');
    await session.execute('quit');
    qemu.child.kill('SIGTERM');
    expect(await session.execute('query-status')).toEqual({ status: 'running', running: true });
    qemu.child.kill('SIGKILL');
    expect(await qemu.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
    await session.closed;
    expect(events.map(({ event }) => event)).toEqual(['RESUME', 'VSERPORT_CHANGE', 'POWERDOWN']);
    expect(existsSync(qemu.file('qmp.sock'))).toBe(true); // left behind, as by the real one
  });

  it('writes byte by byte', async () => {
    const qemu = start({ splitUtf8: true });
    const session = await qemu.qmp();
    expect(session.greeting.version.package).toBe('fake ñandú 🐦');
    const console = qemu.read('console');
    await session.execute('query-chardev'); // the console's client is connected by now
    await session.execute('cont');
    await console.until('nandu: ready uptime=0.20\r\n/ # ');
    expect(console.text).toContain('ñandú 🐦');
    expect(console.reads).toBeGreaterThan(2); // a reader that is starved gets several at once
    await session.execute('quit');
    expect(await qemu.exited).toMatchObject({ code: 0 });
  });

  it('floods at the pace of its reader, with the monitor alive', async () => {
    const floodBytes = 20_000_000;
    const qemu = start({ floodBytes });
    const session = await qemu.qmp();
    const console = qemu.read('console');
    await session.execute('query-status');
    console.socket.pause();
    await session.execute('cont');
    expect(await session.execute('query-status')).toMatchObject({ running: true });
    const ready = nextEvent(session, 'VSERPORT_CHANGE');
    console.socket.resume();
    await Promise.all([ready, console.untilBytes(floodBytes)]);
  });

  it('is never ready, or has no agent', async () => {
    for (const [behaviour, last, never] of [
      [{ neverReady: true }, 'user space uptime=0.10\r\n', 'ready'],
      [{ noAgent: true }, '/ # ', 'VSERPORT'],
    ] as const) {
      const qemu = start(behaviour);
      const session = await qemu.qmp();
      const events = recordEvents(session);
      const console = qemu.read('console');
      await session.execute('query-chardev');
      await session.execute('cont');
      await console.until(last);
      console.socket.write('still here');
      await console.until('still here');
      expect([console.text, ...events.map(({ event }) => event)].join()).not.toContain(never);
      await qemu.dispose();
    }
  });

  it('panics', async () => {
    const qemu = start({ panic: { afterMs: 0 } });
    const session = await qemu.qmp();
    const events = recordEvents(session);
    await session.execute('cont');
    await session.closed;
    expect(await qemu.exited).toMatchObject({ code: 0, signal: null });
    expect(events.filter(({ event }) => event !== 'VSERPORT_CHANGE')).toMatchObject([
      { event: 'RESUME' },
      { event: 'GUEST_PANICKED', data: { action: 'poweroff' } },
      { event: 'SHUTDOWN', data: { guest: true, reason: 'guest-panic' } },
    ]);
    expect(readFileSync(qemu.file('console.log'), 'utf8')).toContain('Kernel panic - not syncing');
  });

  it('is somebody else', async () => {
    const qemu = start({ wrongUuid: true });
    const { UUID } = await (await qemu.qmp()).execute('query-uuid');
    expect(UUID).toMatch(/^[0-9a-f-]{36}$/);
    expect(UUID).not.toBe(qemu.uuid);
  });

  it('speaks garbage: at once, or while it runs', async () => {
    await expect(start({ garbageQmp: true }).qmp()).rejects.toMatchObject({
      code: 'qmp_failed',
      details: { stage: 'greeting' },
    });
    await fake?.dispose();
    const session = await start({ garbageQmp: 'after-cont' }).qmp();
    await session.execute('cont');
    expect(await session.closed).toMatchObject({ reason: 'protocol-error' });
  });

  it('hangs up on the monitor and lives on', async () => {
    const qemu = start({ closeQmpAfterMs: 0 });
    const session = await qemu.qmp();
    expect(await session.closed).toMatchObject({ reason: 'peer-closed' });
    expect(qemu.child.exitCode).toBeNull();
    expect((await qemu.qmp()).greeting.capabilities).toEqual(['oob']);
  });
});
