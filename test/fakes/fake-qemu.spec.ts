import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connectWithRetry, type QmpSession } from '../../src/main/qmp/index.ts';
import {
  FakeQemu,
  fakeQemuEnvironment,
  fakeQemuPath,
  nextEvent,
  recordEvents,
} from './fake-qemu.ts';

// Each test starts a process or two, on a machine that may be busy with real ones.
vi.setConfig({ testTimeout: 30_000 });

let fake: FakeQemu | null = null;
afterEach(async () => {
  await fake?.dispose();
  fake = null;
});

function start(): FakeQemu {
  fake = new FakeQemu();
  return fake;
}

const run = (args: string[], env: Record<string, string> = {}): unknown[] => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fakeQemuPath, ...args], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 10_000,
  });
  return [status, stdout.split('\n')[0], stderr.trim()];
};

describe('fake QEMU', () => {
  it('says its version and refuses what QEMU refuses', () => {
    const executed = spawnSync(fakeQemuPath, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    expect([
      executed.stdout.split('\n')[0],
      run(['-version'], fakeQemuEnvironment({ version: '4.1.0' })),
      run(['-foo']),
      run(['-uuid', 'abc']),
      run(['-serial', 'chardev:nope']),
      run([], { NANDU_FAKE_QEMU: '{"dieat":"start"}' }),
      run([], { NANDU_FAKE_QEMU: '{"dieAt":"lunch"}' }),
      run([], { NANDU_FAKE_QEMU: '{' })[0],
    ]).toEqual([
      'QEMU emulator version 7.2.22 (fake)',
      [0, 'QEMU emulator version 4.1.0 (fake)', ''],
      [1, '', 'qemu-system-x86_64: -foo: invalid option'],
      [1, '', 'qemu-system-x86_64: -uuid abc: failed to parse UUID string: wrong format'],
      [1, '', 'qemu-system-x86_64: -serial chardev:nope: chardev "nope" not found'],
      [64, '', 'qemu-system-x86_64: NANDU_FAKE_QEMU: unknown switch "dieat"'],
      [64, '', 'qemu-system-x86_64: NANDU_FAKE_QEMU: "dieAt" may not be "lunch"'],
      64,
    ]);
  });

  it('boots after cont, echoes, greets as an agent, pauses, and quits cleanly', async () => {
    const qemu = start();
    const session = await qemu.qmp();
    const events = recordEvents(session);
    const console = qemu.read('console');
    const agent = qemu.read('agent');
    expect(await session.execute('query-status')).toEqual({ status: 'prelaunch', running: false });
    expect(await session.execute('query-uuid')).toEqual({ UUID: qemu.uuid });
    expect(await session.execute('query-version')).toEqual(session.greeting.version);
    const labels = (await session.execute('query-chardev')).map(({ label }) => label);
    expect(labels).toEqual(['console', 'agent', 'qmp']);

    const opened = nextEvent(session, 'VSERPORT_CHANGE');
    await session.execute('cont');
    expect(await opened).toMatchObject({ data: { id: 'agent0', open: true } });
    await console.until('nandu: ready uptime=0.20\r\n/ # ');
    expect(console.text).toMatch(/ñandú 🐦\r\nnandu: user space uptime=0.10\r\nnandu: ready/);
    await agent.until('hello 1 0.20\n');
    console.socket.write('echo ñ\r');
    await console.until('echo ñ\r\n/ # ');
    expect(readFileSync(qemu.file('console.log'), 'utf8')).toBe(console.text);
    expect(readFileSync(qemu.file('trace.log'), 'utf8')).toMatch(
      /^\d+@\d+\.\d{6}:runstate_set .*\n(.*\n)*.*virtio_set_status vdev \S+ val 7\n$/,
    );

    await session.execute('stop');
    console.socket.write('held');
    expect(await session.execute('query-status')).toEqual({ status: 'paused', running: false });
    expect(console.text).not.toContain('held');
    await session.execute('cont');
    await console.until('held');

    await session.execute('quit');
    expect(await session.closed).toEqual({ reason: 'peer-closed', error: null });
    expect(await qemu.exited).toEqual({ code: 0, signal: null, stderr: '' });
    expect(events.map(({ event, data }) => [event, data])).toEqual([
      ['RESUME', {}],
      ['VSERPORT_CHANGE', { open: true, id: 'agent0' }],
      ['STOP', {}],
      ['RESUME', {}],
      ['SHUTDOWN', { guest: false, reason: 'host-qmp-quit' }],
    ]);
    expect(Math.abs((events[0]?.timestampMs ?? 0) - Date.now())).toBeLessThan(60_000);
    const left = ['qmp', 'console', 'agent'].filter((id) => existsSync(qemu.file(`${id}.sock`)));
    expect(left).toEqual([]);
  });

  it('serves one monitor client at a time, and the next one when it leaves', async () => {
    const qemu = start();
    const first = await qemu.qmp();
    const waiting = qemu.qmp(200);
    await expect(waiting).rejects.toMatchObject({ details: { stage: 'greeting' } });
    first.close();
    const second = await qemu.qmp();
    expect((await second.execute('query-uuid')).UUID).toBe(qemu.uuid);
  });

  it.each([
    ['the power button', (session: QmpSession) => session.execute('system_powerdown')],
    ['the agent', () => Promise.resolve(void fake?.read('agent').socket.write('poweroff\n'))],
  ])('shuts down when %s asks the guest', async (_name, ask) => {
    const qemu = start();
    const session = await qemu.qmp();
    const over = nextEvent(session, 'SHUTDOWN');
    const ready = nextEvent(session, 'VSERPORT_CHANGE');
    await session.execute('cont');
    await ready;
    await ask(session);
    expect((await over).data).toEqual({ guest: true, reason: 'guest-shutdown' });
    expect(await qemu.exited).toMatchObject({ code: 0 });
  });

  it('ends on SIGTERM as QEMU does', async () => {
    const qemu = start();
    const session = await qemu.qmp();
    const over = nextEvent(session, 'SHUTDOWN');
    qemu.child.kill('SIGTERM');
    expect((await over).data).toEqual({ guest: false, reason: 'host-signal' });
    expect(await qemu.exited).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('terminating on signal 15'),
    });
  });

  it('understands -qmp unix:, and -serial stdio without -S', async () => {
    const path = `/tmp/nandu-fake-${process.pid}.sock`;
    const child = spawn(
      process.execPath,
      [fakeQemuPath, '-qmp', `unix:${path},server=on,wait=off`, '-serial', 'stdio'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const exited = new Promise((resolve) => child.once('close', resolve));
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    try {
      const session = await connectWithRetry(path, { deadlineMs: 10_000 });
      expect((await session.execute('query-status')).running).toBe(true);
      while (!output.includes('nandu: ready')) {
        await new Promise((resolve) => child.stdout.once('data', resolve));
      }
      await session.execute('quit');
      expect(await exited).toBe(0);
      expect(existsSync(path)).toBe(false);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
