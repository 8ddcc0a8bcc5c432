import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { greetingLine, ScriptedMonitor } from '../../../test/fakes/scripted-monitor.ts';
import { failureOf } from '../../../test/fakes/scripted-session.ts';
import { connectWithRetry } from './connect-with-retry.ts';
import { QmpSession } from './session.ts';

const nowhere = join(tmpdir(), `nandu-nowhere-${process.pid}.sock`);
/** Descriptors of sockets this process holds as a client. */
const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
const timers = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('QmpSession.connect', () => {
  let monitor: ScriptedMonitor;
  let socketsBefore: number;
  beforeEach(async () => {
    socketsBefore = sockets();
    monitor = await ScriptedMonitor.listen();
  });
  afterEach(async () => {
    await monitor.close();
    expect(sockets()).toBeLessThanOrEqual(socketsBefore);
  });

  it('greets, negotiates and says what it was greeted with', async () => {
    const accepted = monitor.peer();
    const connecting = QmpSession.connect(monitor.path);
    const peer = await accepted;
    peer.socket.write(greetingLine);
    const negotiation = await peer.command();
    expect(negotiation).toEqual({ execute: 'qmp_capabilities', id: expect.any(String) });
    peer.send({ return: {}, id: negotiation.id });
    const session = await connecting;
    expect(session.greeting).toEqual({
      version: { qemu: { major: 7, minor: 2, micro: 22 }, package: '' },
      capabilities: ['oob'],
    });
    session.close();
    session.close();
    expect(await session.closed).toEqual({ reason: 'closed-by-us', error: null });
  });

  it('names the stage when nothing is there, or the path cannot be', async () => {
    const missing = await failureOf(QmpSession.connect(nowhere));
    const tooLong = await failureOf(QmpSession.connect(`/tmp/${'x'.repeat(110)}`));
    expect([missing, tooLong]).toMatchObject([
      { code: 'qmp_failed', details: { stage: 'connect', path: nowhere, errno: 'ENOENT' } },
      {
        code: 'qmp_failed',
        message: expect.stringContaining('107 bytes'),
        details: { stage: 'connect' },
      },
    ]);
  });

  it('says that another program may be connected when nobody greets', async () => {
    const accepted = monitor.peer();
    const failing = failureOf(QmpSession.connect(monitor.path, { deadlineMs: 30 }));
    const hungUp = once((await accepted).socket, 'close');
    expect(await failing).toMatchObject({
      code: 'qemu_timeout',
      message: expect.stringContaining(
        "another program may be connected to this machine's monitor",
      ),
      details: { stage: 'greeting', deadlineMs: 30 },
    });
    await hungUp; // the server sees the descriptor go
  });

  it.each([
    ['not JSON', 'SSH-2.0-OpenSSH_9.2\r\n', /not JSON/],
    ['no greeting', '{"event":"RESUME"}\n', /does not greet/],
    ['a greeting of another shape', '{"QMP":{"version":"7.2"}}\n', /does not greet/],
    ['half a greeting', greetingLine.slice(0, 40), /within a message/],
    ['nothing', '', /closed the connection/],
  ])('fails at the greeting with %s', async (_name, text, words) => {
    const accepted = monitor.peer();
    const failing = failureOf(QmpSession.connect(monitor.path));
    (await accepted).socket.end(text);
    expect(await failing).toMatchObject({
      code: 'qmp_failed',
      message: expect.stringMatching(words),
      details: { stage: 'greeting' },
    });
  });

  it('fails at the negotiation: refused, cut off, silent, called off', async () => {
    const attempts = [
      { act: 'refuse', options: {} },
      { act: 'hang up', options: {} },
      { act: 'nothing', options: { deadlineMs: 40 } },
      { act: 'abort', options: {} },
    ] as const;
    const failures: unknown[] = [];
    for (const { act, options } of attempts) {
      const abort = new AbortController();
      const accepted = monitor.peer();
      const connecting = QmpSession.connect(monitor.path, { ...options, signal: abort.signal });
      const failing = failureOf(connecting);
      const peer = await accepted;
      peer.socket.write(greetingLine);
      const { id } = await peer.command();
      if (act === 'refuse') peer.send({ id, error: { class: 'GenericError', desc: 'no' } });
      if (act === 'hang up') peer.socket.destroy();
      if (act === 'abort') abort.abort();
      failures.push(await failing);
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
    }
    const stage = 'negotiation';
    expect(failures).toMatchObject([
      { code: 'qmp_failed', details: { stage, class: 'GenericError', desc: 'no' } },
      { code: 'qmp_failed', details: { stage, reason: 'peer-closed' } },
      { code: 'qemu_timeout', details: { stage, deadlineMs: 40 } },
      { code: 'cancelled', details: { stage } },
    ]);
  });

  it('is called off at once by a signal that fired before', async () => {
    const options = { signal: AbortSignal.abort() };
    expect(await failureOf(QmpSession.connect(monitor.path, options))).toMatchObject({
      code: 'cancelled',
      details: { stage: 'connect' },
    });
  });

  it('leaves no timer and no listener behind', async () => {
    const abort = new AbortController();
    const timersBefore = timers();
    for (let index = 0; index < 25; index += 1) {
      const accepted = monitor.peer();
      const connecting = QmpSession.connect(monitor.path, {
        signal: abort.signal,
        deadlineMs: 60_000,
      });
      await (await accepted).negotiate();
      const session = await connecting;
      expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
      session.close();
      await session.closed;
    }
    expect(timers()).toBeLessThanOrEqual(timersBefore);
  });
});

describe('connectWithRetry', () => {
  it('waits for the socket to appear', async () => {
    const path = join(tmpdir(), `nandu-late-${process.pid}.sock`);
    const connecting = connectWithRetry(path, { deadlineMs: 5_000 });
    const server = createServer((socket) => {
      socket.write(greetingLine);
      socket.once('data', (data: Buffer) => {
        const { id } = JSON.parse(data.toString()) as { id: string };
        socket.write(`${JSON.stringify({ return: {}, id })}\r\n`);
      });
    });
    // Late on purpose: the first attempts must fail.
    setTimeout(() => server.listen(path), 15);
    const session = await connecting;
    session.close();
    await session.closed;
    await new Promise((resolve) => server.close(resolve));
  });

  it('gives up at its deadline, and at once when it is called off', async () => {
    const late = await failureOf(connectWithRetry(nowhere, { deadlineMs: 25 }));
    const abort = new AbortController();
    const failing = failureOf(connectWithRetry(nowhere, { signal: abort.signal }));
    setTimeout(() => abort.abort(), 5);
    expect([late, await failing]).toMatchObject([
      { code: 'qemu_timeout', details: { stage: 'connect', path: nowhere, deadlineMs: 25 } },
      { code: 'cancelled', details: { stage: 'connect' } },
    ]);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('does not retry what will not come right', async () => {
    expect(await failureOf(connectWithRetry('/proc/self/status/x.sock'))).toMatchObject({
      code: 'qmp_failed',
      details: { stage: 'connect', errno: 'ENOTDIR' },
    });
  });
});
