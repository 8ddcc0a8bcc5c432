/**
 * Proves the first whole path through the real window: create, start, type, see the boot, stop, and
 * find it all again. Prints one JSON object as its last line; exits 1 unless all of it holds.
 */
import { rmSync } from 'node:fs';
import { median } from '../../src/shared/index.ts';
import type { Run } from '../../src/shared/index.ts';
import { NanduApp } from '../support/app.ts';
import { commandByHand, prompt, startByHand } from '../support/by-hand.ts';
import { temporaryDirectory } from '../support/folders.ts';

declare global {
  interface Window {
    acceptance?: { clickedAtMs: number | null; promptAtMs: number | null };
  }
}

const pairs = 5;
/** An ELF unpacks nothing, and there is no container: two of the eight are not there. */
const plainPhases = 6;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const dataDirectory = temporaryDirectory();
const rawDirectory = temporaryDirectory();
try {
  const result = await accept();
  process.exitCode = result.ok ? 0 : 1;
  say(JSON.stringify(result));
} finally {
  for (const path of [dataDirectory, rawDirectory]) rmSync(path, { recursive: true, force: true });
}

async function accept(): Promise<{ name: 'main'; ok: boolean } & Record<string, unknown>> {
  let app = await NanduApp.start({ dataDirectory });
  const nandu: number[] = [];
  const raw: number[] = [];
  let stopMs: number;
  let run: Run;
  let echo: boolean;
  try {
    await app.createMachine({ Name: 'acceptance' });
    await app.openTab('Console');
    // A pair to warm the caches, which is not counted. Who begins alternates, because a host drifts.
    for (let pair = 0; pair <= pairs; pair += 1) {
      const rawFirst = pair > 0 && (pair % 2 === 0 || pair === pairs);
      const before = rawFirst ? await byHand(await argvOf(app)) : null;
      const nanduMs = await startInWindow(app);
      run = await app.waitForReady('acceptance');
      if (pair < pairs) await stopInWindow(app);
      const rawMs = before ?? (await byHand(run.argv));
      const bootMs = run.boot?.totalMs ?? NaN;
      say(
        `pair ${pair}: Nandu ${nanduMs.toFixed(0)} ms (spawn to ready ${bootMs.toFixed(0)}), raw ${rawMs.toFixed(0)} ms`,
      );
      // No window shows a prompt before the guest has printed it.
      if (nanduMs < bootMs * 0.9)
        throw new Error(
          `measured ${nanduMs} ms for a boot of ${bootMs} ms: the measuring is wrong`,
        );
      if (pair === 0) continue;
      nandu.push(nanduMs);
      raw.push(rawMs);
    }
    run = await app.waitForReady('acceptance');
    await app.type('echo nandu-$((6*7))\n');
    await app.waitForConsole('nandu-42');
    echo = true;
    await app.openTab('Boot');
    await app.page.getByRole('table', { name: 'Boot phases' }).waitFor();
    stopMs = await stopInWindow(app);
  } finally {
    await app.close();
  }
  if (app.pageErrors.length > 0)
    throw new Error(`errors in the page: ${app.pageErrors.join('; ')}`);

  app = await NanduApp.start({ dataDirectory });
  let reopenedWithHistory: boolean;
  try {
    reopenedWithHistory = await hasHistory(app, pairs + 1);
  } finally {
    await app.close();
  }

  const startToConsoleMs = medianOf(nandu);
  const rawStartToConsoleMs = medianOf(raw);
  const overheadMs = startToConsoleMs - rawStartToConsoleMs;
  const allowedMs = Math.max(50, 0.05 * rawStartToConsoleMs);
  const phases = run.boot?.phases ?? [];
  const phasesCoverTotal = coverTotal(run);
  return {
    name: 'main',
    ok: overheadMs <= allowedMs && echo && phasesCoverTotal && reopenedWithHistory,
    startToConsoleMs: round(startToConsoleMs),
    rawStartToConsoleMs: round(rawStartToConsoleMs),
    overheadMs: round(overheadMs),
    allowedMs: round(allowedMs),
    samples: { nandu: nandu.map(round), raw: raw.map(round) },
    echo,
    phases: phases.map(({ name, startMs, durationMs }) => ({
      ...{ name, startMs: round(startMs), durationMs: round(durationMs) },
    })),
    phasesCoverTotal,
    stopMs: round(stopMs),
    reopenedWithHistory,
  };
}

/** The command of the machine's last run, which is that of the next one but for its folders. */
async function argvOf(app: NanduApp): Promise<readonly string[]> {
  return (await app.machines())[0]?.run?.argv ?? [];
}

/** From the person's click on Start until the prompt is drawn in the window's console. */
async function startInWindow(app: NanduApp): Promise<number> {
  await app.page.evaluate((wanted) => {
    const times: NonNullable<Window['acceptance']> = { clickedAtMs: null, promptAtMs: null };
    window.acceptance = times;
    window.addEventListener('click', () => (times.clickedAtMs = performance.now()), {
      ...{ capture: true, once: true },
    });
    // The last run's lines, its prompt among them, are shown until the new run clears the screen.
    // Looks only when the terminal has drawn: looking at every frame would slow what it measures.
    let cleared = false;
    const observer = new MutationObserver(() => {
      const rows = document.querySelector('.xterm-rows')?.textContent ?? '';
      const shown = rows.replaceAll('\u00a0', ' ').includes(wanted);
      cleared ||= !shown;
      if (!cleared || !shown) return;
      times.promptAtMs = performance.now();
      observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  }, prompt);
  await app.button('Start').first().click();
  await app.page.waitForFunction(() => window.acceptance?.promptAtMs != null, undefined, {
    ...{ timeout: 60_000, polling: 250 },
  });
  const times = await app.page.evaluate(() => window.acceptance);
  if (times?.clickedAtMs == null || times.promptAtMs === null) throw new Error('not measured');
  return times.promptAtMs - times.clickedAtMs;
}

async function stopInWindow(app: NanduApp): Promise<number> {
  const startedAt = performance.now();
  await app.button('Stop').click();
  await app.waitForState('Stopped');
  return performance.now() - startedAt;
}

function byHand(argv: readonly string[]): Promise<number> {
  return startByHand(commandByHand(argv, rawDirectory), rawDirectory);
}

function coverTotal(run: Run): boolean {
  const { boot } = run;
  if (boot === null || boot.phases.length !== plainPhases) return false;
  let endMs = 0;
  for (const { startMs, durationMs } of boot.phases) {
    if (Math.abs(startMs - endMs) > 0.001) return false;
    endMs = startMs + durationMs;
  }
  return Math.abs(endMs - boot.totalMs) <= 0.001;
}

/** After a restart of the app: the console's end, the phases and every run are shown. */
async function hasHistory(app: NanduApp, runs: number): Promise<boolean> {
  await app.page.getByRole('list', { name: 'Machines' }).getByText('acceptance').click();
  await app.openTab('Console');
  await app.waitForConsole('nandu-42', 10_000);
  await app.openTab('Boot');
  await app.page.getByRole('figure', { name: 'Boot history' }).waitFor();
  await app.page.getByRole('table', { name: 'Boot phases' }).waitFor();
  const [machine] = await app.machines();
  if (machine === undefined) return false;
  const reply = await app.page.evaluate(
    (machineId) => window.nandu.invoke('run:list', { machineId, limit: 100 }),
    machine.id,
  );
  return reply.ok && reply.value.filter((run) => run.boot?.reached === 'ready').length === runs;
}

function medianOf(values: number[]): number {
  if (values.length === 0) throw new Error('nothing was measured');
  return median(values);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
