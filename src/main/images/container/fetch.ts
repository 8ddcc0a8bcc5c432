/**
 * Fetches an image into an OCI layout by skopeo, which speaks with registries, archives and local engines.
 * Passwords go through a file of ours alone, never through the command line.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type ErrorCode } from '../../../shared/index.ts';
import { skopeoSource, type ImageSource } from './reference.ts';

/** For a registry that wants to know who asks. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** How to fetch. */
export interface FetchOptions {
  /** In Go's words: `amd64`. */
  readonly architecture: string;
  readonly credentials?: Credentials;
  /** Whether this registry may be spoken with unencrypted; for one on this computer, say. */
  readonly plainHttp?: boolean;
  readonly signal: AbortSignal;
  /** Told several times a second: bytes that have arrived. */
  readonly onProgress?: (receivedBytes: number) => void;
}

const progressMs = 200;

/**
 * @param layout a folder that does not exist yet; removed again when anything fails.
 * @param blobs a folder of blobs that are there already: an import that was cut off goes on where it was.
 * @throws AppError `tool_missing`, `image_unknown`, `registry_denied`, `registry_unreachable`,
 *   `registry_insecure`, `wrong_architecture`, `disk_full`, `cancelled`, `image_refused`.
 */
export async function fetchImage(
  source: ImageSource,
  layout: string,
  blobs: string,
  options: FetchOptions,
): Promise<void> {
  const { architecture, credentials, plainHttp = false, signal, onProgress } = options;
  const secrets = await mkdtemp(`${layout}.auth-`);
  const before = await sizeOf(blobs);
  const timer = setInterval(() => {
    // What is under way lies in the layout, what is whole among the blobs.
    void Promise.all([sizeOf(blobs), sizeOf(layout)]).then(([whole, partial]) =>
      onProgress?.(Math.max(0, whole + partial - before)),
    );
  }, progressMs);
  try {
    const auth: string[] = [];
    if (credentials !== undefined && source.kind === 'registry') {
      const file = join(secrets, 'auth.json');
      const token = Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64');
      const content = JSON.stringify({ auths: { [source.registry]: { auth: token } } });
      await writeFile(file, content, { mode: 0o600 });
      auth.push('--src-authfile', file);
    }
    await skopeo(
      [
        ...['--override-os', 'linux', '--override-arch', architecture, 'copy', '--quiet'],
        ...['--retry-times', '2', ...auth],
        ...(source.kind === 'registry' ? [`--src-tls-verify=${String(!plainHttp)}`] : []),
        ...['--dest-shared-blob-dir', blobs, '--', skopeoSource(source), `oci:${layout}:image`],
      ],
      source,
      signal,
    );
  } catch (error) {
    await rm(layout, { recursive: true, force: true });
    throw error;
  } finally {
    clearInterval(timer);
    await rm(secrets, { recursive: true, force: true });
  }
}

async function skopeo(args: string[], source: ImageSource, signal: AbortSignal): Promise<void> {
  const child = spawn('skopeo', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-8192)));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw explain(said, source, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new AppError(
      'tool_missing',
      'Container images need the program “skopeo”. The doctor has the command that installs it.',
      { cause, details: { tool: 'skopeo' } },
    );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What skopeo's and the registries' words mean, the most certain first. */
function explain(said: string, source: ImageSource, signal: AbortSignal): AppError {
  if (signal.aborted) return new AppError('cancelled', 'The import was called off.');
  const name = skopeoSource(source).replace(/^docker:\/\//, '');
  const where = source.kind === 'registry' ? source.registry : name;
  const meanings: readonly (readonly [RegExp, ErrorCode, string])[] = [
    [
      /policy\.json/i,
      'tool_missing',
      'skopeo has no policy that says which images to trust (containers-policy.json(5)). On Debian the package golang-github-containers-common brings one.',
    ],
    [
      /docker daemon|docker\.sock/i,
      'registry_unreachable',
      'The local Docker engine does not answer. Is it running, and may you use it?',
    ],
    [
      /server gave HTTP response to HTTPS client/i,
      'registry_insecure',
      `“${where}” speaks without encryption. Allow that for this registry if you trust the way to it.`,
    ],
    [
      /no space left/i,
      'disk_full',
      'The disk is full: there is no room for the image. Free some space, then go on.',
    ],
    [
      /no image found in (?:image index|manifest list)|choosing image instance/i,
      'wrong_architecture',
      `“${name}” is not made for this computer’s architecture. Choose another tag.`,
    ],
    [
      /manifest unknown|name unknown|not found: manifest|NAME_UNKNOWN/i,
      'image_unknown',
      `There is no image “${name}”. Look at its name and tag again.`,
    ],
    [
      /unauthorized|authentication required|access .*denied|403 \(Forbidden\)/i,
      'registry_denied',
      `“${where}” does not give “${name}” to you: it is private, or there is none of that name. Sign in, or look at the name again.`,
    ],
    [
      /connection refused|no such host|i\/o timeout|network is unreachable|connection reset|dial tcp/i,
      'registry_unreachable',
      `“${where}” cannot be reached. Is the computer online, and the registry’s name right?`,
    ],
    [/no such file or directory/i, 'file_missing', `There is no “${name}”.`],
    [/permission denied/i, 'file_unreadable', `You may not read “${name}”.`],
  ];
  const [, code, message] = meanings.find(([pattern]) => pattern.test(said)) ?? [
    null,
    'image_refused' as const,
    `“${name}” could not be fetched: ${lastWords(said)}`,
  ];
  return new AppError(code, message, { details: { log: said.split('\n').slice(-20) } });
}

/** skopeo logs as `time="…" level=fatal msg="…"`. */
function lastWords(said: string): string {
  const message = /level=fatal msg="((?:[^"\\]|\\.)*)"/.exec(said)?.[1] ?? said.trim();
  return message.replaceAll('\\"', '"').slice(-500);
}

/** Bytes of all files in a folder, also of those that are just being written. */
async function sizeOf(folder: string): Promise<number> {
  let sum = 0;
  const names = await readdir(folder, { recursive: true }).catch(() => []); // not made yet
  for (const name of names) {
    const stats = await stat(join(folder, name)).catch(() => null); // renamed meanwhile
    if (stats?.isFile() === true) sum += stats.size;
  }
  return sum;
}
