import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { failureOf, useScriptedSession } from '../../../test/fakes/scripted-session.ts';

const current = useScriptedSession();

describe('QmpSession commands', () => {
  it('sends what the command table says and parses what comes back', async () => {
    const work = Promise.all([
      current.session.execute('query-status'),
      current.session.execute('qom-get', { path: '/machine', property: 'type' }),
      current.session.execute('cont', undefined, { deadlineMs: 1000 }),
      current.session.executeRaw('query-balloon', { deep: [1] }),
    ]);
    const sent = [];
    for (let index = 0; index < 4; index += 1) sent.push(await current.peer.command());
    expect(sent.map(({ id: _id, ...rest }) => rest)).toEqual([
      { execute: 'query-status' },
      { execute: 'qom-get', arguments: { path: '/machine', property: 'type' } },
      { execute: 'cont' },
      { execute: 'query-balloon', arguments: { deep: [1] } },
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
    const values = [{ status: 'paused', running: false, singlestep: false }, 'none', {}, { a: 1 }];
    current.peer.send(...sent.map(({ id }, index) => ({ return: values[index], id })));
    expect(await work).toEqual([{ status: 'paused', running: false }, 'none', undefined, { a: 1 }]);
  });

  it('matches replies by id, in any order, with strangers and events between', async () => {
    const events: string[] = [];
    current.session.onEvent(({ event }) => events.push(event));
    const first = current.session.executeRaw('first');
    const second = failureOf(current.session.executeRaw('second'));
    const [{ id: firstId }, { id: secondId }] = [
      await current.peer.command(),
      await current.peer.command(),
    ];
    current.peer.send(
      { return: 'stranger', id: 'someone-else-1' },
      { event: 'STOP', timestamp: { seconds: 1, microseconds: 2 } },
      { return: 'no id' },
      { error: { class: 'GenericError', desc: 'no id either' } },
      { id: secondId, error: { class: 'CommandNotFound', desc: 'The command second …' } },
      { return: 'number', id: 1 },
      { event: 'RESUME', timestamp: { seconds: 1, microseconds: 3 } },
      { return: 'mine', id: firstId },
      { return: 'twice', id: firstId },
    );
    expect([await first, await second, events]).toMatchObject([
      'mine',
      {
        code: 'qmp_failed',
        details: { command: 'second', class: 'CommandNotFound', desc: 'The command second …' },
      },
      ['STOP', 'RESUME'],
    ]);
  });

  it('refuses an answer of another shape and lives on', async () => {
    const failing = failureOf(current.session.execute('query-uuid'));
    current.peer.send({ return: { uuid: 'lower case' }, id: (await current.peer.command()).id });
    expect(await failing).toMatchObject({ code: 'qmp_failed', details: { command: 'query-uuid' } });
    const working = current.session.execute('query-uuid');
    current.peer.send({ return: { UUID: 'x' }, id: (await current.peer.command()).id });
    expect(await working).toEqual({ UUID: 'x' });
  });

  it('gives up a command at its deadline and drops the late answer', async () => {
    const failing = failureOf(current.session.executeRaw('slow', undefined, { deadlineMs: 20 }));
    const { id } = await current.peer.command();
    expect(await failing).toMatchObject({
      code: 'qemu_timeout',
      message: expect.stringContaining('slow'),
      details: { command: 'slow', deadlineMs: 20 },
    });
    current.peer.send({ return: {}, id });
    const next = current.session.executeRaw('next');
    current.peer.send({ return: 'ok', id: (await current.peer.command()).id });
    expect(await next).toBe('ok');
  });

  it('gives up a command when it is called off, before or after it was sent', async () => {
    const abort = new AbortController();
    const { signal } = abort;
    const failing = failureOf(current.session.execute('stop', undefined, { signal }));
    await current.peer.command();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort.abort();
    const tooLate = failureOf(current.session.execute('stop', undefined, { signal }));
    expect([await failing, await tooLate]).toMatchObject([
      { code: 'cancelled', details: { command: 'stop' } },
      { code: 'cancelled', details: { command: 'stop' } },
    ]);
    expect([getEventListeners(signal, 'abort'), current.peer.unread]).toEqual([[], 0]);
  });

  it('removes its listener from a long-lived signal after every answer', async () => {
    const { signal } = new AbortController();
    for (let index = 0; index < 50; index += 1) {
      const answer = current.session.executeRaw('x', undefined, { signal });
      current.peer.send({ return: index, id: (await current.peer.command()).id });
      expect(await answer).toBe(index);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('rejects for arguments that are not JSON, without sending anything', async () => {
    expect(await failureOf(current.session.executeRaw('x', { n: 1n }))).toBeInstanceOf(TypeError);
    expect(current.peer.unread).toBe(0);
  });

  it('respects back-pressure and does not send what was called off before its turn', async () => {
    current.peer.socket.pause();
    const filler = 'x'.repeat(64 * 1024);
    const kept: Promise<unknown>[] = [];
    for (let index = 0; index < 60; index += 1)
      kept.push(current.session.executeRaw('fill', { filler }));
    const abort = new AbortController();
    const failing = failureOf(current.session.executeRaw('dropped', {}, { signal: abort.signal }));
    const last = current.session.executeRaw('last');
    abort.abort();
    expect(await failing).toMatchObject({ code: 'cancelled' });
    current.peer.socket.resume();
    const names: string[] = [];
    for (let index = 0; index < 61; index += 1) {
      const { execute, id } = await current.peer.command();
      names.push(execute);
      current.peer.send({ return: index, id });
    }
    expect(names).toEqual([...Array<string>(60).fill('fill'), 'last']);
    expect(await Promise.all([...kept, last])).toHaveLength(61);
  });

  it(
    'answers 20,000 pipelined commands through random cuts with events between',
    { timeout: 120_000 },
    async () => {
      const total = process.env['NANDU_SOAK'] === '1' ? 200_000 : 20_000;
      let events = 0;
      current.session.onEvent(() => (events += 1));
      const serve = (async () => {
        let text = '';
        for (let index = 0; index < total; index += 1) {
          const { id } = await current.peer.command();
          text += `{"event":"ñ","data":{"n":${index}}}\r\n{"return":${index},"id":"${String(id)}"}\r\n`;
          if (text.length < 3000 && index !== total - 1) continue;
          const cut = (index * 7919) % text.length;
          const bytes = Buffer.from(text);
          current.peer.socket.write(bytes.subarray(0, cut));
          current.peer.socket.write(bytes.subarray(cut));
          text = '';
        }
      })();
      const limits = { deadlineMs: 60_000 };
      const answers = await Promise.all(
        Array.from({ length: total }, () => current.session.executeRaw('x', undefined, limits)),
      );
      await serve;
      expect(answers.every((value, index) => value === index)).toBe(true);
      expect(events).toBe(total);
    },
  );
});
