/** The runes are compiled as the window compiles them: vitest alone does not know them. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { createServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Toast, Toasts } from './toasts.svelte.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let List: typeof Toasts;
beforeAll(async () => {
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
  });
  const module = await server.ssrLoadModule('/toasts.svelte.ts');
  ({ Toasts: List } = module as { Toasts: typeof Toasts });
}, 60_000);
afterAll(() => server.close());
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const toast = (key: string, tone: Toast['tone'] = 'bad'): Toast => ({
  ...{ key, tone, title: 'crashed', text: '' },
});

it('lets failures go by themselves too, but not while one is being read', () => {
  const toasts = new List();
  const keys = (): string[] => toasts.list.map(({ key }) => key);
  toasts.show(toast('a'));
  toasts.show(toast('b'));
  toasts.show(toast('c', 'info'));
  toasts.hold('b');
  vi.advanceTimersByTime(9_000);
  expect(keys()).toEqual(['b', 'a']);
  vi.advanceTimersByTime(2_000);
  expect(keys()).toEqual(['b']);
  // Another one with the key of a notice that is being read does not start its time.
  toasts.show(toast('b'));
  vi.advanceTimersByTime(20_000);
  expect(keys()).toEqual(['b']);
  toasts.resume('b');
  vi.advanceTimersByTime(10_000);
  expect(keys()).toEqual([]);
});

it('begins anew with the same key, and forgets what was dismissed while held', () => {
  const toasts = new List();
  toasts.show(toast('a'));
  vi.advanceTimersByTime(8_000);
  toasts.show(toast('a'));
  vi.advanceTimersByTime(8_000);
  expect(toasts.list).toHaveLength(1);
  toasts.hold('a');
  toasts.dismiss('a');
  toasts.show(toast('a'));
  vi.advanceTimersByTime(10_000);
  expect(toasts.list).toHaveLength(0);
});

it('shows no more than four', () => {
  const toasts = new List();
  for (const key of ['a', 'b', 'c', 'd', 'e']) toasts.show(toast(key));
  expect(toasts.list.map(({ key }) => key)).toEqual(['e', 'd', 'c', 'b']);
});

it('keeps what stays, however many others come and however late it is', () => {
  const toasts = new List();
  toasts.show({ ...toast('words'), stays: true });
  for (const key of ['a', 'b', 'c', 'd', 'e']) toasts.show(toast(key));
  vi.advanceTimersByTime(60_000);
  expect(toasts.list.map(({ key }) => key)).toEqual(['words']);
  toasts.dismiss('words');
  expect(toasts.list).toEqual([]);
});
