/**
 * What makes an experiment’s figures worse than they look, or different from others’, for page and report alike.
 * Pure; must never be silent of a condition that a boot that counts was made under.
 */
import { bootConditions, conditionInfo, type BootCondition } from './boot.ts';
import type { Experiment } from './lab.ts';
import { readySignOf, sayReadySign } from './ready-sign.ts';

/** Why figures should not be taken at face value. */
export interface LabDoubt {
  readonly key: BootCondition | 'emulated' | 'mixed' | 'signs';
  readonly label: string;
  readonly sentence: string;
  readonly tone: 'plain' | 'warn';
}

/** What disturbed the boots that count, and how many of them. */
export function doubtsOf({ plan, results, commands }: Experiment): LabDoubt[] {
  const counted = results.filter(({ round }) => round >= plan.warmUps);
  const accelerators = new Set(commands.flatMap((command) => command?.accelerator ?? []));
  const found: LabDoubt[] = [];
  if (accelerators.size > 1) {
    found.push({
      ...{ key: 'mixed', label: 'KVM and emulation', tone: 'warn' },
      sentence: 'Some variants ran under KVM and some emulated: see each variant’s command.',
    });
  } else if (accelerators.has('tcg')) {
    found.push({
      ...{ key: 'emulated', label: 'Emulated (TCG)', tone: 'warn' },
      sentence: 'QEMU translated the guest’s instructions: not what KVM would show.',
    });
  }
  const signs = new Set(
    counted.flatMap(({ variant, boot }) => {
      const spec = plan.variants[variant]?.spec;
      if (boot?.reached !== 'ready' || spec === undefined) return [];
      return boot.sign ?? readySignOf(spec);
    }),
  );
  if (signs.size > 1) {
    found.push({
      ...{ key: 'signs', label: 'Different signs', tone: 'warn' },
      sentence: `Not all were ready by the same sign, so times end at different moments: ${[...signs].map(sayReadySign).join('; ')}.`,
    });
  }
  for (const condition of bootConditions) {
    const count = counted.filter(({ boot }) => boot?.conditions.includes(condition)).length;
    if (count === 0) continue;
    const { label, sentence } = conditionInfo[condition];
    const share =
      count === counted.length ? 'All boots' : count === 1 ? '1 boot' : `${count} boots`;
    const tone = condition === 'no-trace' ? 'plain' : 'warn';
    found.push({ key: condition, label: `${share}: ${label.toLowerCase()}`, sentence, tone });
  }
  return found;
}
