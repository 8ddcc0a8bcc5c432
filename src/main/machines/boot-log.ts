/**
 * Receives a kernel's log from the port over which the guest's init sends it once.
 * Must never keep more than a kernel's log can be, however much a guest sends.
 */
import type { Socket } from 'node:net';
import { kernelLogEnd, maxKernelLogBytes } from '../boot/index.ts';

/** What most kernels' logs fit into. */
const firstBytes = 128 * 1024;

/** @param onLog called at most once, with what came until its closing line, its bound, or the end of the run. */
export function receiveKernelLog(socket: Socket, onLog: (text: string) => void): void {
  // One buffer: a guest that sends single bytes would make millions of them.
  let log = Buffer.alloc(firstBytes);
  let received = 0;
  let tail = '';
  let told = false;
  const tell = (): void => {
    if (told || received === 0) return;
    told = true;
    onLog(log.toString('latin1', 0, received));
  };
  socket.on('data', (chunk: Buffer) => {
    if (told) return;
    if (received + chunk.byteLength > log.byteLength && log.byteLength < maxKernelLogBytes) {
      const bytes = Math.max(2 * log.byteLength, received + chunk.byteLength);
      const larger = Buffer.alloc(Math.min(bytes, maxKernelLogBytes));
      log.copy(larger, 0, 0, received);
      log = larger;
    }
    received += chunk.copy(log, received);
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
