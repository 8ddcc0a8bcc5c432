/**
 * Ends what waits for a registry that sends nothing, or next to nothing: imports go one after the other, and one
 * such registry would hold up all. What the person's own disk or engine takes its time for is never ended.
 */
import { AppError } from '../../../shared/index.ts';
import type { ImageSource } from './reference.ts';

/** So long a registry may be silent. */
export const stallDeadlineMs = 60_000;

/** Less than this in that time is as good as nothing: a MiB would take a quarter of an hour. */
export const stallBytes = 64 * 1024;

/**
 * @param work is told a signal that also aborts when the deadline has passed since the last call of `progressed`.
 * @throws AppError `registry_unreachable` then; what `work` throws.
 */
export async function unlessStalled<T>(
  source: ImageSource,
  { signal, stallMs = stallDeadlineMs }: { signal: AbortSignal; stallMs?: number },
  work: (signal: AbortSignal, progressed: () => void) => Promise<T>,
): Promise<T> {
  if (source.kind !== 'registry') return work(signal, () => undefined);
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  try {
    return await work(AbortSignal.any([signal, stalled.signal]), () => void timer.refresh());
  } catch (cause) {
    if (!stalled.signal.aborted || signal.aborted) throw cause;
    throw new AppError(
      'registry_unreachable',
      `“${source.registry}” does not go on: nothing worth mentioning came for ${Math.ceil(stallMs / 1000)} s. Try again later; what has come is kept.`,
      { cause, details: { stallMs } },
    );
  } finally {
    clearTimeout(timer);
  }
}
