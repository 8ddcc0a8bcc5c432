/**
 * How an import of a real Debian root compares with the same done by hand: time, memory, and every entry of the
 * tree. Parts for the acceptance; each returns plain numbers and decides nothing.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ImageLibrary } from '../../../src/main/images/container/index.ts';
import {
  differences,
  readTree,
  unpackByUmoci,
  unpackSquashfs,
} from '../../support/image-builder.ts';

/** A real root file system as an image of one layer. */
export interface DebianImage {
  /** An OCI layout with the image `latest`. */
  readonly layout: string;
  /** The gzip-packed layer in it. */
  readonly layer: string;
  readonly layerBytes: number;
  readonly packages: number;
}

const sh = (script: string, cwd: string): string =>
  execFileSync('sh', ['-euc', script], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/**
 * @param cache a folder that keeps it: mmdebstrap fetches hundreds of packages from the configured mirror.
 * @throws Error with mmdebstrap's last words, where there is no mirror or no mmdebstrap.
 */
export function debianImage(cache: string): DebianImage {
  const done = join(cache, 'debian');
  if (!existsSync(done)) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, 'debian-'));
    try {
      sh('mmdebstrap --quiet --variant=standard bookworm root.tar </dev/null', work);
      sh(`tar --extract --to-stdout --file root.tar ./var/lib/dpkg/status >status`, work);
      sh('umoci init --layout image && umoci new --image image:latest', work);
      sh('umoci raw add-layer --image image:latest root.tar && rm root.tar', work);
      renameSync(work, done);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const blobs = join(done, 'image', 'blobs', 'sha256');
  const layer = sh(`ls -S '${blobs}' | head -n 1`, done).trim();
  return {
    ...{ layout: join(done, 'image'), layer: join(blobs, layer) },
    layerBytes: statSync(join(blobs, layer)).size,
    packages: Number(sh(`grep -c '^Package: ' status`, done)),
  };
}

/** Scripts of layers for `buildImage`: 60, with every way in which one layer hides what another has. */
export function whiteoutLayers(): string[] {
  const base = `mkdir -p gone kept/sub opaque/sub tree/a/b swap other deep/1/2/3 empty links
    for n in $(seq 60); do echo $n >gone/$n; echo $n >kept/$n; echo $n >tree/a/$n; done
    echo 1 >opaque/old; echo 1 >opaque/sub/old; echo 1 >file; echo 1 >file-to-folder; echo 1 >swap/x
    ln -s file link; ln -s nowhere lost; mknod device c 1 3; mkfifo pipe; echo 1 >links/first
    ln links/first links/second; ln links/first links/third; echo 1 >deep/1/2/3/x; echo 1 >.wrong`;
  const ways = [
    ': >.wh.file', // a file
    ': >.wh.link; : >.wh.lost', // symbolic links
    ': >.wh.device; : >.wh.pipe', // what is neither
    ': >.wh.gone', // a folder with all in it
    'mkdir gone; echo again >gone/again', // and it is there anew
    'mkdir opaque; : >opaque/.wh..wh..opq; echo new >opaque/new', // all of a folder but what is new
    'mkdir -p opaque/sub; echo new >opaque/sub/new', // what was hidden does not come back
    'mkdir links; : >links/.wh.first', // a hard link's first name
    'mkdir links; echo other >links/second', // another of its names
    ': >.wh.nothing', // what never was
    ': >.wh.swap; echo file >swap', // a folder that becomes a file in the layer that removes it
    ': >.wh.swap; mkdir swap; echo back >swap/y', // and a folder again
    ': >.wh.file-to-folder; mkdir file-to-folder; echo x >file-to-folder/x',
    'mkdir -p deep/1/2; : >deep/1/2/.wh.3', // deep down
    'mkdir -p deep/1; : >deep/1/.wh..wh..opq; mkdir deep/1/9; echo 9 >deep/1/9/x',
    ': >.wh..wrong', // a name that begins with a dot
    'mkdir kept; chmod 700 kept; : >kept/.wh.sub', // with new attributes of the folder
    ': >.wh.empty', // an empty folder
    'echo a >tree; ', // a file in the place of a folder, without a whiteout
    'mkdir -p tree/a; echo b >tree/a/new', // and a folder in the place of that file
  ];
  const rest = Array.from({ length: 59 - ways.length }, (_, n) => {
    const hide = `mkdir -p kept; : >kept/.wh.${n + 1}`;
    return `${hide}; mkdir -p grows; echo ${n} >grows/${n}${n > 2 ? `; : >grows/.wh.${n - 3}` : ''}`;
  });
  return [base, ...ways, ...rest];
}

/** In seconds. */
export interface ImportTimes {
  /** From the name to the image in the library, with its fetching and the disk's flush. */
  readonly importSeconds: number;
  /** `zcat layer | sqfstar -comp lz4`. */
  readonly byHandSeconds: number;
  /** Median of the ratios of neighbours. */
  readonly ratio: number;
}

/** @param rounds of each, interleaved, so that a noisy host hits both; one more of each before warms the caches. */
export async function benchImport(
  { layout, layer }: Pick<DebianImage, 'layout' | 'layer'>,
  folder: string,
  rounds: number,
): Promise<ImportTimes> {
  const times: { imported: number; byHand: number }[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const image = join(folder, 'by-hand.squashfs');
    let from = performance.now();
    sh(`zcat <'${layer}' | sqfstar -comp lz4 -quiet -no-progress '${image}' 2>errors`, folder);
    const byHand = (performance.now() - from) / 1000;
    rmSync(image);
    from = performance.now();
    await importOnce(layout, join(folder, 'library'));
    const imported = (performance.now() - from) / 1000;
    rmSync(join(folder, 'library'), { recursive: true });
    if (round > 0) times.push({ imported, byHand });
  }
  return {
    importSeconds: median(times.map(({ imported }) => imported)),
    byHandSeconds: median(times.map(({ byHand }) => byHand)),
    ratio: median(times.map(({ imported, byHand }) => imported / byHand)),
  };
}

/** What an import costs the process that does it. */
export interface ImportCost {
  /** The most memory that it had in RAM at once, less what it had before. */
  readonly memoryMiB: number;
  /** The longest that the process answered nothing else. */
  readonly blockedMs: number;
  readonly seconds: number;
}

/** In a fresh process, whose modules are loaded and whose garbage is collected before. */
export function measureImport(layout: string, folder: string): ImportCost {
  const script = fileURLToPath(new URL('import-once.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', script, layout, join(folder, 'measured')],
    { encoding: 'utf8' },
  );
  rmSync(join(folder, 'measured'), { recursive: true, force: true });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ImportCost;
}

/** Every entry that differs between our root of an image and umoci's, as a person reads it. */
export async function treeDifferences(layout: string, folder: string): Promise<string[]> {
  const work = mkdtempSync(join(folder, 'trees-'));
  try {
    const root = await importOnce(layout, join(work, 'library'));
    const ours = readTree(unpackSquashfs(root, join(work, 'ours')));
    return differences(ours, readTree(unpackByUmoci(layout, join(work, 'bundle'))));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @returns where the root lies. */
async function importOnce(layout: string, folder: string): Promise<string> {
  const library = new ImageLibrary({
    ...{ folder, usedBy: () => [] },
    onProblem: (problem) => {
      throw problem;
    },
  });
  const { signal } = new AbortController();
  const image = await library.import(`oci:${layout}:latest`, { architecture: 'amd64', signal });
  return library.rootOf(image);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
