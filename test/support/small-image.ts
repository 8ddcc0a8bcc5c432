/** A container image of a static busybox and whatever a test adds, written without any tool but tar. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What an image says of its command (OCI image-spec, config.md). */
export interface SmallImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  StopSignal?: string;
}

const applets = [
  ...['sh', 'cat', 'ls', 'echo', 'id', 'env', 'sleep', 'stat', 'mkdir', 'ln', 'touch', 'df', 'ps'],
  ...['kill', 'pwd', 'grep', 'mount', 'hostname', 'dd', 'yes', 'head', 'wc', 'stty', 'tty', 'nc'],
  ...['wget', 'nslookup', 'ip', 'rm', 'seq', 'readlink', 'sync', 'uptime', 'sha256sum', 'chmod'],
];

/**
 * @param folder gets a layout of the name in it, in place of one that is there.
 * @param files contents by path; one that ends with `.sh` is executable.
 * @returns what to import: `oci:PATH`.
 */
export function smallImage(
  folder: string,
  name: string,
  config: SmallImageConfig,
  { files = {}, shell = true }: { files?: Record<string, string>; shell?: boolean } = {},
): string {
  const root = join(folder, `${name}-root`);
  const layout = join(folder, name);
  for (const old of [root, layout]) rmSync(old, { recursive: true, force: true });
  for (const part of ['bin', 'etc', 'tmp', 'root'])
    mkdirSync(join(root, part), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  if (shell) for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
  const all: Record<string, string> = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nworker:x:1000:1000::/home/worker:/bin/sh\n',
    'etc/group': 'root:x:0:\nworker:x:1000:\naudio:x:29:worker\n',
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content, { mode: path.endsWith('.sh') ? 0o755 : 0o644 });
  }
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  const layerPath = join(folder, `${name}.tar`);
  execFileSync('tar', [
    ...['--create', '--file', layerPath, '--sort=name', '--mtime=@1700000000', '--format=pax'],
    ...['--pax-option=delete=atime,delete=ctime', '--numeric-owner', '--owner=0', '--group=0'],
    ...['--directory', root, '.'],
  ]);
  const blob = (content: Buffer): { digest: string; size: number } => {
    const hex = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(layout, 'blobs/sha256', hex), content);
    return { digest: `sha256:${hex}`, size: content.byteLength };
  };
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const layer = blob(readFileSync(layerPath));
  const described = blob(
    json({
      ...{ architecture: 'amd64', os: 'linux', config },
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
    }),
  );
  const type = 'application/vnd.oci.image';
  const manifest = blob(
    json({
      ...{ schemaVersion: 2, mediaType: `${type}.manifest.v1+json` },
      config: { mediaType: `${type}.config.v1+json`, ...described },
      layers: [{ mediaType: `${type}.layer.v1.tar`, ...layer }],
    }),
  );
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(layout, 'index.json'),
    json({
      schemaVersion: 2,
      manifests: [
        {
          ...{ mediaType: `${type}.manifest.v1+json`, ...manifest },
          annotations: { 'org.opencontainers.image.ref.name': 'latest' },
        },
      ],
    }),
  );
  return `oci:${layout}`;
}
