/**
 * Drives the built app through its real window, as a person would: by accessible names.
 * Every app started here gets a data folder of its own and is ended by whoever started it.
 */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { _electron, type ElectronApplication, type Locator, type Page } from 'playwright-core';
import type {
  MachineView,
  RequestInput,
  RequestName,
  RequestOutput,
  Run,
} from '../../src/shared/index.ts';
import { temporaryDirectory } from './folders.ts';
import { projectRoot, readRuntime } from './runtime.ts';

export interface AppOptions {
  /** Kept by the caller; a fresh one that goes with the app otherwise. */
  dataDirectory?: string;
  env?: Record<string, string>;
  theme?: 'dark' | 'light';
  size?: { width: number; height: number };
  /** More words for Electron's command line. */
  switches?: string[];
  /** Another way to start it, with Chromium's sandbox. */
  executable?: { path: string; appArgument: string };
}

/** One started app. */
export class NanduApp {
  readonly electron: ElectronApplication;
  /** `performance.now()` of this process before it was started. */
  readonly startedAtMs: number;
  readonly page: Page;
  readonly dataDirectory: string;
  /** What went wrong in the page and nobody expected. */
  readonly pageErrors: string[] = [];
  readonly #ownsData: boolean;

  private constructor(
    electron: ElectronApplication,
    startedAtMs: number,
    page: Page,
    data: string,
    ownsData: boolean,
  ) {
    this.electron = electron;
    this.startedAtMs = startedAtMs;
    this.page = page;
    this.dataDirectory = data;
    this.#ownsData = ownsData;
    page.on('pageerror', (error) => this.pageErrors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.pageErrors.push(message.text());
    });
  }

  /** Starts the app and waits for its machine list. */
  static async start(options: AppOptions = {}): Promise<NanduApp> {
    const app = await NanduApp.launch(options);
    const { electron, page } = app;
    await page.getByRole('button', { name: 'New machine' }).first().waitFor();
    // Main reads most of its code meanwhile, and Playwright loses what it asks of it then.
    await app.machines();
    if (options.size !== undefined) {
      await electron.evaluate(({ BrowserWindow }, { width, height }) => {
        BrowserWindow.getAllWindows()[0]?.setContentSize(width, height);
      }, options.size);
    }
    if (options.theme !== undefined) await app.chooseTheme(options.theme);
    return app;
  }

  /** Starts the app and waits for nothing but its window; `size` and `theme` have no say. */
  static async launch(options: AppOptions = {}): Promise<NanduApp> {
    const runtime = readRuntime();
    const data = options.dataDirectory ?? temporaryDirectory();
    const executable = options.executable ?? {
      path: runtime.electron,
      appArgument: runtime.appArgument,
    };
    const noSandbox = options.executable === undefined && process.getuid?.() === 0;
    const { electron, startedAtMs } = await launchPatiently({
      executablePath: executable.path,
      args: [
        ...(executable.appArgument === '' ? [] : [executable.appArgument]),
        '--disable-gpu',
        ...(noSandbox ? ['--no-sandbox'] : []),
        ...(options.switches ?? []),
      ],
      // Playwright would otherwise pretend a light desktop, whatever Nandu chooses.
      colorScheme: null,
      cwd: projectRoot,
      env: {
        ...definedOnly(process.env),
        NANDU_DATA_DIR: data,
        ...(runtime.sqliteBinding === null ? {} : { NANDU_SQLITE_BINDING: runtime.sqliteBinding }),
        ...options.env,
      },
    });
    const page = await electron.firstWindow();
    return new NanduApp(
      ...([electron, startedAtMs, page, data, options.dataDirectory === undefined] as const),
    );
  }

  /** Shows a theme until the page's own settings are next stored. */
  async chooseTheme(theme: 'dark' | 'light'): Promise<void> {
    await this.electron.evaluate(({ nativeTheme }, chosen) => {
      nativeTheme.themeSource = chosen;
    }, theme);
  }

  /** Ends the app the way a person does; running machines are stopped or kept as said. */
  async close(parting: 'stop' | 'keep' = 'stop'): Promise<void> {
    // The desktop's own dialog can't be clicked from here: it is answered in its place.
    await this.electron.evaluate(
      ({ dialog }, response) => {
        dialog.showMessageBox = () => Promise.resolve({ response, checkboxChecked: false });
      },
      parting === 'stop' ? 0 : 1,
    );
    await this.electron.close();
    if (this.#ownsData) rmSync(this.dataDirectory, { recursive: true, force: true });
  }

  /** Creates a machine in the dialog; fields that are left out keep their defaults. */
  async createMachine(fields: Partial<Record<FieldLabel, string>>): Promise<void> {
    const dialog = await this.openNewMachine();
    await this.fill(dialog, fields);
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  async openNewMachine(): Promise<Locator> {
    await this.page.getByRole('button', { name: 'New machine' }).first().click();
    const dialog = this.page.getByRole('dialog', { name: 'New machine' });
    await dialog.waitFor();
    return dialog;
  }

  async fill(dialog: Locator, fields: Partial<Record<FieldLabel, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) {
      const field = dialog.getByLabel(label, { exact: true });
      if (label === 'Preset') await field.selectOption({ label: value });
      else await field.fill(value);
    }
  }

  /** Waits until nothing fades or slides any more; what moves for ever, like a spinner, does not count. */
  async atRest(): Promise<void> {
    await this.page.waitForFunction(
      () =>
        new Promise((resolve) => {
          // Two frames: what a click or a theme changes starts its transitions in the next one.
          requestAnimationFrame(() =>
            requestAnimationFrame(() =>
              resolve(
                document
                  .getAnimations()
                  .every(
                    ({ playState, effect }) =>
                      playState !== 'running' || effect?.getComputedTiming().endTime === Infinity,
                  ),
              ),
            ),
          );
        }),
      undefined,
      { timeout: 10_000, polling: 50 },
    );
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  async openTab(name: TabTitle): Promise<void> {
    await this.page.getByRole('tab', { name }).click();
  }

  /** Waits until the chosen machine's status reads so. */
  async waitForState(state: string, timeoutMs = 60_000): Promise<void> {
    await this.page
      .getByRole('status')
      .filter({ hasText: new RegExp(`^\\s*${state}\\s*$`) })
      .first()
      .waitFor({ timeout: timeoutMs });
  }

  /** Asks main as the page does. @throws with main's message. */
  async invoke<N extends RequestName>(name: N, input: RequestInput<N>): Promise<RequestOutput<N>> {
    const reply = await this.page.evaluate(
      // The page's bridge cannot be typed by a name that is only known there.
      ([called, given]) => window.nandu.invoke(called as never, given as never),
      [name, input] as const,
    );
    if (!reply.ok) throw new Error(`${name}: ${reply.error.message}`);
    return reply.value as RequestOutput<N>;
  }

  /** All machines as main knows them. */
  async machines(): Promise<MachineView[]> {
    const reply = await this.page.evaluate(() => window.nandu.invoke('machine:list', undefined));
    if (!reply.ok) throw new Error(reply.error.message);
    return reply.value;
  }

  /** Waits until a machine's current run has booted to the end. */
  async waitForReady(name: string, timeoutMs = 60_000): Promise<Run> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const machine = (await this.machines()).find(({ spec }) => spec.name === name);
      const run = machine?.run;
      if (machine?.state === 'running' && run?.boot?.reached === 'ready') return run;
      await delay(50);
    }
    throw new Error(`“${name}” was not ready within ${timeoutMs} ms`);
  }

  /** What the console shows now, without trailing blanks. */
  async consoleText(): Promise<string> {
    return this.page
      .locator('.xterm-rows')
      .first()
      .evaluate((rows) =>
        [...rows.children]
          .map((row) => (row.textContent ?? '').trimEnd())
          .join('\n')
          .trimEnd(),
      );
  }

  /** Waits, frame by frame, until the console shows a text. */
  async waitForConsole(text: string, timeoutMs = 60_000): Promise<void> {
    await this.page.waitForFunction(
      (wanted) =>
        [...document.querySelectorAll('.xterm-rows')].some((rows) =>
          (rows.textContent ?? '').replaceAll('\u00a0', ' ').includes(wanted),
        ),
      text,
      { timeout: timeoutMs, polling: 'raf' },
    );
  }

  /** Types into the console as a person would. */
  async type(text: string): Promise<void> {
    await this.page.getByRole('region', { name: 'Serial console' }).locator('textarea').focus();
    await this.page.keyboard.type(text);
  }
}

export type TabTitle = 'Overview' | 'Console' | 'Boot' | 'Settings' | 'Command' | 'Logs';

export type FieldLabel =
  | 'Name'
  | 'Preset'
  | 'Container image'
  | 'Command'
  | 'vCPUs'
  | 'Memory (MiB)'
  | 'Kernel'
  | 'Initrd'
  | 'Kernel command line';

interface Launched {
  readonly electron: ElectronApplication;
  /** `performance.now()` before the attempt that succeeded. */
  readonly startedAtMs: number;
}

/** How long each try may take: a start needs one or two seconds, on a busy computer some more. */
const launchTriesMs = [5_000, 5_000, 10_000, 40_000];

/**
 * Playwright waits for ever where it meets a window whose page is just then being loaded: the page's arrival
 * is told before it listens (about one start in eight here). More tries, each said aloud.
 */
export async function launchPatiently(
  options: NonNullable<Parameters<typeof _electron.launch>[0]>,
): Promise<Launched> {
  let failure: unknown;
  for (const timeout of launchTriesMs) {
    const startedAtMs = performance.now();
    try {
      return { electron: await _electron.launch({ ...options, timeout }), startedAtMs };
    } catch (error) {
      failure = error;
      process.stderr.write(`Electron did not come up: ${String(error).split('\n')[0]}\n`);
    }
  }
  throw failure;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
