import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';
import { kernelLogEnd, maxKernelLogBytes } from '../boot/index.ts';
import { receiveKernelLog } from './boot-log.ts';

class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function receive(): { socket: FakeSocket; logs: string[] } {
  const socket = new FakeSocket();
  const logs: string[] = [];
  receiveKernelLog(socket as unknown as Socket, (text) => logs.push(text));
  return { socket, logs };
}

it('tells a log once, as soon as its closing line came, wherever that was cut', () => {
  const { socket, logs } = receive();
  const all = Buffer.from(`[    0.000000] Linux\n${kernelLogEnd}\n`);
  for (const byte of all) socket.emit('data', Buffer.of(byte));
  expect(socket.destroyed).toBe(true);
  expect(logs).toEqual([`[    0.000000] Linux\n${kernelLogEnd}`]);
});

it('keeps no more than a log can be', () => {
  const { socket, logs } = receive();
  const mebibyte = Buffer.alloc(1024 * 1024 - 1, 0x79);
  for (let sent = 0; sent < 50; sent += 1) socket.emit('data', mebibyte);
  expect(socket.destroyed).toBe(true);
  expect(logs.map((log) => log.length)).toEqual([maxKernelLogBytes]);
});

it('keeps a log in one piece, however small the pieces in which it is sent', () => {
  const { socket, logs } = receive();
  const piece = Buffer.from('0123456');
  for (let sent = 0; sent < 300_000; sent += piece.byteLength) socket.emit('data', piece);
  socket.emit('close');
  expect(logs).toHaveLength(1);
  expect(logs[0]).toBe('0123456'.repeat(Math.ceil(300_000 / 7)));
});

it('tells what came when the run ends before the log does, and nothing of nothing', () => {
  const { socket, logs } = receive();
  socket.emit('data', Buffer.from('[    0.000000] Lin'));
  socket.emit('close');
  expect(logs).toEqual(['[    0.000000] Lin']);
  const silent = receive();
  silent.socket.emit('error', new Error('gone'));
  silent.socket.emit('close');
  expect(silent.logs).toEqual([]);
});
