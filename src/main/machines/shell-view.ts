/**
 * One more shell or other program in a running container, as a view of the window sees it: what it prints, what is
 * typed, its end.
 * Output that the view has not acknowledged waits in the guest, so nothing is dropped and nothing piles up here.
 */
import { consoleCreditBytes, type ToView } from '../../shared/index.ts';
import type { ConsoleHandle } from './console-handle.ts';
import type { LiveRun } from './live-run.ts';

/** What a terminal has before the view says how large it is. */
const firstSize = { columns: 80, rows: 24 };

/**
 * Starts it at once; closing the handle hangs it up.
 * @param words of the program; empty for a shell.
 * @throws AppError `illegal_state` when no container runs, or too many shells are open.
 */
export function openShellView(
  live: LiveRun,
  sink: { post(message: ToView): void },
  words: readonly string[],
): ConsoleHandle {
  const what = words.length === 0 ? 'The shell' : 'It';
  // A guest can send byte by byte: what comes at once goes to the page at once, as bytes of its own and no others.
  let gathered: Buffer[] = [];
  const flush = (): void => {
    if (gathered.length > 0)
      sink.post({ type: 'data', data: new Uint8Array(Buffer.concat(gathered)) });
    gathered = [];
  };
  const session = live.openSession({ words, terminal: firstSize }, consoleCreditBytes, {
    output: (data) => {
      if (gathered.length === 0) setImmediate(flush);
      gathered.push(data);
    },
    ended: (exitCode, error) => {
      flush();
      sink.post({ type: 'state', connected: false });
      const message =
        error?.message ?? `${what} ended${exitCode === 0 ? '' : ` with exit code ${exitCode}`}.`;
      sink.post({ type: 'ended', exitCode, message });
    },
  });
  sink.post({ type: 'state', connected: true });
  return {
    input: (data) => session.write(Buffer.from(data)),
    acknowledge: (bytes) => session.welcome(Math.min(bytes, consoleCreditBytes)),
    resize: (columns, rows) => session.resize(columns, rows),
    close: () => session.close(),
  };
}
