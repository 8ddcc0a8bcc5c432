import { afterEach, beforeEach, expect, it } from 'vitest';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppError } from '../../shared/index.ts';
import { AgentLink, type ContainerListener } from './agent-link.ts';
import { encodeFrame, FrameReader, fromGuest, toGuest, type Frame } from './frames.ts';

let folder: string;
let guest: Socket;
let link: AgentLink;
let told: string[];
let heard: Frame[];

const container: ContainerListener = {
  configuration: () =>
    Promise.resolve([
      ['argument', 'sh'],
      ['user', ''],
    ]),
  started: () => void told.push('started'),
  exited: (code, kills) =>
    void told.push(`exited ${code}${kills === null ? '' : `, ${kills} killed`}`),
  failed: (error) => void told.push(`failed ${error.message}`),
};

beforeEach(async () => {
  told = [];
  heard = [];
  folder = mkdtempSync(join(tmpdir(), 'nandu-agent-'));
  const server = createServer();
  server.listen(join(folder, 'agent.sock'));
  await once(server, 'listening');
  const ours = createConnection(join(folder, 'agent.sock'));
  [guest] = (await once(server, 'connection')) as [Socket];
  server.close();
  const reader = new FrameReader();
  guest.on('data', (chunk: Buffer) => heard.push(...reader.push(chunk)));
  guest.on('error', () => undefined);
  link = new AgentLink(ours, container);
});

afterEach(() => {
  link.close();
  guest.destroy();
  rmSync(folder, { recursive: true, force: true });
});

const types = (): number[] => heard.map(({ type }) => type);
const greet = async (state = 'running'): Promise<void> => {
  guest.write(`left over \0\xff from the last host\nhello 2 1.234 ${state}\n`);
  await expect.poll(() => link.present).toBe(true);
};

it('tells a guest that waits what to run, after what the last host left in the line', async () => {
  await greet('waiting');
  await expect.poll(types).toEqual([toGuest.config, toGuest.run]);
  expect(heard[0]?.payload.toString()).toBe('argument\0sh\0user\0\0');
  expect(link.canRun).toBe(false);
  guest.write(encodeFrame(fromGuest.started, 0));
  await expect.poll(() => told).toEqual(['started']);
  expect(link.canRun).toBe(true);
  guest.write(encodeFrame(fromGuest.exited, 0, Buffer.from([9])));
  await expect.poll(() => told).toEqual(['started', 'exited 9']);
  expect(link.canRun).toBe(false);
});

it('hears how many processes the guest’s kernel killed for want of memory', async () => {
  await greet();
  guest.write(encodeFrame(fromGuest.started, 0));
  guest.write(encodeFrame(fromGuest.exited, 0, Buffer.from([137, 2, 1, 0, 0])));
  await expect.poll(() => told).toEqual(['started', 'exited 137, 258 killed']);
});

it('asks a guest to stop that is met only later, and tells it nothing else', async () => {
  link.powerOff(3_500);
  await greet('waiting');
  await expect.poll(types).toEqual([toGuest.stop]);
  expect(heard[0]?.payload.readUInt32LE()).toBe(3_500);
});

it('asks a guest for its greeting that did not see the last host go, until it greets', async () => {
  link.close();
  const server = createServer();
  server.listen(join(folder, 'again.sock'));
  await once(server, 'listening');
  link = new AgentLink(createConnection(join(folder, 'again.sock')), container, true);
  guest.destroy();
  [guest] = (await once(server, 'connection')) as [Socket];
  server.close();
  const reader = new FrameReader();
  guest.on('data', (chunk: Buffer) => heard.push(...reader.push(chunk)));
  await expect.poll(types, { timeout: 5_000 }).toEqual([toGuest.hello, toGuest.hello]);
  await greet('running');
  expect(told).toEqual(['started']);
});

it('makes a sentence of what failed, whatever the guest wrote there', async () => {
  await greet('waiting');
  const nonsense = Buffer.from('stage\0constructor\0errno\0NaN\0detail\0\x1b[31m<b>\nred\0');
  guest.write(encodeFrame(fromGuest.failed, 0, nonsense));
  await expect.poll(() => told).toHaveLength(1);
  expect(told[0]).toMatch(/^failed The container could not be set up \(constructor/);
  // eslint-disable-next-line no-control-regex -- that there is none is what is tested
  expect(told[0]).not.toMatch(/[\x00-\x1f]/);
});

it('hangs up on a guest that speaks no frames, and ends what was open in it', async () => {
  await greet();
  const ends: (AppError | null)[] = [];
  link.open({ words: ['true'], terminal: null }, 1000, {
    output: () => undefined,
    ended: (_code, error) => void ends.push(error),
  });
  guest.write(Buffer.alloc(64, 0xff));
  await expect.poll(() => ends).toHaveLength(1);
  expect(ends[0]?.message).toContain('ended');
  expect(link.present).toBe(false);
});

it('hangs up on a guest that sends more than was welcome', async () => {
  await greet();
  let bytes = 0;
  const ends: (AppError | null)[] = [];
  link.open({ words: ['yes'], terminal: null }, 1000, {
    output: (data) => void (bytes += data.byteLength),
    ended: (_code, error) => void ends.push(error),
  });
  for (let n = 0; n < 100; n += 1) guest.write(encodeFrame(fromGuest.output, 1, Buffer.alloc(600)));
  await expect.poll(() => ends).toHaveLength(1);
  expect(bytes).toBe(600);
  expect(link.present).toBe(false);
});

it('is told once that the command runs and once that it ended, however often the guest says so', async () => {
  await greet('waiting');
  const often = (frame: Buffer): Buffer => Buffer.concat(Array.from({ length: 1000 }, () => frame));
  guest.write(often(encodeFrame(fromGuest.started, 0)));
  guest.write(often(encodeFrame(fromGuest.exited, 0, Buffer.from([3]))));
  guest.write(often(encodeFrame(fromGuest.started, 0)));
  guest.write(often(encodeFrame(fromGuest.failed, 0)));
  await expect.poll(() => told.length).toBeGreaterThan(1);
  expect(told).toEqual(['started', 'exited 3']);
  expect(link.canRun).toBe(false);
});

it('goes on with an agent that greets once more, without what was open before', async () => {
  await greet();
  const ends: (AppError | null)[] = [];
  const listener = {
    output: (): void => undefined,
    ended: (_code: number | null, error: AppError | null): void => void ends.push(error),
  };
  link.open({ words: [], terminal: { columns: 80, rows: 24 } }, 1000, listener);
  const again = Buffer.from('\nhello 2 3.000 running\n');
  guest.write(again.subarray(0, 12));
  await expect.poll(() => ends).toHaveLength(1);
  guest.write(again.subarray(12));
  await expect.poll(() => link.canRun).toBe(true);
  const session = link.open({ words: ['b'], terminal: null }, 1000, listener);
  guest.write(encodeFrame(fromGuest.exited, session.id, Buffer.from([0])));
  await expect.poll(() => ends).toHaveLength(2);
  expect(told).toEqual(['started']);
});

it('sends the stop however much waits before it', async () => {
  await greet();
  const listener = { output: (): void => undefined, ended: (): void => undefined };
  guest.pause();
  for (let n = 0; n < 8; n += 1) {
    link.open({ words: ['cat'], terminal: null }, 1000, listener).write(Buffer.alloc(65_536));
  }
  link.powerOff(1_000);
  guest.resume();
  await expect.poll(types).toContain(toGuest.stop);
});

it('refuses a command line that no frame holds', async () => {
  await greet();
  const listener = { output: (): void => undefined, ended: (): void => undefined };
  const words = ['echo', 'x'.repeat(70_000)];
  expect(() => link.open({ words, terminal: null }, 1000, listener)).toThrow('too long');
});

it('gives a session’s output to it alone, ignores sessions that nobody has, and never reuses one too early', async () => {
  await greet();
  const outputs: string[] = [];
  const ends: (number | null)[] = [];
  const listener = {
    output: (data: Buffer, stream: string): void => void outputs.push(`${stream}:${data}`),
    ended: (code: number | null): void => void ends.push(code),
  };
  const first = link.open({ words: ['a'], terminal: null }, 1000, listener);
  guest.write(
    Buffer.concat([
      encodeFrame(fromGuest.output, first.id, Buffer.from('one')),
      encodeFrame(fromGuest.errorOutput, first.id, Buffer.from('two')),
      encodeFrame(fromGuest.output, 17, Buffer.from('nobody’s')),
      encodeFrame(200, first.id, Buffer.from('unknown')),
      encodeFrame(fromGuest.wanted, first.id, Buffer.from('x')),
    ]),
  );
  await expect.poll(() => outputs).toEqual(['output:one', 'error:two']);
  first.close();
  const second = link.open({ words: ['b'], terminal: null }, 1000, listener);
  expect(second.id).not.toBe(first.id);
  guest.write(encodeFrame(fromGuest.output, first.id, Buffer.from('too late')));
  guest.write(encodeFrame(fromGuest.exited, first.id, Buffer.from([129])));
  await expect.poll(() => ends).toEqual([129]);
  expect(outputs).toHaveLength(2);
});

it('sends input only as far as the guest wants it, and all of it in the end', async () => {
  await greet();
  const session = link.open({ words: ['cat'], terminal: null }, 0, {
    output: () => undefined,
    ended: () => undefined,
  });
  const input = Buffer.alloc(200_000, 'abc');
  session.write(input);
  session.end();
  const sent = (): number =>
    heard
      .filter(({ type }) => type === toGuest.input)
      .reduce((sum, { payload }) => sum + payload.byteLength, 0);
  await expect.poll(sent).toBe(65_536);
  const more = Buffer.alloc(4);
  more.writeUInt32LE(0xffffffff); // no guest can make us send more than it has room for
  guest.write(encodeFrame(fromGuest.wanted, session.id, more));
  await expect.poll(sent).toBe(131_072);
  expect(types()).not.toContain(toGuest.endInput);
  for (let left = 2; left > 0; left -= 1)
    guest.write(encodeFrame(fromGuest.wanted, session.id, more));
  await expect.poll(sent).toBe(200_000);
  await expect.poll(types).toContain(toGuest.endInput);
});
