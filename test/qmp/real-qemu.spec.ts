/**
 * The QMP room against a real QEMU, without a guest.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectWithRetry, QmpSession, type QmpEvent } from '../../src/main/qmp/index.ts';

it('greets, answers, tells of STOP and RESUME, keeps others waiting, and quits', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nandu-real-qmp-'));
  const path = join(folder, 'qmp.sock');
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ...['-M', 'none', '-display', 'none', '-nodefaults', '-S'],
      ...['-qmp', `unix:${path},server=on,wait=off`],
    ],
    { stdio: 'ignore' },
  );
  const exited = once(qemu, 'exit');
  try {
    const session = await connectWithRetry(path, { deadlineMs: 20_000 });
    const events: QmpEvent[] = [];
    session.onEvent((event) => events.push(event));

    const version = await session.execute('query-version');
    expect(version).toEqual(session.greeting.version);
    expect(version.qemu.major).toBeGreaterThanOrEqual(5);
    expect(await session.execute('query-status')).toEqual({ status: 'prelaunch', running: false });
    expect(await session.execute('query-uuid')).toEqual({
      UUID: '00000000-0000-0000-0000-000000000000',
    });
    expect((await session.execute('query-commands')).map(({ name }) => name)).toContain('quit');
    expect(await session.execute('query-chardev')).toMatchObject([{ 'frontend-open': true }]);
    expect(await session.execute('qom-get', { path: '/machine', property: 'type' })).toBe(
      'none-machine',
    );
    await expect(session.executeRaw('no-such-command')).rejects.toMatchObject({
      code: 'qmp_failed',
      details: { command: 'no-such-command', class: 'CommandNotFound' },
    });
    await expect(
      session.execute('qom-set', { path: '/machine', property: 'type', value: 'x' }),
    ).rejects.toMatchObject({ code: 'qmp_failed', details: { class: 'GenericError' } });

    await expect(QmpSession.connect(path, { deadlineMs: 100 })).rejects.toMatchObject({
      code: 'qemu_timeout',
      message: expect.stringContaining('another program'),
      details: { stage: 'greeting' },
    });

    const before = Date.now();
    await session.execute('cont');
    await session.execute('stop');
    await session.execute('system_reset');
    await session.execute('system_powerdown');
    await session.execute('quit');
    expect(await session.closed).toEqual({ reason: 'peer-closed', error: null });
    expect(await exited).toEqual([0, null]);
    expect(events.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['RESUME', 'STOP', 'RESET', 'POWERDOWN', 'SHUTDOWN']),
    );
    expect(events.at(-1)?.data).toEqual({ guest: false, reason: 'host-qmp-quit' });
    for (const { timestampMs } of events) {
      expect(Math.abs((timestampMs ?? 0) - before)).toBeLessThan(20_000);
    }
  } finally {
    qemu.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  }
}, 40_000);
