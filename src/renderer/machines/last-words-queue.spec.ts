/** The runes are compiled as the window compiles them: vitest alone does not know them. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { createServer } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MachineId } from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import type { LastWordsQueue } from './last-words.svelte.ts';
import type { LastWords } from './last-words.ts';

let server: Awaited<ReturnType<typeof createServer>>;
let Queue: typeof LastWordsQueue;
beforeAll(async () => {
  server = await createServer({
    ...{ configFile: false, appType: 'custom', logLevel: 'error', root: import.meta.dirname },
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    plugins: [svelte({ configFile: false })],
  });
  const module = await server.ssrLoadModule('/last-words.svelte.ts');
  ({ LastWordsQueue: Queue } = module as { LastWordsQueue: typeof LastWordsQueue });
}, 60_000);
afterAll(() => server.close());

const words = (name: string, lines = ['a']): LastWords => ({
  id: name as MachineId,
  ended: { name, message: 'The command ended.', exitCode: 0, lines },
  tone: 'plain',
});

/** A list of notices of which only the contents matter. */
function notices(): { list: Map<string, Toast>; as: ConstructorParameters<typeof Queue>[0] } {
  const list = new Map<string, Toast>();
  const as = {
    show: (toast: Toast) => void list.set(toast.key, toast),
    dismiss: (key: string) => void list.delete(key),
  };
  return { list, as: as as never };
}

it('keeps all that end at once until each was read, the oldest first', () => {
  const { list, as } = notices();
  const queue = new Queue(as, () => undefined);
  queue.add(words('a'), true);
  for (const name of ['b', 'c', 'd']) queue.add(words(name), true);
  expect([queue.shown?.ended.name, queue.waiting]).toEqual(['a', 3]);
  expect([...list.values()].map(({ title, stays }) => [title, stays])).toEqual([
    ['3 machines ended', true],
  ]);
  queue.next();
  queue.close();
  expect([queue.shown, queue.waiting]).toEqual([null, 2]);
  list.get('last-words')?.action?.run();
  expect(queue.shown?.ended.name).toBe('c');
  queue.next();
  expect([queue.shown?.ended.name, queue.waiting, list.size]).toEqual(['d', 0, 0]);
});

it('opens nothing unasked where it may not, and forgets what was put away', () => {
  const { list, as } = notices();
  const queue = new Queue(as, () => undefined);
  queue.add(words('a'), false);
  queue.add(words('silent', []), false);
  expect([queue.shown, queue.waiting, list.size]).toEqual([null, 1, 2]);
  list.get('last-words')?.ondismiss?.();
  queue.add(words('b'), false);
  expect(list.get('last-words')?.subject).toBe('b');
});

it('says which need not be kept any more: those that were read or put away, each once', () => {
  const { list, as } = notices();
  const read: string[] = [];
  const queue = new Queue(as, (ids) => void read.push(...ids));
  queue.add(words('a'), true);
  // A page that was reloaded hears of one from main that it has already.
  queue.add(words('a'), false);
  for (const name of ['b', 'c', 'd']) queue.add(words(name), false);
  expect([queue.waiting, read]).toEqual([3, []]);
  queue.next();
  queue.close();
  expect(read).toEqual(['a', 'b']);
  list.get('last-words')?.ondismiss?.();
  queue.add(words('silent', []), false);
  expect(read).toEqual(['a', 'b', 'c', 'd', 'silent']);
});
