/**
 * Opens a machine's console stream and turns the port handshake into one object with a deadline.
 * Passes bytes on as they are: never decodes them, never buffers, never answers for the terminal.
 */
import { AppError, type FromView, type MachineId, type ToView } from '../../shared/index.ts';

/** How long main may take until the first message; a local answer needs a few milliseconds. */
const openDeadlineMs = 5_000;

/** What a view does with the stream's messages. */
export interface ConsoleListener {
  message(message: ToView): void;
  /** The other side is gone; nothing follows. */
  closed(): void;
}

/** An open console. */
export interface ConsoleStream {
  send(message: FromView): void;
  close(): void;
}

/** Which stream of a machine: its console, or one more shell or program in its container. */
export interface ConsoleSource {
  readonly machineId: MachineId;
  readonly kind: 'console' | 'shell';
  /** The program to run in place of a shell; empty for a shell. */
  readonly words: readonly string[];
}

/**
 * Opens the stream. Resolves with the first message from main, which is delivered as well.
 * @throws {AppError} `cancelled` through the signal, `internal` when nothing comes in time.
 */
export function openConsoleStream(
  { machineId, kind, words }: ConsoleSource,
  listener: ConsoleListener,
  signal: AbortSignal,
): Promise<ConsoleStream> {
  return new Promise((resolve, reject) => {
    const token = crypto.randomUUID();
    let port: MessagePort | undefined;
    let settled = false;

    const finish = (): void => {
      settled = true;
      clearTimeout(timer);
      window.removeEventListener('message', receivePort);
      signal.removeEventListener('abort', abort);
    };
    const fail = (error: AppError): void => {
      if (settled) return;
      finish();
      port?.close();
      reject(error);
    };
    const abort = (): void => fail(new AppError('cancelled', 'The console was closed.'));
    const timer = setTimeout(
      () => fail(new AppError('internal', 'The console did not answer. Try again.')),
      openDeadlineMs,
    );

    const receivePort = (event: MessageEvent): void => {
      const data = event.data as { nanduConsole?: unknown } | null;
      // Any script of this page may post messages; only our own window knows the token.
      if (event.origin !== location.origin || data?.nanduConsole !== token) return;
      const opened = event.ports[0];
      if (!opened || port) return;
      port = opened;
      const stream: ConsoleStream = {
        send: (message) => opened.postMessage(message),
        close: () => opened.close(),
      };
      opened.addEventListener('message', (incoming: MessageEvent<ToView>) => {
        if (!settled) {
          finish();
          resolve(stream);
        }
        listener.message(incoming.data);
      });
      opened.addEventListener('close', () => {
        fail(new AppError('internal', 'The console was closed before it opened. Try again.'));
        listener.closed();
      });
      opened.start();
    };

    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    window.addEventListener('message', receivePort);
    window.nandu.openConsole(machineId, kind, words, token);
  });
}
