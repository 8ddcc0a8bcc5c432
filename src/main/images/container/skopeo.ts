/**
 * Runs skopeo, which speaks with registries, archives and local engines.
 * A password goes through a file that has no name any more, never through the command line or the environment.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../shared/index.ts';
import type { ImageSource } from './reference.ts';
import { explain } from './skopeo-words.ts';

/** For a registry that wants to know who asks. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** One call of skopeo. */
export interface SkopeoCall {
  /** In Go's words: `amd64`. */
  readonly architecture: string;
  readonly command: 'copy' | 'inspect';
  /** Options and operands of the command. */
  readonly args: readonly string[];
  /** Whom the failures are about. */
  readonly source: ImageSource;
  /** A private folder for what skopeo has to put aside; whoever made it removes it. */
  readonly folder: string;
  /** Without them skopeo uses what `docker login` or `podman login` have left (containers-auth.json(5)). */
  readonly credentials?: Credentials | undefined;
  readonly signal: AbortSignal;
  /** Told its output as it comes. */
  readonly onOutput: (bytes: Buffer) => void;
}

/**
 * Runs to the end. An abort ends it at once.
 * @throws AppError as {@link explain}; `tool_missing` without skopeo, `cancelled` when aborted.
 */
export async function runSkopeo(call: SkopeoCall): Promise<void> {
  const { architecture, command, args, source, folder, credentials, signal } = call;
  const auth =
    credentials !== undefined && source.kind === 'registry'
      ? await nameless(join(folder, 'auth'), authFile(source.registry, credentials))
      : null;
  try {
    const authOption = command === 'copy' ? '--src-authfile' : '--authfile';
    const child = spawn(
      'skopeo',
      [
        ...['--override-os', 'linux', '--override-arch', architecture, command],
        ...(auth === null ? [] : [authOption, '/proc/self/fd/3']),
        ...args,
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe', ...(auth === null ? [] : [auth.fd])],
        // Archives and local engines need room for the whole image, which /var/tmp may not have.
        env: { ...process.env, TMPDIR: folder },
      },
    );
    const { code, said } = await ended(child, signal, call.onOutput);
    if (signal.aborted) throw new AppError('cancelled', 'The import was called off.');
    if (code !== 0) throw explain(said, source, credentials !== undefined);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new AppError(
      'tool_missing',
      'Container images need the program “skopeo”. The doctor has the command that installs it.',
      { cause, details: { tool: 'skopeo' } },
    );
  } finally {
    await auth?.close();
  }
}

async function ended(
  child: ChildProcess,
  signal: AbortSignal,
  onOutput: (bytes: Buffer) => void,
): Promise<{ code: number | null; said: string }> {
  // Nothing of what it does must be finished: what it leaves lies in folders that are removed.
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let said = '';
  child.stderr
    ?.setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-8192)));
  child.stdout?.on('data', onOutput);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, said };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function authFile(registry: string, { user, password }: Credentials): string {
  const auth = Buffer.from(`${user}:${password}`).toString('base64');
  return JSON.stringify({ auths: { [registry]: { auth } } });
}

/** A file that only its open descriptor leads to: nobody else can open it, and no crash leaves it behind. */
async function nameless(path: string, content: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600);
  try {
    await unlink(path);
    await file.writeFile(content);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
