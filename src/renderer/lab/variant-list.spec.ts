/** The list is compiled and drawn as the window does it, to text. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Component } from 'svelte';
import type { render as draw } from 'svelte/server';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MachineView } from '../../shared/index.ts';
import { draftEntries } from './draft-plan.ts';
import { sampleVariant } from './sample-experiment.ts';
import { sampleHost, sampleSpec } from './sample-host.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let render: typeof draw;
let List: Component<Record<string, unknown>>;
beforeAll(async () => {
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
  });
  ({ render } = (await server.ssrLoadModule('svelte/server')) as { render: typeof draw });
  ({ default: List } = (await server.ssrLoadModule('/VariantList.svelte')) as {
    default: typeof List;
  });
}, 60_000);
afterAll(() => server.close());

it('says what each variant is to those who cannot see it, also of copied ones, QEMUs and machines', () => {
  const machine = { id: 'a b', spec: { ...sampleSpec, name: 'web' } } as unknown as MachineView;
  const earlier = [sampleVariant('Once', { spec: { ...sampleSpec, memoryMiB: 300 } })];
  const entries = draftEntries(sampleSpec, sampleHost, earlier, [machine]);
  const { body } = render(List, {
    props: {
      draft: { entries, errors: {}, chosen: [], reference: '', isTicked: () => false },
      checks: { problemOf: () => null },
    },
  });
  const valuesOf = (attribute: string, html = body): string[] =>
    [...html.matchAll(new RegExp(` ${attribute}="([^"]*)"`, 'g'))].map(([, value]) => value ?? '');
  const ids = valuesOf('id');
  expect(new Set(ids).size).toBe(ids.length);
  const boxes = [...body.matchAll(/<input type="checkbox"[^>]*>/g)].map(([html]) => html);
  const described = boxes.map((html) => {
    const [id = ''] = valuesOf('aria-describedby', html);
    expect(id).not.toMatch(/\s/);
    const text = new RegExp(`<p[^>]* id="${id}"[^>]*>([^<]*)</p>`).exec(body)?.[1];
    return text?.trim();
  });
  expect(described).toHaveLength(entries.length);
  expect(described.toSorted()).toEqual(entries.map(({ sentence }) => sentence).toSorted());
  for (const id of valuesOf('aria-labelledby')) expect(ids).toContain(id);
});

it('says above the list that nothing is ticked, and marks it', () => {
  const entries = draftEntries(sampleSpec, sampleHost, [], []);
  const errors = { variants: 'Choose at least one variant.' };
  const { body } = render(List, {
    props: {
      draft: { entries, errors, chosen: [], reference: '', isTicked: () => false },
      checks: { problemOf: () => null },
    },
  });
  expect(body.indexOf(errors.variants)).toBeLessThan(body.indexOf('type="checkbox"'));
  expect(body).toMatch(/<fieldset class="[^"]*invalid/);
  expect(body.match(/aria-invalid="true"/g)).toHaveLength(entries.length);
});
