/**
 * Decides which changes of machines deserve a notice: failures and endings nobody asked for.
 * Never speaks of what the person just did and sees.
 */
import type { AppError, MachineView } from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import type { DirectVerb } from './machine-store.svelte.ts';
import { endTitles } from './machine-words.ts';

/** One key per machine, so that the same failure seen twice (event and answer) is one notice. */
export const noticeKey = (id: string): string => `machine:${id}`;

/** The notice for a change, or null when there is nothing to say. */
export function noticeOf(
  after: MachineView,
  before: MachineView | undefined,
): Omit<Toast, 'action'> | null {
  if (!before || before.state === after.state) return null;
  const name = after.spec.name;
  const key = noticeKey(after.id);
  if (after.state === 'crashed') {
    const title = before.state === 'starting' ? `${name} did not start` : `${name} crashed`;
    const text = after.problem?.message ?? after.run?.end?.message ?? 'QEMU ended unexpectedly.';
    return { key, tone: 'bad', title, text };
  }
  if (after.state !== 'stopped') return null;
  if (after.problem) {
    return { key, tone: 'bad', title: `${name} did not start`, text: after.problem.message };
  }
  const end = after.run?.end;
  // From `stopping` the ending was asked for here.
  if (!end || before.state === 'stopping' || end.kind === 'stopped' || end.kind === 'killed') {
    return null;
  }
  return { key, tone: 'info', title: `${name} stopped`, text: end.message || endTitles[end.kind] };
}

const refusals: Record<DirectVerb, string> = {
  start: 'did not start',
  stop: 'did not stop',
  'force-stop': 'did not stop',
  pause: 'was not paused',
  resume: 'was not resumed',
  restart: 'did not restart',
};

/** The notice for a wish that main refused, or null when the person took the wish back. */
export function refusalOf(
  machine: MachineView,
  verb: DirectVerb,
  error: AppError,
): Omit<Toast, 'action'> | null {
  if (error.code === 'cancelled') return null;
  const title = `${machine.spec.name} ${refusals[verb]}`;
  return { key: noticeKey(machine.id), tone: 'bad', title, text: error.message };
}
