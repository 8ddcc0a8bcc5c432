import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AppError, importIdSchema, type ImportProgress } from '../../../shared/index.ts';
import { Imports } from './imports.ts';
import type { ImportOptions } from './library.ts';
import type { StoredImage } from './records.ts';

const id = (): ReturnType<typeof importIdSchema.parse> => importIdSchema.parse(randomUUID());
const layer = { digest: 'sha256:a', totalBytes: 100 };

/** A library whose imports a test leads. */
function scene(): {
  imports: Imports;
  told: ImportProgress[];
  options: () => ImportOptions;
  end: (outcome: StoredImage | Error) => void;
} {
  const told: ImportProgress[] = [];
  let given: ImportOptions | null = null;
  let settle: (outcome: StoredImage | Error) => void = () => undefined;
  const library = {
    import: (_: string, options: ImportOptions): Promise<StoredImage> => {
      given = options;
      return new Promise((resolve, reject) => {
        settle = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
        options.signal.addEventListener('abort', () => reject(new AppError('cancelled', 'off')));
      });
    },
  };
  return {
    ...{ told, imports: new Imports({ library, onProgress: (one) => told.push(one) }) },
    options: () => given ?? expect.unreachable(),
    end: (outcome) => settle(outcome),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells at most ten times a second, the last state always, and no bar runs backwards', async () => {
  const { imports, told, options, end } = scene();
  const importing = imports.start(id(), ' alpine ', { architecture: 'amd64' });
  for (let bytes = 0; bytes < 1_000; bytes += 1) {
    // Guesses about partial files may prove wrong.
    const seen = bytes % 100 === 99 ? 0 : bytes;
    options().onProgress?.({
      ...{ step: 'fetching', builtBytes: 0 },
      layers: [{ ...layer, bytes: seen }],
    });
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(told.length).toBeLessThanOrEqual(11);
  const bytes = told.map((one) => one.layers[0]?.bytes ?? 0);
  expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  end({} as StoredImage);
  await importing;
  expect(told.at(-1)).toMatchObject({ image: 'alpine', step: 'done', layers: [{ bytes: 998 }] });
  expect(imports.list()).toEqual([]);
});

it('lists failed ones with what to do until they are dismissed, cancelled ones not at all', async () => {
  const { imports, told, end } = scene();
  const [first, second] = [id(), id()];
  const failing = imports.start(first, 'alpine', { architecture: 'amd64' });
  await expect(imports.start(first, 'alpine', { architecture: 'amd64' })).rejects.toMatchObject({
    code: 'illegal_state',
  });
  imports.dismiss(first); // one under way stays
  expect(imports.list()).toMatchObject([{ importId: first, step: 'waiting' }]);
  end(new AppError('disk_full', 'Free some space.'));
  await expect(failing).rejects.toMatchObject({ code: 'disk_full' });
  expect(imports.list()).toMatchObject([
    { step: 'failed', error: { message: 'Free some space.' } },
  ]);
  imports.cancel(first); // over already
  imports.dismiss(first);
  expect(imports.list()).toEqual([]);

  const cancelled = imports.start(second, 'alpine', { architecture: 'amd64' });
  imports.cancel(second);
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  expect([imports.list(), told.at(-1)?.step]).toEqual([[], 'cancelled']);
});
