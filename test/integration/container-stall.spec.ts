/** Registries that send nothing, or next to nothing: they hold up no other import. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageLibrary, type ImportOptions } from '../../src/main/images/container/index.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { writeRawImage } from '../support/raw-image.ts';
import { rawTar } from '../support/raw-tar.ts';

const canCopy = ((): boolean => {
  try {
    for (const tool of ['skopeo', 'sqfstar']) execFileSync('which', [tool], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let folder: string;
let library: ImageLibrary;
beforeEach(() => {
  folder = temporaryDirectory();
  library = new ImageLibrary({
    ...{ folder: join(folder, 'library'), usedBy: () => [] },
    onProblem: (problem) => {
      throw problem;
    },
  });
});
const undo: (() => void)[] = [];
afterEach(() => {
  for (const end of undo.splice(0)) end();
  rmSync(folder, { recursive: true, force: true });
});

/** @returns its name as a registry. */
async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  undo.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const options = (stallMs: number): ImportOptions => ({
  ...{ architecture: 'amd64', plainHttp: true, stallMs, signal: new AbortController().signal },
});

/** The import after it gets its turn. */
async function expectTurn(): Promise<void> {
  const image = writeRawImage(join(folder, 'image'), { layers: [rawTar({ name: 'a' })] });
  expect(await library.import(image, options(60_000))).toMatchObject({ source: image });
}

describe.skipIf(!canCopy)('a registry', () => {
  it('that accepts and says nothing is given up', async () => {
    const registry = await listen(createServer());
    await expect(library.import(`${registry}/image:1`, options(400))).rejects.toMatchObject({
      code: 'registry_unreachable',
      message: expect.stringMatching(/^“127\.0\.0\.1:\d+” does not go on: nothing .* for 1 s/),
    });
    await expectTurn();
  });

  it('that lets a layer trickle is given up, and one that only takes its time is not', async () => {
    const digestOf = (bytes: Buffer): string =>
      `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const layer = rawTar({ name: 'a', content: Buffer.alloc(600_000, 'x') });
    const config = Buffer.from(
      JSON.stringify({
        ...{ architecture: 'amd64', os: 'linux', config: {} },
        rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
      }),
    );
    const type = 'application/vnd.oci.image';
    const described = (mediaType: string, bytes: Buffer): object => ({
      ...{ mediaType: `${type}.${mediaType}`, digest: digestOf(bytes), size: bytes.byteLength },
    });
    const manifest = Buffer.from(
      JSON.stringify({
        ...{ schemaVersion: 2, mediaType: `${type}.manifest.v1+json` },
        config: described('config.v1+json', config),
        layers: [described('layer.v1.tar', layer)],
      }),
    );
    let stepBytes = 1;
    const server = createHttpServer((request, response) => {
      const url = request.url ?? '';
      if (url.includes('/manifests/')) {
        response.setHeader('Content-Type', `${type}.manifest.v1+json`);
        response.end(manifest);
      } else if (url.endsWith(digestOf(config))) response.end(config);
      else if (url.endsWith(digestOf(layer))) {
        response.setHeader('Content-Length', layer.byteLength);
        let at = 0;
        const timer = setInterval(() => {
          response.write(layer.subarray(at, (at += stepBytes)));
          if (at >= layer.byteLength) response.end();
        }, 100);
        response.once('close', () => clearInterval(timer));
      } else response.end();
    });
    const registry = await listen(server);
    await expect(library.import(`${registry}/image:1`, options(1_500))).rejects.toMatchObject({
      code: 'registry_unreachable',
    });
    await expectTurn();
    // Twice as long as the deadline in all.
    stepBytes = 20_000;
    const stored = await library.import(`${registry}/image:1`, options(1_500));
    expect(stored).toMatchObject({ contentBytes: 600_000 });
  });
});
