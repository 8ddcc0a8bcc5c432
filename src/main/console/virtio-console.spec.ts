import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { consoleReplayBytes } from '../../shared/index.ts';
import { ViewRecorder } from '../../../test/support/view-recorder.ts';
import { ConsoleHub } from './console-hub.ts';
import { rotateLog, type LogReader } from './log-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'nandu-virtio-console-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
afterEach(() => void vi.useRealTimers());

describe('a virtio console', () => {
  /** A console that follows a log, and what QEMU does to both of its ends. */
  function followed(name: string, before = '') {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'performance'] });
    const path = join(folder, name);
    writeFileSync(path, before);
    const socket = new PassThrough();
    const hub = new ConsoleHub();
    const problems: unknown[] = [];
    const log = { path, from: before.length };
    void hub.attach(socket as unknown as Socket, {
      ...{ accelerator: 'kvm', log, onOutput: () => undefined },
      onProblem: (error) => problems.push(error),
    });
    const view = new ViewRecorder();
    const handle = hub.open(view);
    return {
      ...{ hub, view, handle, problems, path },
      sends: (data: string): boolean => socket.emit('data', Buffer.from(data)),
      logs: (data: string): void => appendFileSync(path, data),
      rests: () => vi.advanceTimersByTimeAsync(5000),
      ends: (): boolean => socket.emit('close'),
    };
  }

  it('shows what its socket lacked, in its place and as soon as the socket has more', () => {
    const { view, sends, logs } = followed('lacked.log');
    logs('one\n');
    sends('one\n');
    logs('two, dropped\nthree\n');
    vi.advanceTimersByTime(20);
    sends('three\n');
    vi.advanceTimersByTime(50);
    expect(view.shown).toBe('one\ntwo, dropped\nthree\n');
  });

  it('shows what came to the log last, though no socket tells of it', async () => {
    const { view, sends, logs, rests } = followed('last.log');
    sends('one\n');
    logs('one\n');
    vi.advanceTimersByTime(100);
    logs('dropped');
    await rests();
    expect(view.shown).toBe('one\ndropped');
  });

  it('looks again a quarter of a second after each rest, not only after the first', async () => {
    const { view, sends, logs } = followed('rests.log');
    for (const word of ['one', 'two']) {
      logs(`${word}\n`);
      sends(`${word}\n`);
      await vi.advanceTimersByTimeAsync(300);
      logs(`${word}, dropped\n`);
      await vi.advanceTimersByTimeAsync(word === 'one' ? 800 : 0);
    }
    logs('three\n');
    sends('three\n');
    await vi.advanceTimersByTimeAsync(100);
    logs('logged late\n');
    await vi.advanceTimersByTimeAsync(200);
    expect(view.shown).toBe('one\none, dropped\ntwo\ntwo, dropped\nthree\nlogged late\n');
  });

  it('shows an echo that is logged right after it was sent', () => {
    const { view, sends, logs } = followed('echo.log');
    sends('q');
    expect(view.shown).toBe('');
    logs('q');
    vi.advanceTimersByTime(1);
    expect(view.shown).toBe('q');
  });

  it('shows a flood once and whole, though much of it was dropped', async () => {
    const { view, handle, sends, logs, rests } = followed('flood.log');
    const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} of a flood\n`);
    for (let at = 0; at < lines.length; at += 500) {
      const part = lines.slice(at, at + 500).join('');
      logs(part);
      if (at % 2000 !== 0) sends(part);
      vi.advanceTimersByTime(1);
      const last = view.messages.at(-1);
      if (last && 'data' in last) handle.acknowledge(last.data.byteLength);
    }
    await rests();
    expect(view.count('replay')).toBe(1); // the one that opened it
    expect(view.shown).toBe(lines.join(''));
  });

  it('goes on where its log was rotated', async () => {
    const { hub, view, sends, logs, rests, path } = followed('rotated.log');
    logs('before\n');
    sends('before\n');
    vi.advanceTimersByTime(100);
    logs('just before\n');
    const after = 'after it, and longer than all that was before\n';
    const reader: LogReader = {
      catchUp: () => hub.catchUp(),
      emptied: (emptied) => {
        hub.emptied('another');
        hub.emptied(emptied);
        logs(after);
      },
    };
    expect(await rotateLog(path, 5, reader)).toBe(true);
    sends(`just before\n${after}`);
    await rests();
    expect(view.shown).toBe(`before\njust before\n${after}`);
  });

  it('goes on where another’s log was rotated, of a run that has ended', async () => {
    const { hub, view, sends, logs, rests } = followed('new-run.log');
    logs('one\n');
    sends('one\n');
    vi.advanceTimersByTime(100);
    hub.emptied(join(folder, 'old-run.log'));
    logs('two\n');
    sends('two\n');
    await rests();
    expect(view.shown).toBe('one\ntwo\n');
  });

  it('takes what was lost right when its log was emptied for no full disk', async () => {
    const { hub, view, problems, sends, logs, rests, path } = followed('cut.log');
    logs('before\n');
    sends('before\n');
    hub.catchUp();
    truncateSync(path);
    hub.emptied(path);
    sends('lost\n');
    await rests();
    logs('after, dropped\n');
    sends('after\n');
    await rests();
    expect(view.shown).toBe('before\nafter, dropped\n');
    expect(problems).toEqual([]);
  });

  const fullDisk = [
    expect.objectContaining({ message: expect.stringContaining('disk full') as string }),
  ];

  it('goes on by its socket where the log stops growing, as on a full disk', async () => {
    const { hub, view, problems, sends, logs, rests, path } = followed('full.log');
    await rotateLog(path, 0, hub); // nothing is lost, nothing to be forgiven later
    logs('logged, dropped\n');
    sends('logged\n');
    await rests(); // what was dropped does not hide what the log lacks from now on
    logs('half');
    sends('half of it\n');
    await rests();
    sends('more\n');
    await rests();
    expect(view.shown).toBe('logged, dropped\nhalf of it\nmore\n');
    expect(problems).toEqual(fullDisk);
  });

  it('does so as well where much was dropped and its guest never rests', async () => {
    const { view, problems, sends, logs } = followed('restless.log');
    logs('dropped\n'.repeat(1_000));
    for (let line = 0; line < 150; line += 1) {
      sends(`line ${line}\n`);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(view.shown).toContain('line 148\nline 149\n');
    expect(problems).toEqual(fullDisk);
  });

  it('waits for a slow disk, also after a flood', async () => {
    const { view, problems, sends, logs, rests } = followed('slow.log');
    logs('dropped\n');
    sends('/ # ');
    vi.advanceTimersByTime(1_400);
    logs('/ # ');
    await rests();
    expect(view.shown).toBe('dropped\n/ # ');
    expect(problems).toEqual([]);
  });

  it('shows the end alone of what came while this process stood still', () => {
    const { hub, view, handle, sends, logs } = followed('long.log');
    sends('first\n');
    logs('first\n');
    vi.advanceTimersByTime(100);
    handle.acknowledge(6);
    logs(`${'x'.repeat(1023)}\n`.repeat(17 * 1024));
    sends('x\n');
    vi.advanceTimersByTime(100);
    expect(view.messages.map(({ type }) => type)).toEqual(['replay', 'state', 'data', 'replay']);
    const last = view.messages.at(-1);
    expect(last).toMatchObject({ truncated: true });
    expect(last && 'data' in last && last.data.byteLength).toBe(consoleReplayBytes - 1024);
    expect(hub.receivedBytes).toBe(6 + 17 * 1024 * 1024);
  });

  it('shows what QEMU sent but was killed before it logged', () => {
    const { view, problems, sends, logs, ends } = followed('killed.log');
    logs('one\n');
    sends('one\n');
    sends('last words');
    ends();
    expect(view.shown).toBe('one\nlast words');
    expect(problems).toEqual([]);
  });

  it('shows an adopted one’s past up to where its socket begins', async () => {
    const { view, sends, logs, rests } = followed('adopted.log', 'the past\n');
    expect(view.shown).toBe('the past\n');
    logs('between\nnow\n');
    sends('now\n');
    await rests();
    expect(view.shown).toBe('the past\nbetween\nnow\n');
  });

  it('says that its log is not there, and goes on by its socket', () => {
    const problems: unknown[] = [];
    const socket = new PassThrough();
    const hub = new ConsoleHub();
    const log = { path: join(folder, 'gone', 'console.log'), from: 0 };
    void hub.attach(socket as unknown as Socket, {
      ...{ accelerator: 'kvm', log, onOutput: () => undefined },
      onProblem: (error) => problems.push(error),
    });
    const view = new ViewRecorder();
    hub.open(view);
    socket.emit('data', Buffer.from('here'));
    expect(view.shown).toBe('here');
    expect(problems).toEqual([expect.objectContaining({ code: 'ENOENT' })]);
  });
});
