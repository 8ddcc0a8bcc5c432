import type uPlot from 'uplot';
import { afterEach, expect, it, vi } from 'vitest';
import { drawChosen, drawPoints, type ChartContent } from './history-marks.ts';
import { sampleBoot, sampleRun } from './sample-runs.ts';
import { isMeasured, type MeasuredRun } from './statistics.ts';

afterEach(() => vi.unstubAllGlobals());

/** A canvas that writes down what is drawn, as far as it can be told apart: discs and rings, crosses, how faint. */
function recorder(): { plot: uPlot; drawn: string[] } {
  const drawn: string[] = [];
  let path: string[] = [];
  const ctx = {
    globalAlpha: 1,
    beginPath: () => (path = []),
    arc: () => path.push('disc'),
    moveTo: () => path.push('cross'),
    stroke: () => note('ring'),
    fill: () => note('disc'),
    ...{ fillStyle: '', strokeStyle: '', lineWidth: 1 },
    ...{ lineTo: () => 0, save: () => 0, restore: () => 0, rect: () => 0, clip: () => 0 },
  };
  function note(how: 'ring' | 'disc'): void {
    const what = path.includes('cross') ? 'cross' : how;
    const color = how === 'ring' ? ctx.strokeStyle : ctx.fillStyle;
    if (color !== 'panel') drawn.push(`${what} ${ctx.globalAlpha}`);
  }
  const bbox = { left: 0, top: 0, width: 400, height: 100 };
  const scales = { x: { min: 0, max: 9 }, y: { min: 0, max: 5000 } };
  return { plot: { ctx, bbox, scales } as unknown as uPlot, drawn };
}

const colors = {
  ...{ point: 'point', accent: 'accent', warn: 'warn', line: 'line' },
  ...{ grid: 'grid', text: 'text', panel: 'panel' },
};
const never = sampleBoot(90, { reached: 'user-space', conditions: ['deadline'] });
const runs = [
  sampleRun(1, 800),
  sampleRun(2, 900, { boot: sampleBoot(900, { conditions: ['loaded'] }) }),
  sampleRun(3, 90, { boot: never }),
].filter(isMeasured);

it('draws disturbed boots faintly and those that were never ready as crosses, also where they are chosen', () => {
  vi.stubGlobal('devicePixelRatio', 1);
  const points = recorder();
  const content = { runs } as unknown as ChartContent;
  drawPoints(points.plot, content, false, colors);
  expect(points.drawn).toEqual(['disc 1', 'disc 0.5', 'cross 1']);
  const chosen = (run: MeasuredRun | undefined): string[] => {
    const { plot, drawn } = recorder();
    drawChosen(plot, { ...content, chosen: run ?? null, compared: null }, null, colors);
    return drawn;
  };
  expect(runs.map(chosen)).toEqual([
    ['disc 1'],
    ['ring 0.5', 'disc 0.5', 'ring 1'],
    ['cross 1', 'ring 1'],
  ]);
});
