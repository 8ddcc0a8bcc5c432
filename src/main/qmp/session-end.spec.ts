import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { failureOf, useScriptedSession } from '../../../test/fakes/scripted-session.ts';
import type { QmpEvent } from './messages.ts';

const current = useScriptedSession();

describe('QmpSession events and end', () => {
  it('parses events: data, and the time in epoch milliseconds with its fraction', async () => {
    const seen: QmpEvent[] = [];
    const done = new Promise<void>((resolve) => {
      current.session.onEvent((event) => {
        seen.push(event);
        if (event.event === 'LAST') resolve();
      });
    });
    current.peer.send(
      { event: 'A', data: { n: 1 }, timestamp: { seconds: 1795493792, microseconds: 673961 } },
      { event: 'B', timestamp: { seconds: -1, microseconds: -1 } },
      { event: 'LAST', unknown: 'member' },
    );
    await done;
    expect(seen).toEqual([
      { event: 'A', data: { n: 1 }, timestampMs: 1795493792673.961 },
      { event: 'B', data: {}, timestampMs: null },
      { event: 'LAST', data: {}, timestampMs: null },
    ]);
  });

  it('keeps what came before the first listener, even past the end', async () => {
    current.peer.send({ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } });
    current.peer.socket.end();
    expect(await current.session.closed).toEqual({ reason: 'peer-closed', error: null });
    const event = await new Promise<QmpEvent>((resolve) => current.session.onEvent(resolve));
    expect(event).toMatchObject({ event: 'SHUTDOWN', data: { reason: 'host-qmp-quit' } });
  });

  it('survives a listener that throws', async () => {
    const defects: unknown[] = [];
    await current.reopen({ onDefect: (error) => defects.push(error) });
    current.session.onEvent(() => {
      throw new Error('mine');
    });
    const second = new Promise<QmpEvent>((resolve) => current.session.onEvent(resolve));
    const answer = current.session.executeRaw('x');
    current.peer.send({ event: 'A' }, { return: 1, id: (await current.peer.command()).id });
    expect([(await second).event, await answer, defects]).toEqual(['A', 1, [new Error('mine')]]);
  });

  it('rejects all that is pending when QEMU hangs up; quit counts as answered', async () => {
    const cont = failureOf(current.session.execute('cont'));
    const raw = failureOf(current.session.executeRaw('query-balloon'));
    const quit = current.session.execute('quit');
    for (let index = 0; index < 3; index += 1) await current.peer.command();
    current.peer.socket.end();
    const details = { reason: 'peer-closed' };
    expect([await cont, await raw, await current.session.closed]).toMatchObject([
      {
        code: 'qmp_failed',
        message: '“cont” got no answer: QEMU closed the connection.',
        details: { ...details, command: 'cont' },
      },
      { code: 'qmp_failed', details: { ...details, command: 'query-balloon' } },
      { reason: 'peer-closed', error: null },
    ]);
    await quit;
    expect(await failureOf(current.session.execute('stop'))).toMatchObject({
      code: 'qmp_failed',
      details: { ...details, command: 'stop' },
    });
  });

  it('takes a peer that left commands unread for one that hung up in order', async () => {
    current.peer.socket.pause();
    const pending = failureOf(current.session.executeRaw('unread'));
    const seen: string[] = [];
    current.session.onEvent(({ event }) => seen.push(event));
    // Data in the receive buffer of a closed Unix socket is ECONNRESET for the other side.
    current.peer.socket.write('{"event":"LAST"}\n', () =>
      setImmediate(() => current.peer.socket.destroy()),
    );
    expect([await current.session.closed, await pending, seen]).toMatchObject([
      { reason: 'peer-closed', error: null },
      { code: 'qmp_failed', details: { command: 'unread', reason: 'peer-closed' } },
      ['LAST'],
    ]);
  });

  it('says so when QEMU was killed in mid-message', async () => {
    current.peer.socket.end('{"event": "SHUT');
    expect(await current.session.closed).toMatchObject({
      reason: 'peer-closed',
      error: { code: 'qmp_failed', message: expect.stringContaining('within a message') },
    });
  });

  it.each([
    ['JSON that is none', '{"return": {}\n'],
    ['an array', '[]\n'],
    ['a second greeting', '{"QMP": {}}\n'],
    ['an error without a class', '{"error": "no"}\n'],
    ['an event whose data is no object', '{"event": "A", "data": 1}\n'],
  ])('ends on %s, after what came before it', async (_name, text) => {
    const events: string[] = [];
    current.session.onEvent(({ event }) => events.push(event));
    const pending = [
      failureOf(current.session.executeRaw('a')),
      failureOf(current.session.execute('quit')),
    ];
    const hungUp = once(current.peer.socket, 'close');
    current.peer.socket.write(`{"event":"BEFORE"}\n${text}{"event":"AFTER"}\n`);
    expect([await Promise.all(pending), await current.session.closed, events]).toMatchObject([
      [
        { code: 'qmp_failed', details: { command: 'a', reason: 'protocol-error' } },
        { code: 'qmp_failed', details: { command: 'quit', reason: 'protocol-error' } },
      ],
      { reason: 'protocol-error', error: { code: 'qmp_failed' } },
      ['BEFORE'],
    ]);
    await hungUp;
  });

  it('ends on a message that is larger than its bound', async () => {
    await current.reopen({ maxMessageBytes: 1000 });
    current.peer.socket.write(`{"return": "${'x'.repeat(1000)}`);
    expect(await current.session.closed).toMatchObject({
      reason: 'protocol-error',
      error: { message: expect.stringContaining('longer than 1000 bytes') },
    });
  });

  it('rejects what is pending when we close, and hands out nothing after', async () => {
    const seen: string[] = [];
    current.session.onEvent(({ event }) => {
      seen.push(event);
      current.session.close();
    });
    const pending = failureOf(current.session.execute('quit'));
    await current.peer.command();
    current.peer.send({ event: 'FIRST' }, { event: 'SECOND' });
    expect([await pending, await current.session.closed, seen]).toMatchObject([
      { code: 'qmp_failed', details: { command: 'quit', reason: 'closed-by-us' } },
      { reason: 'closed-by-us', error: null },
      ['FIRST'],
    ]);
  });
});
