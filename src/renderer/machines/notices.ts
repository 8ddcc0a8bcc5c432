/**
 * Decides which changes of machines deserve a notice: failures and endings nobody asked for.
 * Never speaks of what the person just did and sees.
 */
import {
  endsForGood,
  type AppError,
  type MachineSpec,
  type MachineView,
} from '../../shared/index.ts';
import type { Toast } from '../ui/index.ts';
import type { DirectVerb } from './machine-store.svelte.ts';
import { endTitle } from './machine-words.ts';
import { holdOf } from './troubles.ts';

/** One key per machine, so that the same failure seen twice (event and answer) is one notice. */
export const noticeKey = (id: string): string => `machine:${id}`;

/** The notice for a change, or null when there is nothing to say. */
export function noticeOf(
  after: MachineView,
  before: MachineView | undefined,
): Omit<Toast, 'action'> | null {
  if (!before || endedForGood(after)) return null;
  const about = { key: noticeKey(after.id), subject: after.spec.name };
  const hold = holdOf(after);
  if (hold && before.activity !== after.activity) {
    return { ...about, tone: 'bad', title: 'is paused', text: hold.text, stays: true };
  }
  const lost = after.problem?.code === 'folder_lost' ? after.problem.message : null;
  if (lost !== null && before.problem?.message !== lost) {
    return { ...about, tone: 'bad', title: 'lost a folder', text: lost, stays: true };
  }
  if (before.state === after.state) return null;
  if (after.state === 'crashed') {
    const title = before.state === 'starting' ? 'did not start' : 'crashed';
    const text = after.problem?.message ?? after.run?.end?.message ?? 'QEMU ended unexpectedly.';
    return { ...about, tone: 'bad', title, text };
  }
  if (after.state !== 'stopped') return null;
  if (after.problem) {
    return { ...about, tone: 'bad', title: 'did not start', text: after.problem.message };
  }
  const end = after.run?.end;
  // From `stopping` the ending was asked for here.
  if (!end || before.state === 'stopping' || end.kind === 'stopped' || end.kind === 'killed') {
    return null;
  }
  if (end.kind === 'command-ended') {
    const text = end.message || `Command ended with exit code ${end.exitCode ?? 'unknown'}.`;
    const tone = end.exitCode === 0 ? 'info' : 'warn';
    return { ...about, tone, title: 'ended', text };
  }
  return { ...about, tone: 'info', title: 'stopped', text: end.message || endTitle(end) };
}

/** Whether it goes with this end: then its last words say all, see `last-words.ts`. */
function endedForGood({ state, spec, run }: MachineView): boolean {
  if (state !== 'stopped' || spec.container?.runOnce !== true || !run?.end) return false;
  return endsForGood.includes(run.end.kind);
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
  return {
    ...{ key: noticeKey(machine.id), tone: 'bad', subject: machine.spec.name },
    ...{ title: refusals[verb], text: error.message },
  };
}

/** What became of a machine that was duplicated, with a word about its disks only if one is missing. */
export function duplicatedNotice(original: MachineSpec, copy: MachineSpec, unsaved = false): Toast {
  const left = original.disks.length - copy.disks.length;
  const disks =
    left === 0
      ? ''
      : left === 1
        ? ' Its writable disk was left out, because two machines would damage it.'
        : ` Its ${left} writable disks were left out, because two machines would damage them.`;
  return {
    ...{ key: 'duplicated', tone: 'info', subject: original.name, title: 'duplicated' },
    text: `The copy is called ${copy.name}.${disks}${unsaved ? ' Unsaved changes are not in it.' : ''}`,
  };
}
