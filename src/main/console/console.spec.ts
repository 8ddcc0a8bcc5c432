import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { consoleCreditBytes, consoleReplayBytes } from '../../shared/index.ts';
import { ViewRecorder } from '../../../test/support/view-recorder.ts';
import { ConsoleHub, type ConsoleSource } from './console-hub.ts';
import { plainText } from './plain-text.ts';
import { TailBuffer } from './tail-buffer.ts';

const text = (data: Uint8Array): string => Buffer.from(data).toString();
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));

const folder = mkdtempSync(join(tmpdir(), 'nandu-console-'));
const cleanUp: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const dispose of cleanUp.splice(0)) dispose();
});

/** A pair of connected Unix sockets: the hub's end and QEMU's. */
async function socketPair(): Promise<{ ours: Socket; qemu: Socket }> {
  const path = join(folder, `${Math.random()}.sock`);
  const server = createServer().listen(path);
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const ours = connect(path);
  const qemu = await accepted;
  cleanUp.push(() => {
    ours.destroy();
    qemu.destroy();
    server.close();
  });
  return { ours, qemu };
}

/** A serial line. */
function source(onOutput: ConsoleSource['onOutput'] = () => undefined): ConsoleSource {
  const onProblem = (error: unknown): never => expect.unreachable(String(error));
  return { accelerator: 'kvm', log: null, onOutput, onProblem };
}

describe('TailBuffer', () => {
  it('gives everything back while it fits', () => {
    const tail = new TailBuffer(100);
    tail.push(bytes('one\n'));
    tail.push(bytes('tw'));
    tail.push(bytes('o'));
    expect(text(tail.snapshot().data)).toBe('one\ntwo');
    expect(tail.snapshot().truncated).toBe(false);
  });

  it('drops the oldest and begins at a line’s start', () => {
    const tail = new TailBuffer(20);
    for (let line = 0; line < 100; line += 1) tail.push(bytes(`line ${line}\n`));
    const { data, truncated } = tail.snapshot();
    expect(truncated).toBe(true);
    expect(text(data)).toMatch(/^line \d+\n(line \d+\n)*line 99\n$/);
    expect(data.byteLength).toBeLessThanOrEqual(20);
  });

  it('keeps its order over many tiny chunks', () => {
    const tail = new TailBuffer(1_000_000);
    const all = 'abcdefghij'.repeat(2_000);
    for (const letter of all) tail.push(bytes(letter));
    expect(text(tail.snapshot().data)).toBe(all);
  });
});

describe('ConsoleHub', () => {
  it('shows the past, then what comes, byte for byte, and sends input', async () => {
    const hub = new ConsoleHub();
    const { ours, qemu } = await socketPair();
    let seen = 0;
    const drained = hub.attach(
      ours,
      source((chunk) => (seen += chunk.byteLength)),
    );
    const view = new ViewRecorder();
    const sent = bytes('\x1b[31mGrüße 日本\x1b[0m\r\n');
    const handle = hub.open(view);
    const input = new Promise<string>((resolve) => qemu.once('data', (d) => resolve(d.toString())));
    handle.input('ls\r');
    expect(await input).toBe('ls\r');
    for (const byte of sent) qemu.write(new Uint8Array([byte]));
    qemu.end();
    await drained;
    expect(view.shown).toBe(text(sent));
    expect(seen).toBe(sent.byteLength);
    expect(hub.lastLines(1)).toEqual(['Grüße 日本']);
    const late = new ViewRecorder();
    hub.open(late);
    expect(late.messages).toMatchObject([
      { type: 'replay', truncated: false },
      { type: 'state', connected: false },
    ]);
    expect(late.shown).toBe(text(sent));
  });

  it('drains for a view that never acknowledges, and replays once it does', async () => {
    const hub = new ConsoleHub();
    const { ours, qemu } = await socketPair();
    let drainedBytes = 0;
    const drained = hub.attach(
      ours,
      source((chunk) => (drainedBytes += chunk.byteLength)),
    );
    const view = new ViewRecorder();
    const handle = hub.open(view);
    const line = `${'x'.repeat(1023)}\n`;
    const total = 4 * consoleReplayBytes;
    qemu.end(line.repeat(total / 1024));
    await drained;
    expect(drainedBytes).toBe(total);
    const received = Buffer.byteLength(view.shown);
    expect(received).toBeLessThan(consoleCreditBytes + 128 * 1024);
    expect(view.count('replay')).toBe(1);
    handle.acknowledge(received);
    expect(view.count('replay')).toBe(2);
    expect(view.messages.at(-1)).toMatchObject({ type: 'replay', truncated: true });
  });

  it('shows a prompt as soon as it is there, but not every prompt of a flood', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const qemu = new PassThrough();
    const hub = new ConsoleHub();
    void hub.attach(qemu as unknown as Socket, source());
    const view = new ViewRecorder();
    hub.open(view);
    const comes = (data: string): boolean => qemu.emit('data', Buffer.from(data));
    comes('booted\n');
    vi.advanceTimersByTime(6);
    comes('/ #');
    vi.advanceTimersByTime(3);
    expect(view.shown).toBe('booted\n');
    comes(' ');
    expect(view.shown).toBe('booted\n/ # ');
    const messages = view.messages.length;
    for (let count = 0; count < 1000; count += 1) comes('# ');
    expect(view.messages.length).toBe(messages);
    vi.advanceTimersByTime(20);
    expect(view.shown).toContain('# '.repeat(1000));
    expect(view.messages.length).toBe(messages + 1);
  });

  it('shows a line after a rest at once, as soon as a tick has passed', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const qemu = new PassThrough();
    const hub = new ConsoleHub();
    void hub.attach(qemu as unknown as Socket, source());
    const view = new ViewRecorder();
    hub.open(view);
    qemu.emit('data', Buffer.from('one\n'));
    vi.advanceTimersByTime(20);
    qemu.emit('data', Buffer.from('two\n'));
    expect(view.shown).toBe('one\ntwo\n');
  });

  it('finds the last run’s end in its log, once', () => {
    const hub = new ConsoleHub();
    const log = join(folder, 'console.log');
    writeFileSync(log, 'from the log\n');
    hub.loadOnce(log);
    hub.loadOnce(log);
    hub.loadOnce(join(folder, 'missing.log'));
    const view = new ViewRecorder();
    hub.open(view);
    expect(view.shown).toBe('from the log\n');
    hub.reset();
    const [last] = view.messages.slice(-1);
    expect(last?.type === 'replay' && last.data.byteLength).toBe(0);
  });
});

describe('plainText', () => {
  it('leaves only what can be read', () => {
    expect(plainText('\x1b[1;31mred\x1b[0m \x1b]0;title\x07ok\x07\x1b(B\ttab\r\n')).toBe(
      'red ok\ttab\r\n',
    );
  });
});

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
