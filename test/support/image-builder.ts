/** Builds container images by umoci and tar, and reads trees for a comparison entry by entry. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Fills a folder with what one layer has; runs as root where owners and devices matter. */
export type LayerScript = string;

const run = (program: string, args: string[], cwd?: string): string =>
  execFileSync(program, args, { encoding: 'utf8', cwd, stdio: ['ignore', 'pipe', 'pipe'] });

/** Whether this machine has what {@link buildImage} needs. */
export function canBuildImages(): boolean {
  try {
    run('umoci', ['--version']);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

/**
 * @param folder gets the layout `image` in it.
 * @param layers shell scripts, the bottom one first, each run in an empty folder that becomes the layer's tar.
 *   What a script names in `$TAR_ARGS_FILE`, a line each, is put in that order; else all of the folder.
 */
export function buildImage(folder: string, layers: readonly LayerScript[]): string {
  const layout = join(folder, 'image');
  run('umoci', ['init', '--layout', layout]);
  run('umoci', ['new', '--image', `${layout}:latest`]);
  for (const script of layers) {
    const content = mkdtempSync(join(folder, 'layer-'));
    const tar = `${content}.tar`;
    run('sh', ['-euc', `umask 022\n${script}`], content);
    const names = readdirSync(content).sort();
    run('tar', [
      ...[
        '--create',
        '--file',
        tar,
        '--format=pax',
        '--xattrs',
        '--xattrs-include=*',
        '--sort=name',
      ],
      ...['--numeric-owner', '--directory', content, '--', ...names],
    ]);
    run('umoci', ['raw', 'add-layer', '--image', `${layout}:latest`, tar]);
    rmSync(content, { recursive: true, force: true });
    rmSync(tar);
  }
  return layout;
}

/** What umoci makes of the image. */
export function unpackByUmoci(layout: string, bundle: string): string {
  run('umoci', ['unpack', '--image', `${layout}:latest`, bundle]);
  return join(bundle, 'rootfs');
}

/** What is in a squashfs. */
export function unpackSquashfs(image: string, folder: string): string {
  run('unsquashfs', ['-no-progress', '-quiet', '-dest', folder, image]);
  return folder;
}

/** Every entry below a folder, and of the folder itself mode and owner: type, mode, owner, time, device, target, content, links. */
export function readTree(root: string): Map<string, string> {
  const tree = new Map<string, string>();
  const firstNames = new Map<number, string>();
  const attributes = attributesBelow(root);
  const walk = (relative: string): void => {
    for (const name of readdirSync(join(root, relative)).sort()) {
      const path = relative === '' ? name : `${relative}/${name}`;
      const full = join(root, path);
      const stats = lstatSync(full);
      const parts = [
        `mode=${stats.mode.toString(8)} owner=${stats.uid}:${stats.gid}`,
        `time=${Math.floor(stats.mtimeMs / 1000)}`,
        `xattrs=${attributes.get(full) ?? ''}`,
      ];
      if (stats.isSymbolicLink()) parts.push(`target=${readlinkSync(full)}`);
      if (stats.isCharacterDevice() || stats.isBlockDevice()) parts.push(`device=${stats.rdev}`);
      if (stats.isFile()) {
        parts.push(`content=${createHash('sha256').update(readFileSync(full)).digest('hex')}`);
      }
      if (!stats.isDirectory() && stats.nlink > 1) {
        const first = firstNames.get(stats.ino) ?? path;
        firstNames.set(stats.ino, first);
        parts.push(`link=${first}`);
      }
      tree.set(path, parts.join(' '));
      if (stats.isDirectory()) walk(path);
    }
  };
  const { mode, uid, gid } = lstatSync(root);
  tree.set('.', `mode=${mode.toString(8)} owner=${uid}:${gid}`);
  walk('');
  return tree;
}

/** The extended attributes of everything below a folder, by its path; what has none is not in it. */
function attributesBelow(root: string): Map<string, string> {
  const text = execFileSync(
    'getfattr',
    [
      ...['--recursive', '--physical', '--no-dereference', '--dump', '--match=-'],
      ...['--encoding=hex', '--absolute-names', root],
    ],
    { encoding: 'latin1', maxBuffer: 1024 ** 3, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const found = new Map<string, string>();
  for (const block of text.split('\n\n')) {
    const [first = '', ...lines] = block.split('\n');
    // It writes odd bytes of names as octal numbers.
    const path = first
      .replace('# file: ', '')
      .replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    // A squashfs keeps the namespaces user, trusted and security (xattr(7)), so no ACLs.
    const own = lines.filter(
      (line) => line.includes('=') && !/^(security\.selinux|system\.posix_acl_)/.test(line),
    );
    found.set(Buffer.from(path, 'latin1').toString(), own.sort().join(','));
  }
  return found;
}

/** The entries in which two trees differ, as a person reads them. */
export function differences(a: Map<string, string>, b: Map<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => `${path}: ${a.get(path) ?? 'absent'} | ${b.get(path) ?? 'absent'}`);
}
