/** The cards are compiled and drawn as the window does it, to text. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Component } from 'svelte';
import type { render as draw } from 'svelte/server';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { figuresOf, type Experiment } from '../../shared/index.ts';
import { sampleExperiment, sampleVariant, type SampleBoot } from './sample-experiment.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let render: typeof draw;
const cards = new Map<string, Component<Record<string, unknown>>>();
beforeAll(async () => {
  // The colours of phases ask for the theme.
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
    ssr: { noExternal: ['@lucide/svelte'] },
  });
  ({ render } = (await server.ssrLoadModule('svelte/server')) as { render: typeof draw });
  for (const name of ['FiguresCard', 'PhaseBars']) {
    const module = (await server.ssrLoadModule(`/${name}.svelte`)) as {
      default: Component<Record<string, unknown>>;
    };
    cards.set(name, module.default);
  }
}, 60_000);
afterAll(async () => {
  vi.unstubAllGlobals();
  await server.close();
});

/** A card’s text, with one space where there are more or tags. */
function textOf(name: string, props: Record<string, unknown>): string {
  const { body } = render(cards.get(name) ?? expect.unreachable(name), { props });
  return body
    .replaceAll(/<!--.*?-->/g, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
}

const experimentOf = (...boots: SampleBoot[][]): Experiment =>
  sampleExperiment(
    boots.map((_, index) => sampleVariant(['As it is', 'Fast kernel'][index] ?? 'other')),
    boots,
  );
const figuresText = (experiment: Experiment): string =>
  textOf('FiguresCard', { experiment, figures: figuresOf(experiment.plan, experiment.results) });

it('says what a difference is, as a share as well, and the longest of few boots', () => {
  const text = figuresText(
    experimentOf([2000, 2010, 2020, 2030, 2040, 2050], [1000, 1000, 1000, 1000, 1000, 1000]),
  );
  expect(text).toContain('−1.02 s −51 %');
  expect(text).toContain('A difference is the median of the differences within rounds');
  expect(text).toMatch(/Longest.*2\.02 s 2\.05 s/);
  expect(text).not.toContain('p95');
});

it('says “no reference” of what has nothing to be compared with', () => {
  const text = figuresText(experimentOf(['no', 'no'], [1000, 1001]));
  expect(text).toContain('no reference');
  expect(text).not.toContain('too few');
});

it('says that a bar of phases is a sum of medians, and no median of whole boots', () => {
  const text = textOf('PhaseBars', { experiment: experimentOf([900, 1000, 1100]) });
  expect(text).toContain('the sum of its phases’ medians');
  expect(text).not.toContain('medians of boots that count');
});
