/**
 * Receives a kernel's log from the port over which the guest's init sends it once.
 * Must never keep more than a kernel's log can be, however much a guest sends.
 */
import type { Socket } from 'node:net';
import { kernelLogEnd, maxKernelLogBytes } from '../boot/index.ts';

/** @param onLog called at most once, with what came until its closing line, its bound, or the end of the run. */
export function receiveKernelLog(socket: Socket, onLog: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let received = 0;
  let tail = '';
  let told = false;
  const tell = (): void => {
    if (told || received === 0) return;
    told = true;
    onLog(Buffer.concat(chunks).toString('latin1', 0, maxKernelLogBytes));
  };
  socket.on('data', (chunk: Buffer) => {
    if (told) return;
    chunks.push(chunk);
    received += chunk.byteLength;
    // The closing line may be cut by a chunk's end.
    const end = tail + chunk.toString('latin1');
    tail = end.slice(-kernelLogEnd.length);
    if (received < maxKernelLogBytes && !end.includes(kernelLogEnd)) return;
    socket.destroy();
    tell();
  });
  socket.on('error', () => undefined); // QEMU ended; what came counts
  socket.on('close', tell);
}
