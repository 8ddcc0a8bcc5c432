/**
 * Fetches an image into an OCI layout by skopeo: asks what it is first, then copies exactly that.
 * Never passes over a certificate that does not hold, and never fills the disk to its end.
 */
import { createHash } from 'node:crypto';
import { rm, statfs } from 'node:fs/promises';
import { AppError, type LayerProgress } from '../../../shared/index.ts';
import { LayerWatch, type ExpectedLayer } from './layer-watch.ts';
import { readAnswer } from './oci-layout.ts';
import { skopeoSource, type ImageSource } from './reference.ts';
import { runSkopeo, type Credentials } from './skopeo.ts';
import { stallBytes, unlessStalled } from './stall.ts';

/** How to fetch. */
export interface FetchOptions {
  /** In Go's words: `amd64`. */
  readonly architecture: string;
  readonly credentials?: Credentials | undefined;
  /** Whether this registry may be spoken with unencrypted; for one on this computer, say. */
  readonly plainHttp?: boolean;
  readonly signal: AbortSignal;
  /** So long a registry may be silent; {@link stallDeadlineMs} where nothing is said. */
  readonly stallMs?: number;
}

/** What a registry says of an image before any of it is fetched. */
export interface ResolvedImage {
  /** By its digest where the registry told one: a tag may mean another image a moment later. */
  readonly source: ImageSource;
  /** As the registry names the manifest for this architecture; null where nobody was asked. */
  readonly digest: string | null;
  /** The bottom one first; empty where nobody was asked. */
  readonly layers: readonly ExpectedLayer[];
  /** Whether the registry speaks without encryption and may. */
  readonly plainHttp: boolean;
}

/** So much is left free on the disk whatever an image wants. */
export const reserveBytes = 256 * 1024 * 1024;

/** Tells how much of a folder's disk is free for others, in bytes. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytesOf: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

const progressMs = 200;
/** Registries refuse manifests of more than 4 MiB. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Asks a registry about an image. Archives and local engines are not asked: it would cost as much as the image.
 * @param folder a private one for skopeo.
 * @throws AppError as {@link runSkopeo}; `registry_insecure` without encryption that was not allowed, or with a
 *   certificate that does not hold, which nothing allows; `wrong_architecture`.
 */
export async function resolveImage(
  source: ImageSource,
  folder: string,
  options: FetchOptions,
): Promise<ResolvedImage> {
  if (source.kind !== 'registry') return { source, digest: null, layers: [], plainHttp: false };
  const { plainHttp, answer } = await firstAnswer(source, folder, options);
  let digest = digestOf(answer);
  let found = readAnswer(answer.toString(), options.architecture);
  if (found !== null && 'chosen' in found) {
    digest = found.chosen;
    const chosen = await ask({ ...source, digest }, folder, options, !plainHttp);
    found = readAnswer(chosen.toString(), options.architecture);
  }
  // Indexes of indexes and manifests of Docker before 2016 are skopeo's to find its way through.
  if (found === null || 'chosen' in found) return { source, digest: null, layers: [], plainHttp };
  return { source: { ...source, digest }, digest, layers: found.layers, plainHttp };
}

/**
 * By https first: what turns off encryption for skopeo turns off looking at certificates as well, and is used
 * only where there is no https at all.
 */
async function firstAnswer(
  source: ImageSource,
  folder: string,
  options: FetchOptions,
): Promise<{ plainHttp: boolean; answer: Buffer }> {
  try {
    return { plainHttp: false, answer: await ask(source, folder, options, true) };
  } catch (error) {
    if (options.plainHttp !== true || !(error instanceof AppError)) throw error;
    const said = String(error.details['log']);
    if (!/HTTP response to HTTPS client|connection refused/.test(said)) throw error;
    return { plainHttp: true, answer: await ask(source, folder, options, false) };
  }
}

async function ask(
  source: ImageSource,
  folder: string,
  options: FetchOptions,
  verify: boolean,
): Promise<Buffer> {
  const { architecture, credentials } = options;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Nothing is seen of an answer before it is whole; it is small.
  await unlessStalled(source, options, (signal) =>
    runSkopeo({
      ...{ architecture, credentials, signal, source, folder, command: 'inspect' },
      args: ['--raw', `--tls-verify=${String(verify)}`, '--', skopeoSource(source)],
      onOutput: (chunk) => {
        bytes += chunk.byteLength;
        if (bytes <= maxAnswerBytes) chunks.push(chunk);
      },
    }),
  );
  return Buffer.concat(chunks);
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Where to put an image and whom to tell. */
export interface FetchTarget {
  /** A folder that does not exist yet; removed again when anything fails. */
  readonly layout: string;
  /** Blobs that are there already: an import that was cut off goes on where it was. */
  readonly blobs: string;
  /** A private one for skopeo. */
  readonly folder: string;
  readonly freeBytes: FreeBytes;
  /** Told several times a second. */
  readonly onProgress: (layers: LayerProgress[]) => void;
}

/**
 * @throws AppError `tool_missing`, `image_unknown`, `registry_denied`, `registry_unreachable`,
 *   `wrong_architecture`, `disk_full`, `cancelled`, `file_missing`, `file_unreadable`, `image_refused`.
 */
export async function fetchImage(
  { source, layers, plainHttp }: ResolvedImage,
  target: FetchTarget,
  options: FetchOptions,
): Promise<void> {
  const { architecture, credentials, signal } = options;
  const { layout, blobs, folder, freeBytes, onProgress } = target;
  const watch = new LayerWatch(layout, blobs, layers);
  const wanted = (await watch.look()).reduce(
    (sum, { bytes, totalBytes }) => sum + Math.max(0, (totalBytes ?? 0) - bytes),
    0,
  );
  await assertRoom(folder, freeBytes, wanted);
  const full = new AbortController();
  const looking = new AbortController();
  const pace = new Pace();
  const look = async (progressed?: () => void): Promise<void> => {
    try {
      const found = await watch.look();
      if (!looking.signal.aborted) onProgress(found);
      if (pace.goesOn(found)) progressed?.();
      await assertRoom(folder, freeBytes, 0);
    } catch (error) {
      full.abort(error);
    }
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    await unlessStalled(source, options, (wanted, progressed) => {
      timer = setInterval(() => void look(progressed), progressMs);
      return runSkopeo({
        ...{ architecture, credentials, source, folder, command: 'copy' },
        signal: AbortSignal.any([wanted, full.signal]),
        args: [
          ...['--retry-times', '2', '--dest-shared-blob-dir', blobs],
          // To pack what is about to be unpacked would only take time.
          '--dest-oci-accept-uncompressed-layers',
          ...(source.kind === 'registry' ? [`--src-tls-verify=${String(!plainHttp)}`] : []),
          ...['--', skopeoSource(source), `oci:${layout}:image`],
        ],
        onOutput: (bytes) => {
          watch.hear(bytes);
          progressed();
        },
      });
    });
    await look();
  } catch (error) {
    await rm(layout, { recursive: true, force: true });
    if (full.signal.aborted && !signal.aborted) throw full.signal.reason as Error;
    throw error;
  } finally {
    looking.abort();
    clearInterval(timer);
  }
}

/** Tells a fetch that goes on from one that is kept alive by a byte now and then. */
class Pace {
  #bytes = 0;
  #whole = 0;

  /** @returns whether enough has come since it last said so, or a layer is whole that was not. */
  goesOn(layers: readonly LayerProgress[]): boolean {
    const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
    const whole = layers.filter((layer) => layer.bytes === layer.totalBytes).length;
    // Also downwards: a layer that is fetched once more begins from nothing.
    if (whole === this.#whole && Math.abs(bytes - this.#bytes) < stallBytes) return false;
    this.#bytes = bytes;
    this.#whole = whole;
    return true;
  }
}

/** @throws AppError `disk_full` when not even the reserve would be left. */
async function assertRoom(folder: string, freeBytes: FreeBytes, wanted: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free - wanted >= reserveBytes) return;
  const inMiB = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
  throw new AppError(
    'disk_full',
    (wanted > 0
      ? `There is no room for this image: its layers have ${inMiB(wanted)} MiB, `
      : 'The disk is almost full: ') +
      `${inMiB(free)} MiB are free, and ${inMiB(reserveBytes)} of them are left alone. Free some space, then go on.`,
    { details: { wantedBytes: wanted, freeBytes: free } },
  );
}
