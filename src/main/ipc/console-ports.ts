/**
 * Carries console streams over MessagePorts, one per view.
 * Parses whatever the page sends; a port that sends nonsense is closed.
 */
import { ipcMain, type MessagePortMain, type WebContents } from 'electron';
import {
  consoleChannel,
  consoleOpenSchema,
  fromViewSchema,
  toErrorData,
} from '../../shared/index.ts';
import type { ConsoleHandle, MachineManager } from '../machines/index.ts';
import { isTrusted } from './sender.ts';

/** @returns ends the registration. */
export function routeConsoles(
  manager: MachineManager,
  window: () => WebContents | null,
): () => void {
  const listener = (event: Electron.IpcMainEvent, input: unknown): void => {
    const [port] = event.ports;
    if (port === undefined) return;
    const parsed = consoleOpenSchema.safeParse(input);
    if (!isTrusted(event, window()) || !parsed.success) {
      port.close();
      return;
    }
    try {
      const { machineId, kind, words } = parsed.data;
      connect(port, (sink) =>
        kind === 'shell'
          ? manager.openShell(machineId, sink, words)
          : manager.openConsole(machineId, sink),
      );
    } catch (error) {
      // The machine was deleted meanwhile, its log cannot be read, or there are too many shells.
      const { message } = toErrorData(error);
      port.postMessage({ type: 'ended', exitCode: null, message });
      port.close();
    }
  };
  ipcMain.on(consoleChannel, listener);
  return () => void ipcMain.removeListener(consoleChannel, listener);
}

function connect(
  port: MessagePortMain,
  open: (sink: { post(message: unknown): void }) => ConsoleHandle,
): void {
  const handle = open({ post: (message) => port.postMessage(message) });
  port.on('close', () => handle.close());
  port.on('message', ({ data }) => {
    const message = fromViewSchema.safeParse(data);
    if (!message.success) {
      port.close();
      return;
    }
    switch (message.data.type) {
      case 'input':
        handle.input(message.data.data);
        break;
      case 'ack':
        handle.acknowledge(message.data.bytes);
        break;
      case 'size':
        handle.resize(message.data.columns, message.data.rows);
        break;
    }
  });
  port.start();
}
