/**
 * Opens a layer's blob: unpacks it and proves its digest. A blob that is not what its name says ends in an
 * error before anybody takes its last byte for good.
 */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { Readable, type TransformOptions } from 'node:stream';
import { createGunzip, type ZlibOptions } from 'node:zlib';
import { AppError } from '../../../shared/index.ts';
import type { LayerSource } from './layer-reading.ts';
import { openPlainFile } from './plain-file.ts';
import { refused } from './refusal.ts';

/** How a layer is packed. */
type LayerPacking = 'none' | 'gzip' | 'zstd';

const layerTypes: ReadonlySet<string> = new Set([
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
]);

/** @throws AppError `image_refused` for media types that are no layer of a file system. */
export function assertLayer(mediaType: string): void {
  if (layerTypes.has(mediaType)) return;
  throw refused(`one of its layers is of the unknown type “${mediaType}”`);
}

/** By its first bytes: skopeo 1.9 calls the plain layers of archives “gzip” (RFC 1952, RFC 8878). */
async function packingOf(file: FileHandle): Promise<LayerPacking> {
  const { buffer } = await file.read(Buffer.alloc(4), 0, 4, 0);
  if (buffer.readUInt16BE(0) === 0x1f8b) return 'gzip';
  return buffer.readUInt32LE(0) === 0xfd2fb528 ? 'zstd' : 'none';
}

/**
 * @param digest of the blob as it lies there, `sha256:…`.
 * @param diffId of the unpacked tar; null where the image does not say.
 */
export function layerSource(path: string, digest: string, diffId: string | null): LayerSource {
  return {
    async *open() {
      const packed = createHash('sha256');
      const unpacked = createHash('sha256');
      let blob: FileHandle | null = null;
      let file: Readable | null = null;
      try {
        blob = await openPlainFile(path);
        // Known before the stream begins: it flows as soon as somebody listens.
        const packing = await packingOf(blob);
        file = blob.createReadStream({ start: 0, autoClose: false, highWaterMark: 256 * 1024 });
        file.on('data', (chunk: Buffer) => packed.update(chunk));
        for await (const chunk of unpack(file, packing)) {
          unpacked.update(chunk);
          yield chunk;
        }
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw refused('one of its layers is damaged', { path, digest }, cause);
      } finally {
        file?.destroy();
        await blob?.close();
      }
      prove(digest, packed.digest('hex'));
      if (diffId !== null) prove(diffId, unpacked.digest('hex'));
    },
  };
}

/** A thread unpacks so far ahead of what is made of it here that neither waits for the other. */
const gunzipOptions: ZlibOptions & TransformOptions = {
  ...{ chunkSize: 256 * 1024, highWaterMark: 2 * 1024 * 1024 },
};

async function* unpack(file: Readable, packing: LayerPacking): AsyncGenerator<Buffer> {
  if (packing === 'none') {
    yield* file as AsyncIterable<Buffer>;
    return;
  }
  if (packing === 'gzip') {
    const gunzip = createGunzip(gunzipOptions);
    file.on('error', (error) => gunzip.destroy(error));
    file.pipe(gunzip);
    try {
      yield* gunzip as AsyncIterable<Buffer>;
    } finally {
      gunzip.destroy();
    }
    return;
  }
  const child = spawn('zstd', ['--decompress', '--stdout', '--quiet'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new AppError('tool_missing', 'Layers packed with zstd need the program “zstd”.', { cause }),
      ),
    );
    child.once('close', resolve);
  });
  ended.catch(() => undefined); // awaited below; a reader that gives up earlier does not care
  child.stdin.on('error', () => undefined); // it ended; its exit code says why
  file.on('error', () => child.kill('SIGKILL'));
  file.pipe(child.stdin);
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    if ((await ended) !== 0) throw new Error('zstd refused it');
  } finally {
    child.kill('SIGKILL');
  }
}

function prove(expected: string, found: string): void {
  if (expected === `sha256:${found}`) return;
  throw refused('one of its layers is not what its digest says', {
    ...{ expected, found: `sha256:${found}` },
  });
}
