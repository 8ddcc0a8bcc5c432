/** OCI layouts byte by byte: no tool would write what tests need. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** What may be wrong with an image. */
export interface RawImage {
  /** Tars, the bottom one first. */
  layers: Buffer[];
  architecture?: string;
  /** What lies there in place of the packed layers; the digest stays. */
  damage?: (packed: Buffer) => Buffer;
  /** What is packed in place of a layer; the digest is that of what lies there. */
  pack?: (tar: Buffer) => Buffer;
  mediaType?: string;
  diffIds?: string[];
  /** The configuration's bytes. */
  config?: (config: object) => string;
}

export const digestOf = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** @returns its name for an import: `oci:FOLDER:latest`. */
export function writeRawImage(folder: string, image: RawImage): string {
  const { layers, architecture = 'amd64', pack = gzipSync, damage = (same) => same } = image;
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const put = (bytes: Buffer | string, lies: Buffer | string = bytes): string => {
    const digest = digestOf(bytes);
    writeFileSync(join(blobs, digest.slice('sha256:'.length)), lies);
    return digest;
  };
  const packed = layers.map((tar) => pack(tar));
  const description = {
    ...{ architecture, os: 'linux', config: {} },
    rootfs: { type: 'layers', diff_ids: image.diffIds ?? layers.map(digestOf) },
  };
  const config = image.config?.(description) ?? JSON.stringify(description);
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      ...{ digest: put(config), size: Buffer.byteLength(config) },
    },
    layers: packed.map((bytes) => ({
      mediaType: image.mediaType ?? 'application/vnd.oci.image.layer.v1.tar+gzip',
      ...{ digest: put(bytes, damage(bytes)), size: bytes.byteLength },
    })),
  });
  const index = {
    schemaVersion: 2,
    manifests: [
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        ...{ digest: put(manifest), size: Buffer.byteLength(manifest) },
        annotations: { 'org.opencontainers.image.ref.name': 'latest' },
      },
    ],
  };
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return `oci:${folder}:latest`;
}
