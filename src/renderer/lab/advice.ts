/**
 * Which changes would make a machine boot faster, by what the lab has measured of this very machine.
 * Pure. Never advises what was not measured, nor by figures of another kernel, QEMU or accelerator.
 */
import {
  figuresOf,
  type Difference,
  type Experiment,
  type ExperimentId,
  type HostStatus,
  type LabPlan,
  type MachineSpec,
  type VariantFigures,
} from '../../shared/index.ts';
import { shortened } from './draft-plan.ts';
import { bootDifferences, readyVariants, type ReadyVariant } from './ready-variants.ts';

/** A change that surely makes it faster, and by what counts. */
export interface Advice {
  readonly key: string;
  readonly title: string;
  readonly sentence: string;
  /** The machine's definition with that change. */
  readonly spec: MachineSpec;
  readonly difference: Difference;
  readonly measuredAtMs: number;
  readonly experimentId: ExperimentId;
  /** Whether other programs took much of the processors in most of its boots. */
  readonly loaded: boolean;
}

/** A change that was measured and is not advised, with what was measured. */
export type Judged = ReadyVariant & Pick<Advice, 'difference'>;

/** Every change that can be made is in one of these. */
export interface Advices {
  /** What saves most first; three at most. */
  readonly best: readonly Advice[];
  /** What surely saves something that counts, but less than those. */
  readonly more: readonly Advice[];
  /** What could save something and was not measured yet. */
  readonly unknown: readonly ReadyVariant[];
  /** What was measured too few times to tell whether it saves something that counts. */
  readonly unsure: readonly Judged[];
  /** What was measured and saves nothing that counts. */
  readonly idle: readonly Judged[];
}

/** What a person may want to change for a faster boot; memory, QEMU and board are chosen for other reasons. */
const levers = [
  ...['preset-fast', 'preset-minimal', 'kernel-fast', 'kernel-fast-no-acpi', 'kernel-elf'],
  ...['quiet', 'console-virtio'],
];
const mostAdvices = 3;
/** Enough to be sure of all levers at once, and over in a few minutes. */
export const fewRounds = 9;
/** For what those left open. */
const moreRounds = 15;
/** Of a boot: what saves less counts for nothing. */
const leastSaving = 0.05;
/**
 * How often an advisor may take even one change for faster that is not. Each interval of its own is wrong once in 20
 * times, so of seven changes that do nothing one would be taken for faster or slower in every third advisor: their share
 * of this is that of one by Bonferroni's correction (Dunn, "Multiple Comparisons Among Means", 1961).
 */
const wrongAtMost = 0.05;

/**
 * @param experiments in any order; those that are not finished are left out.
 * @param speaksAgainst why a change would keep the machine from starting; such a change is left out.
 */
export function adviceFor(
  spec: MachineSpec,
  host: HostStatus,
  experiments: readonly Experiment[],
  speaksAgainst: (change: ReadyVariant) => string | null = () => null,
): Advices {
  const finished = experiments
    .filter(({ state }) => state === 'finished')
    .sort((a, b) => b.createdAtMs - a.createdAtMs);
  const best: Advice[] = [];
  const unknown: ReadyVariant[] = [];
  const unsure: Judged[] = [];
  const idle: Judged[] = [];
  const judged: { change: ReadyVariant; all: [Evidence, ...Evidence[]] }[] = [];
  for (const change of leversOf(spec, host)) {
    if (speaksAgainst(change) !== null) continue;
    const [newest, ...older] = evidence(spec, change.variant.spec, host, finished);
    if (newest === undefined) unknown.push(change);
    else judged.push({ change, all: [newest, ...older] });
  }
  const sure = 1 - wrongAtMost / judged.length;
  for (const { change, all } of judged) {
    // A newer one of too few pairs says nothing so surely, which is no reason not to hear one that can.
    const found = all.find(({ differenceAt }) => differenceAt(sure) !== null) ?? all[0];
    const { beforeMs, differenceAt, ...words } = found;
    const { medianMs, lowMs } = found.difference;
    const countsMs = -leastSaving * beforeMs;
    const strict = differenceAt(sure);
    if (strict !== null && strict.highMs < 0 && medianMs <= countsMs) {
      const { key, sentence, variant } = change;
      best.push({ key, sentence, title: variant.name, spec: variant.spec, ...words });
    } else (lowMs < countsMs ? unsure : idle).push({ ...change, difference: found.difference });
  }
  best.sort((a, b) => a.difference.medianMs - b.difference.medianMs);
  const [first, more] = [best.slice(0, mostAdvices), best.slice(mostAdvices)];
  return { best: first, more, unknown, unsure, idle };
}

/** The changes that can be made to a machine here. */
export function leversOf(spec: MachineSpec, host: HostStatus): ReadyVariant[] {
  return readyVariants(spec, host).filter(
    ({ key, problem }) =>
      problem === null &&
      levers.includes(key) &&
      // Without KVM's own clock it costs a second: nobody need measure that again.
      (key !== 'preset-minimal' || acceleratorOf(spec, host) === 'kvm'),
  );
}

/**
 * The experiment that would tell what is not known, or not surely; null where nothing is left to tell. Both at once:
 * what was measured too few times must not wait for what was never measured.
 */
export function questionOf(
  spec: MachineSpec,
  { unknown, unsure }: Pick<Advices, 'unknown' | 'unsure'>,
): LabPlan | null {
  const open = [...unsure, ...unknown];
  if (open.length === 0) return null;
  return measuringPlan(spec, open, unsure.length > 0 ? moreRounds : fewRounds);
}

/** A small experiment that tells what is not known yet. */
function measuringPlan(
  spec: MachineSpec,
  unknown: readonly ReadyVariant[],
  rounds: number,
): LabPlan {
  const asItIs = { name: 'As it is', spec, board: 'microvm' } as const;
  return {
    name: shortened(`Faster boots of ${spec.name}`),
    variants: [asItIs, ...unknown.slice(0, 7).map(({ variant }) => variant)],
    ...{ rounds, warmUps: 1 },
  };
}

type Evidence = Pick<Advice, 'difference' | 'measuredAtMs' | 'experimentId' | 'loaded'> & {
  /** The median of the machine as it is. */
  readonly beforeMs: number;
  /** The difference with an interval that is so sure; null where there are too few pairs for that. */
  readonly differenceAt: (sure: number) => Difference | null;
};

/** What each experiment says of the two, the newest first. */
function evidence(
  from: MachineSpec,
  to: MachineSpec,
  host: HostStatus,
  finished: readonly Experiment[],
): Evidence[] {
  return finished.flatMap((experiment) => {
    const [before, after] = [from, to].map((spec) => variantLike(experiment, spec, host));
    if (before === undefined || after === undefined) return [];
    const found = differenceBetween(experiment, before, after);
    if (found === null) return [];
    return { ...found, measuredAtMs: experiment.createdAtMs, experimentId: experiment.id };
  });
}

/** The variant that boots as this definition would here and now; undefined for none. */
function variantLike(
  { plan, commands }: Experiment,
  spec: MachineSpec,
  host: HostStatus,
): number | undefined {
  const kernelPath = { default: host.defaultKernel, fast: host.fastKernel, file: null };
  const qemuPath = spec.qemuPath ?? host.qemu?.path;
  const version = host.qemus.find(({ path }) => path === qemuPath)?.version;
  const index = plan.variants.findIndex((variant, at) => {
    const command = commands[at];
    if (!command || variant.board !== 'microvm') return false;
    const path =
      spec.kernel.kind === 'file' ? spec.kernel.path : kernelPath[spec.kernel.kind]?.kernelPath;
    return (
      bootDifferences(variant.spec, spec).length === 0 &&
      command.accelerator === acceleratorOf(spec, host) &&
      command.qemuVersion === version &&
      path !== undefined &&
      command.argv.includes(path)
    );
  });
  return index < 0 ? undefined : index;
}

function differenceBetween(
  { plan, results }: Experiment,
  before: number,
  after: number,
): Omit<Evidence, 'measuredAtMs' | 'experimentId'> | null {
  const pair = [before, after];
  const variants = pair.flatMap((index) => plan.variants[index] ?? []);
  const own = results
    .filter(({ variant }) => pair.includes(variant))
    .map((result) => ({ ...result, variant: pair.indexOf(result.variant) }));
  const figuresAt = (sure?: number): VariantFigures[] =>
    figuresOf({ ...plan, variants }, own, sure);
  const [first, second] = figuresAt();
  const beforeMs = first?.medianMs ?? null;
  const difference = second?.difference ?? null;
  if (beforeMs === null || difference === null) return null;
  const loaded = own.filter(({ boot }) => boot?.conditions.includes('loaded')).length;
  const differenceAt = (sure: number): Difference | null => figuresAt(sure)[1]?.difference ?? null;
  return { difference, differenceAt, beforeMs, loaded: loaded > own.length / 2 };
}

function acceleratorOf({ accelerator }: MachineSpec, { kvm }: HostStatus): 'kvm' | 'tcg' {
  if (accelerator !== 'auto') return accelerator;
  return kvm.state === 'works' ? 'kvm' : 'tcg';
}
