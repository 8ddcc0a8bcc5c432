/**
 * A boot in words: what makes its figures doubtful, and what each row of its waterfall says.
 * Pure; phases are explained by the contract itself.
 */
import {
  bootConditions,
  chosenSign,
  conditionInfo,
  hasBootTime,
  sayReadySign,
  type BootCondition,
  type BootTimeline,
  type ReadySign,
  type Run,
  type RunChanges,
} from '../../shared/index.ts';
import { formatDuration, formatShare } from '../format/index.ts';
import { phaseWords, type ShownBoot } from './shown-boot.ts';
import type { MeasuredRun } from './statistics.ts';
import type { TimelineRow } from './timeline-rows.ts';

/** Why a boot's figures should not be taken at face value. `bad`: they say nothing of the whole boot. */
export interface Doubt {
  key: BootCondition | 'emulated';
  label: string;
  sentence: string;
  tone: 'plain' | 'warn' | 'bad';
}

/** What that means for this boot, beside what the contract says of it. */
const consequences: Record<BootCondition, { tone: Doubt['tone']; more?: string }> = {
  cold: { tone: 'warn', more: 'The next boot is faster.' },
  loaded: { tone: 'warn' },
  detailed: { tone: 'warn', more: 'Compared only with its like.' },
  'no-trace': { tone: 'plain' },
  'clock-set': { tone: 'warn', more: 'There are fewer phases, each less exact.' },
  paused: { tone: 'warn' },
  deadline: { tone: 'bad', more: 'This is how far the boot got.' },
  rebooted: { tone: 'bad', more: 'This is how far the boot got.' },
};

const emulated: Doubt = {
  key: 'emulated',
  label: 'Emulated',
  sentence: 'QEMU translated the guest’s instructions. With KVM it is several times faster.',
  tone: 'plain',
};

const rank = { bad: 0, warn: 1, plain: 2 } as const;

/** What to know before believing a run's figures, the gravest first. */
export function doubtsOf(run: Pick<Run, 'accelerator' | 'boot'>): Doubt[] {
  const conditions = bootConditions.filter((key) => run.boot?.conditions.includes(key));
  const doubts = conditions.map((key): Doubt => {
    const { label, sentence } = conditionInfo[key];
    const { tone, more } = consequences[key];
    return { key, label, sentence: more === undefined ? sentence : `${sentence} ${more}`, tone };
  });
  if (run.accelerator === 'tcg') doubts.push(emulated);
  return doubts.toSorted((a, b) => rank[a.tone] - rank[b.tone]);
}

/** What a machine waits for until it is ready. */
export function signText(ready: ReadySign): string {
  if (ready.kind === 'automatic') return 'the word of Nandu’s init or agent';
  return sayReadySign(chosenSign(ready));
}

/** What a measurement ended with, in short. */
export function endText({ reached, sign }: Pick<BootTimeline, 'reached' | 'sign'>): string {
  return reached === 'ready' ? `by ${sayReadySign(sign)}` : 'until its first process';
}

/** A boot's time where it has one that others may be held against; else that it was never ready. */
export function timeText(run: Pick<MeasuredRun, 'boot' | 'end' | 'endedAtMs'>): string {
  return hasBootTime(run) ? formatDuration(run.boot.totalMs) : 'not ready';
}

/** “run 12”, with what makes it special. */
export function runName(run: Pick<Run, 'number' | 'baseline'>): string {
  return `run ${run.number}${run.baseline ? ' (baseline)' : ''}`;
}

/** A phase's share of a boot that was seen to its end, as “ (60 %)”; nothing otherwise. */
function shareText(boot: ShownBoot, durationMs: number): string {
  if (boot.reached === 'partial' || boot.untimed || boot.totalMs <= 0) return '';
  return ` (${formatShare(durationMs / boot.totalMs)})`;
}

const kinds: Record<Exclude<TimelineRow['kind'], 'phase'>, string> = {
  device: 'a driver took this device, by QEMU’s trace',
  mark: 'the guest’s own mark on the console',
  kernel: 'a stretch of the kernel’s log',
  initcall: 'one of the kernel’s init functions',
};

/** A row's duration and place in a sentence, without its title. */
export function rowText(boot: ShownBoot, row: TimelineRow): string {
  const { startMs, durationMs } = row;
  const at = `at ${formatDuration(startMs)}`;
  const instant = `${formatDuration(startMs)} after the start`;
  if (row.kind === 'phase') {
    const share = row.unfinished ? ', unfinished' : shareText(boot, durationMs);
    return `${formatDuration(durationMs)}${share}, ${at}`;
  }
  const how = durationMs > 0 ? `${formatDuration(durationMs)}, ${at}` : instant;
  return `${how} (${kinds[row.kind]})`;
}

/** All that a row says, for those who cannot see it. */
export function rowLabel(boot: ShownBoot, row: TimelineRow): string {
  const text = `${row.title}: ${rowText(boot, row)}.`;
  return row.kind === 'phase' ? `${text} ${phaseWords(boot, row.phase).explanation}` : text;
}

/** A difference with its sign: “+22 ms”, “−0.4 ms”, “±0 ms”. */
export function formatDelta(ms: number): string {
  if (Math.abs(ms) < 0.05) return '±0 ms';
  return `${ms < 0 ? '−' : '+'}${formatDuration(Math.abs(ms))}`;
}

/** The same as a part of what it was before: “+3 %”; nothing where that was nothing. */
export function formatDeltaShare(deltaMs: number, beforeMs: number): string {
  if (beforeMs <= 0) return '';
  const percent = Math.round((deltaMs / beforeMs) * 100);
  return percent === 0 ? '±0 %' : `${percent < 0 ? '−' : '+'}${Math.abs(percent)} %`;
}

/** What is known of two runs in which no difference was found. */
export function sayNoChange({
  settings,
  filesKnown,
}: Pick<RunChanges, 'settings' | 'filesKnown'>): string {
  const same = filesKnown
    ? 'Kernel, initrd and QEMU are the same'
    : 'QEMU and the paths of kernel and initrd are the same';
  const unknown = [
    ...(settings === null ? ['The settings of one of them were not recorded.'] : []),
    ...(filesKnown ? [] : ['Whether those files were replaced in between is not known.']),
  ];
  if (unknown.length > 0) {
    return `${settings === null ? same : `Settings, ${same}`}. ${unknown.join(' ')}`;
  }
  return 'Settings, kernel, initrd and QEMU are the same: look for the cause in the guest or on this host.';
}
