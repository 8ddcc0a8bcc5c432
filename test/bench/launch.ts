/**
 * From spawning the app until a person can use its window, against an Electron window with nothing in it.
 * In turns; both are driven and looked at in the same way.
 */
import { cpSync, existsSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchPatiently, NanduApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';
import { projectRoot, readRuntime } from '../support/runtime.ts';
import { figuresOf, ratioOf, type Figures } from './figures.ts';

export interface LaunchBench {
  readonly figures: { readonly nandu: Figures; readonly empty: Figures };
  readonly launchToEmpty: Figures;
}

const emptyApp = join(projectRoot, 'test', 'bench', 'empty-app');

/** @param rounds that count. */
export async function benchLaunch(
  rounds: number,
  say: (line: string) => void,
): Promise<LaunchBench> {
  const dataDirectory = temporaryDirectory();
  const samples = { nandu: [] as number[], empty: [] as number[] };
  try {
    for (let round = 0; round <= rounds; round++) {
      const ways = [
        ['nandu', () => launchNandu(dataDirectory)],
        ['empty', () => launchEmpty(dataDirectory)],
      ] as const;
      for (const [name, launch] of round % 2 === 0 ? ways : ways.toReversed()) {
        const ms = await launch();
        if (round > 0) samples[name].push(ms);
      }
      say(
        `launch ${round}: Nandu ${samples.nandu.at(-1)?.toFixed(0) ?? '(warm-up)'} ms, empty window ${samples.empty.at(-1)?.toFixed(0) ?? '(warm-up)'} ms`,
      );
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
  return {
    figures: { nandu: figuresOf(samples.nandu), empty: figuresOf(samples.empty) },
    launchToEmpty: ratioOf(samples.nandu, samples.empty),
  };
}

/**
 * Resolves when a page says something and a button in it can be pressed. It is looked at with every frame: Playwright
 * asks for what is not there yet after 20, 70, 170, 270 and 770 ms, which would be its own time and not the app's.
 */
async function whenPressable(page: Page, button: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([name = '', words = '']) =>
      document.body.innerText.includes(words) &&
      [...document.querySelectorAll('button')].some(({ innerText }) => innerText.includes(name)),
    [button, text],
    { polling: 'raf' },
  );
  await page.getByRole('button', { name: button }).first().click({ trial: true });
}

/** Interactive: the list of machines is there, and "New machine" can be pressed. */
async function launchNandu(dataDirectory: string): Promise<number> {
  const app = await NanduApp.launch({ dataDirectory });
  try {
    await whenPressable(app.page, 'New machine', 'No machines yet');
    return performance.now() - app.startedAtMs;
  } finally {
    await app.close();
  }
}

/**
 * An Electron that shows the empty window. The one that set-up puts together from packages finds its app beside
 * itself, whatever it is told: it is linked anew with the other app in that place.
 */
function emptyElectron(folder: string): { executablePath: string; app: string[] } {
  const { electron, appArgument } = readRuntime();
  if (appArgument !== '') return { executablePath: electron, app: [emptyApp] };
  const copy = join(folder, 'electron');
  if (!existsSync(copy)) {
    cpSync(dirname(electron), copy, {
      ...{ recursive: true, verbatimSymlinks: true },
      filter: (path) => basename(path) !== 'app',
    });
    symlinkSync(emptyApp, join(copy, 'resources', 'app'));
  }
  return { executablePath: join(copy, basename(electron)), app: [] };
}

async function launchEmpty(folder: string): Promise<number> {
  const { executablePath, app: appWords } = emptyElectron(folder);
  const { electron: app, startedAtMs } = await launchPatiently({
    executablePath,
    args: [...appWords, '--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    colorScheme: null,
    cwd: projectRoot,
  });
  try {
    const page = await app.firstWindow();
    await whenPressable(page, 'ready', 'ready');
    return performance.now() - startedAtMs;
  } finally {
    await app.close();
  }
}
