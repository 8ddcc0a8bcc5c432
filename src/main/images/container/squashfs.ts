/**
 * Turns a tar stream into one read-only squashfs by squashfs-tools' sqfstar, without root: owners, devices and
 * attributes are written into the image and never onto the host.
 */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { rm } from 'node:fs/promises';
import { AppError } from '../../../shared/index.ts';
import { refused } from './refusal.ts';
import { setRootOwner } from './squashfs-root.ts';
import type { Attributes } from './tar-attributes.ts';

/** sqfstar takes what the root itself is only here, not out of the tar; unprivileged it would be the builder's. */
function rootOptions(attributes: Attributes | null): string[] {
  const { mode, owner, group, seconds } = attributes ?? plainRoot;
  return [
    ...['-root-mode', mode.toString(8), '-root-uid', String(owner), '-root-gid', String(group)],
    ...['-root-time', String(seconds), '-mkfs-time', '0'],
  ];
}

const plainRoot: Attributes = { mode: 0o755, owner: 0, group: 0, seconds: 0 };

/**
 * @param path of the image; must not exist. Removed again when anything fails.
 * @param write feeds the tar and ends the stream; its signal also tells that nobody takes it any more.
 * @throws AppError `tool_missing`, `disk_full`, `cancelled`, `image_refused`, or what `write` throws.
 */
export async function makeSquashfs<T>(
  path: string,
  write: (sink: Writable, signal: AbortSignal) => Promise<T>,
  { signal, attributes }: { signal: AbortSignal; attributes: Attributes | null },
): Promise<T> {
  const child = spawn(
    'sqfstar',
    // lz4: a guest reads it fastest, and packing takes a tenth of zstd's time. -noI: see squashfs-root.ts.
    ['-comp', 'lz4', '-noI', '-no-progress', '-quiet', ...rootOptions(attributes), path],
    { stdio: ['pipe', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(0, 4096)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new AppError(
              'tool_missing',
              'Container images need sqfstar, of squashfs-tools 4.5 or newer.',
              {
                cause,
                details: { tool: 'sqfstar' },
              },
            )
          : cause,
      ),
    );
    child.once('close', resolve);
  });
  const gone = new AbortController();
  ended.catch(() => undefined).finally(() => gone.abort()); // awaited below in every case
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  child.stdin.on('error', () => undefined); // it is gone; its end says why
  try {
    const written = await write(child.stdin, AbortSignal.any([signal, gone.signal]));
    const code = await ended;
    if (code !== 0 || signal.aborted) throw new Error(`sqfstar ended with exit code ${code}`);
    const { owner, group } = attributes ?? plainRoot;
    await setRootOwner(path, owner, group);
    return written;
  } catch (error) {
    child.kill('SIGKILL');
    const outcome = await ended.catch((failure: unknown) => failure);
    await rm(path, { force: true });
    if (signal.aborted)
      throw new AppError('cancelled', 'The import was called off.', { cause: error });
    if (outcome instanceof AppError) throw outcome;
    if (error instanceof AppError) throw error;
    if (/No space left/i.test(said)) {
      throw new AppError('disk_full', 'The disk is full: there is no room for the image.', {
        cause: error,
      });
    }
    // sqfstar takes what tar takes; what it does not take is the image's fault.
    throw refused(`sqfstar does not take it: ${said.trim().split('\n')[0] ?? ''}`, {}, error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
