/**
 * Proves that any container image runs as a microVM: what an import costs against the same by hand, that every
 * entry is where it belongs, how soon a command's first output comes, what its exit code was, what each network
 * preset lets through, and that images of ill will are refused. Prints one JSON object as its last line; exits 1
 * unless all of it holds. Takes some ten minutes, the first time longer: a Debian root is made by mmdebstrap.
 *
 * Usage: npm run accept -- containers [--only import|trees|run|presets|hostile]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ImageLibrary } from '../../src/main/images/container/index.ts';
import { AppError, networkSchema } from '../../src/shared/index.ts';
import { hostileImages } from '../support/hostile-images.ts';
import { buildImage } from '../support/image-builder.ts';
import { expectedReach, probeNetworks } from '../support/network-probe.ts';
import {
  benchImport,
  debianImage,
  measureImport,
  treeDifferences,
  whiteoutLayers,
} from './containers/import-bench.ts';
import { benchRuns } from './containers/run-bench.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const parts = ['import', 'trees', 'run', 'presets', 'hostile'] as const;
type Part = (typeof parts)[number];

const [option, only] = process.argv.slice(2);
if (option !== undefined && (option !== '--only' || !parts.includes(only as Part))) {
  throw new Error(`Usage: npm run accept -- containers [--only ${parts.join('|')}]`);
}
const wanted = (part: Part): boolean => only === undefined || only === part;

const gigabyte = `for n in $(seq 64); do
  head -c 8388608 /dev/urandom >random-$n; head -c 8388608 /dev/zero >zero-$n; done`;

const cache = process.env['NANDU_CACHE_DIR'] ?? join(homedir(), '.cache', 'nandu');
const folder = mkdtempSync(join(tmpdir(), 'nandu-containers-'));
const result: Record<string, unknown> = {};
const failures: string[] = [];
const hold = (name: string, holds: boolean): void => void (holds || failures.push(name));

try {
  if (wanted('import')) await measureImports();
  if (wanted('trees')) await compareTrees();
  if (wanted('run')) await measureRuns();
  if (wanted('presets')) await probePresets();
  if (wanted('hostile')) await refuseHostileImages();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const failure of failures) say(`does not hold: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
say(JSON.stringify({ name: 'containers', ok: failures.length === 0, ...result }));

async function measureImports(): Promise<void> {
  const debian = debianImage(join(cache, 'acceptance'));
  say(`a Debian of ${debian.packages} packages, ${mib(debian.layerBytes)} MiB packed`);
  const times = await benchImport(debian, folder, 5);
  say(`import ${times.importSeconds} s, by hand ${times.byHandSeconds} s`);
  const costs = {
    debian: measureImport(debian.layout, folder),
    layers200: measureImport(buildImage(folderOf('many'), manyLayers(200)), folder),
    gigabyte: measureImport(buildImage(folderOf('large'), [gigabyte]), folder),
  };
  const peaks = Object.entries(costs).map(([name, { memoryMiB, blockedMs }]) => {
    say(`${name}: ${memoryMiB} MiB more, ${blockedMs} ms without an answer`);
    return memoryMiB;
  });
  result['debianPackages'] = debian.packages;
  result['debianLayerMiB'] = mib(debian.layerBytes);
  result['importRatio'] = rounded(times.ratio, 3);
  result['peakImportMemoryMB'] = Math.max(...peaks);
  hold('import at most 1.3 times as long as by hand', times.ratio <= 1.3);
  hold('memory bounded to 100 MB', Math.max(...peaks) <= 100);
}

async function compareTrees(): Promise<void> {
  const debian = debianImage(join(cache, 'acceptance'));
  const found = [
    ...(await treeDifferences(debian.layout, folder)),
    ...(await treeDifferences(buildImage(folderOf('whiteouts'), whiteoutLayers()), folder)),
  ];
  for (const difference of found.slice(0, 20)) say(difference);
  result['treeDifferences'] = found.length;
  hold('trees as umoci makes them', found.length === 0);
}

async function measureRuns(): Promise<void> {
  const { ratio, runToOutputMs, bareBootMs, exitCodeSeen } = await benchRuns(15, say);
  Object.assign(result, { runToOutputMs, bareBootMs, runToBareRatio: ratio, exitCodeSeen });
  hold('first output within 1.25 bare boots', ratio <= 1.25);
  hold('exit code 7', exitCodeSeen === 7);
}

async function probePresets(): Promise<void> {
  const presets = await probeNetworks();
  result['presets'] = presets;
  for (const name of networkSchema.options) {
    hold(`network preset ${name}`, isDeepStrictEqual(presets[name], expectedReach[name]));
  }
}

async function refuseHostileImages(): Promise<void> {
  const seen: { case: string; refused: boolean; code: string }[] = [];
  for (const image of hostileImages) {
    const library = new ImageLibrary({
      ...{ folder: folderOf('hostile-library'), usedBy: () => [] },
      ...(image.freeBytes === undefined
        ? {}
        : { freeBytes: () => Promise.resolve(image.freeBytes ?? 0) }),
      onProblem: (problem) => say(String(problem)),
    });
    const { signal } = new AbortController();
    const code = await library
      .import(image.build(folderOf('hostile')), { architecture: 'amd64', signal })
      .then(
        () => 'imported',
        (error: unknown) => (error instanceof AppError ? error.code : String(error)),
      );
    const nothingListed = (await library.list()).length === 0;
    seen.push({ case: image.name, refused: code === image.code && nothingListed, code });
  }
  result['hostileImages'] = seen;
  hold(
    'hostile images refused',
    seen.every(({ refused }) => refused),
  );
}

function manyLayers(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => `mkdir -p d${n % 7}; head -c 20000 /dev/urandom >d${n % 7}/f${n}`,
  );
}

function folderOf(name: string): string {
  return mkdtempSync(join(folder, `${name}-`));
}

function mib(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
