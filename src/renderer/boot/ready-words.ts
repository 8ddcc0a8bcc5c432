/**
 * What the card beside a timeline says of one boot: what became of it, and how that compares with others.
 * Pure. Must never hold a boot without its sign of readiness against one that had it.
 */
import { bootOutcome, hasBootTime, sayReadySign, type Run } from '../../shared/index.ts';
import { formatClock, formatDuration } from '../format/index.ts';
import { doubtsOf, formatDelta, formatDeltaShare } from './boot-words.ts';
import { isMeasured, kindOf, type BootSummary, type MeasuredRun } from './statistics.ts';

/** The card's words. */
export interface ReadyWords {
  title: string;
  /** In the place of a time; null where there is one to show. */
  headline: string | null;
  notes: string[];
}

/** What became of a boot. @param deadlineSeconds how long its sign is waited for; null where that is not known */
export function readyWords(run: Run, deadlineSeconds: number | null): ReadyWords {
  switch (bootOutcome(run)) {
    case 'ready':
      return { title: 'Ready in', headline: null, notes: [] };
    case 'first-process':
      return { title: 'User space after', headline: null, notes: [untold] };
    case 'waiting':
      return { title: 'Boot', headline: 'Not ready yet', notes: waitingFor(run, deadlineSeconds) };
    case 'never-ready':
      return { title: 'Boot', headline: 'Never ready', notes: whyNeverReady(run) };
    default:
      return { title: 'Boot', headline: 'Not seen to its end', notes: whyUnseen(run) };
  }
}

const untold = 'The guest did not say when it was ready, so the time ends with its first process.';
const unseen =
  'Neither the first process nor readiness was seen. Machines with Nandu’s guest initrd report both.';

function waitingFor({ boot, startedAtMs }: Run, deadlineSeconds: number | null): string[] {
  if (!boot) return [];
  const first =
    boot.reached === 'user-space'
      ? [`Its first process ran after ${formatDuration(boot.totalMs)}.`]
      : [];
  // The wait begins when the guest does, which is where the monitor's phase ends.
  const monitor = boot.phases.find(({ name }) => name === 'qmp');
  let limit = '';
  if (deadlineSeconds !== null) {
    const mostMs = deadlineSeconds * 1000;
    const held = boot.conditions.includes('paused');
    limit = `, at most ${deadlineSeconds} s`;
    if (held) limit += ' without the time that it was held';
    else if (monitor) {
      const endsAtMs = startedAtMs + monitor.startMs + monitor.durationMs + mostMs;
      limit += `, until ${formatClock(endsAtMs)}`;
    }
  }
  return [...first, `It waits for ${sayReadySign(boot.sign)}${limit}.`];
}

function whyUnseen(run: Run): string[] {
  // What is said of a deadline that passed says as much.
  return doubtsOf(run).some(({ tone }) => tone === 'bad') ? [] : [unseen];
}

function whyNeverReady(run: Run): string[] {
  const { boot, end } = run;
  if (!boot) return [];
  const panicked = end?.kind === 'guest-panic';
  const notes: string[] = [];
  if (boot.reached === 'user-space') {
    notes.push(`Its first process ran after ${formatDuration(boot.totalMs)}.`);
    if (panicked) notes.push('The kernel panicked before it was ready.');
  } else if (panicked) notes.push('The kernel panicked before its first process ran.');
  // The chips below say the rest of a deadline and of a reboot.
  const told = panicked || doubtsOf(run).some(({ tone }) => tone === 'bad');
  if (!told) notes.push(`The run ended before it was ready by ${sayReadySign(boot.sign)}.`);
  notes.push('It counts in no median.');
  return notes;
}

/** How a boot compares with those of its kind. @param others whether there are boots of other kinds */
export function verdictOf(
  run: Run,
  summary: BootSummary | null,
  others: boolean,
): { tone: 'none' | 'faster' | 'slower'; text: string } | null {
  if (!isMeasured(run) || !hasBootTime(run)) return null;
  if (!summary || summary.count < 2) {
    const first = others ? 'First boot of this kind' : 'First boot';
    return { tone: 'none', text: `${first}: nothing to compare with yet` };
  }
  const delta = run.boot.totalMs - summary.medianMs;
  // Less than one part in a hundred is noise, not news.
  if (Math.abs(delta) < Math.max(1, summary.medianMs / 100)) {
    return { tone: 'none', text: 'The same as its median' };
  }
  const word = delta < 0 ? 'faster' : 'slower';
  return { tone: word, text: `${formatDuration(Math.abs(delta))} ${word} than its median` };
}

/** The same against the baseline; empty where there is nothing to say. */
export function baselineText(run: Run, baseline: MeasuredRun | null): string {
  if (!isMeasured(run) || !hasBootTime(run) || !baseline || baseline.id === run.id) return '';
  const name = `baseline (run ${baseline.number})`;
  if (!hasBootTime(baseline)) return `The ${name} was never ready: no boot is held against it`;
  if (kindOf(baseline) !== kindOf(run)) return `Another kind of boot than the ${name}`;
  const delta = run.boot.totalMs - baseline.boot.totalMs;
  const share = formatDeltaShare(delta, baseline.boot.totalMs);
  return `${formatDelta(delta)} (${share}) against the ${name}`;
}
