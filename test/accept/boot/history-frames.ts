/**
 * Measures how smoothly the history of 10,000 runs pans and zooms in the real window.
 * The runs are made up; the frames are not: they are counted in the page, as it draws them.
 */
import { rmSync } from 'node:fs';
import { defaultSpec } from '../../../src/shared/index.ts';
import { NanduApp } from '../../support/app.ts';
import { repeatable, timelineOf, writeRuns } from '../../support/boot-history.ts';
import { temporaryDirectory } from '../../support/folders.ts';

/** Frames of one movement. */
export interface Frames {
  /** Frames drawn, by the time that they took. */
  perSecond: number;
  /** The interval that 95 % of the frames kept to, in milliseconds. */
  p95Ms: number;
  worstMs: number;
}

export interface HistoryFrames {
  runs: number;
  /** From opening the tab until the last of the runs is drawn. */
  shownAfterMs: number;
  /** Nine tenths of all runs in view. */
  panMany: Frames;
  /** A tenth of them. */
  panFew: Frames;
  zoom: Frames;
}

/** What of a wheel's event matters; the page's own type does not cross into it. */
interface Wheel {
  deltaY: number;
  ctrlKey?: boolean;
  shiftKey?: boolean;
}

const frames = 180;
const name = 'long-history';

/** @param runs how many are in the history */
export async function measureHistoryFrames(runs = 10_000): Promise<HistoryFrames> {
  const dataDirectory = temporaryDirectory();
  try {
    let app = await NanduApp.start({ dataDirectory });
    const { id } = await app.invoke('machine:create', { ...defaultSpec, name });
    await app.close();
    const random = repeatable(11);
    const spec = { ...defaultSpec, name };
    const madeUp = Array.from({ length: runs }, (_, index) => ({
      ...{ spec, startedAtMs: Date.now() - (runs - index) * 60_000 },
      boot: timelineOf({
        ...{ 'process-start': 60, qmp: 20, firmware: 9, 'kernel-load': 30 },
        ...{ kernel: (index > runs / 2 ? 400 : 500) + random() * 40, 'user-space': 190 },
      }),
    }));
    writeRuns(dataDirectory, id, madeUp);
    app = await NanduApp.start({ dataDirectory, size: { width: 1280, height: 900 } });
    try {
      return { runs, ...(await measure(app, runs)) };
    } finally {
      await app.close();
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

async function measure(app: NanduApp, runs: number): Promise<Omit<HistoryFrames, 'runs'>> {
  const began = performance.now();
  await app.openTab('Boot');
  const figure = app.page.getByRole('figure', { name: 'Boot history' });
  const all = new Intl.NumberFormat('en-US').format(runs);
  await figure.getByText(`${all} runs`).first().waitFor({ timeout: 60_000 });
  await app.atRest();
  const shownAfterMs = Math.round(performance.now() - began);
  await app.page.waitForTimeout(500);
  const zoom = await best(() => turn(app, { ctrlKey: true, deltaY: -12 }));
  await figure.getByRole('slider').press('0');
  await turn(app, { ctrlKey: true, deltaY: -52 }, 1); // to nine tenths
  await figure.locator('button[aria-label=Fit]:not([aria-disabled])').waitFor();
  const panMany = await best(() => turn(app, { shiftKey: true, deltaY: 6 }));
  await figure.getByRole('slider').press('0');
  await turn(app, { ctrlKey: true, deltaY: -1150 }, 1); // to a tenth
  const panFew = await best(() => turn(app, { shiftKey: true, deltaY: 6 }));
  return { shownAfterMs, panMany, panFew, zoom };
}

/** The better of two: whatever else runs on this computer takes frames, too. */
async function best(move: () => Promise<Frames>): Promise<Frames> {
  const [one, other] = [await move(), await move()];
  return one.perSecond >= other.perSecond ? one : other;
}

/** Turns the wheel once a frame, back and forth, and watches the frames. */
function turn(app: NanduApp, wheel: Wheel, count = frames): Promise<Frames> {
  return app.page.locator('figure .u-over').evaluate(
    async (over, [given, wanted]) => {
      const { left, top, width, height } = over.getBoundingClientRect();
      const at = { clientX: left + width / 2, clientY: top + height / 2 };
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      const times = [await frame()];
      for (let index = 0; index < wanted; index += 1) {
        const deltaY = given.deltaY * (wanted > 1 && Math.floor(index / 45) % 2 === 1 ? -1 : 1);
        over.dispatchEvent(
          new WheelEvent('wheel', { ...given, ...at, deltaY, bubbles: true, cancelable: true }),
        );
        times.push(await frame());
      }
      const spans = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      const sorted = spans.toSorted((a, b) => a - b);
      const round = (value: number): number => Math.round(value * 10) / 10;
      return {
        perSecond: round((1000 * spans.length) / ((times.at(-1) ?? 0) - (times[0] ?? 0))),
        p95Ms: round(sorted[Math.floor(sorted.length * 0.95)] ?? 0),
        worstMs: round(sorted.at(-1) ?? 0),
      };
    },
    [wheel, count] as const,
  );
}
