/** A small experiment of the lab, as a person would make it: an ELF and a bzImage, quiet or not, and q35. */
import { rmSync } from 'node:fs';
import { figuresOf, sayDifference, type LabPlan } from '../../../src/shared/index.ts';
import { temporaryDirectory } from '../../support/folders.ts';
import { Services } from '../../support/services.ts';

export interface LabCheck {
  readonly variants: number;
  /** Boots that were made, warm-ups included. */
  readonly runs: number;
  readonly problems: readonly string[];
}

const rounds = 6;
const minutes = 8;

export async function checkLab(say: (line: string) => void): Promise<LabCheck> {
  const folder = temporaryDirectory();
  const services = await Services.open(folder);
  try {
    const { defaultKernel, fastKernel } = await services.host.status();
    const quiet = services.spec({ quietKernel: true });
    const path = defaultKernel?.bzImagePath ?? '';
    const plan: LabPlan = {
      name: 'Acceptance',
      ...{ rounds, warmUps: 1 },
      variants: [
        { name: 'bzImage', board: 'microvm', spec: { ...quiet, kernel: { kind: 'file', path } } },
        { name: 'ELF', board: 'microvm', spec: quiet },
        { name: 'ELF, kernel’s log shown', board: 'microvm', spec: services.spec() },
        { name: 'q35', board: 'q35', spec: { ...quiet, kernel: { kind: 'file', path } } },
        ...(fastKernel === null
          ? []
          : [
              {
                ...{ name: 'fast kernel', board: 'microvm' as const },
                spec: { ...quiet, kernel: { kind: 'fast' as const } },
              },
            ]),
      ],
    };
    const { id } = services.lab.start(plan);
    const end = await services.untilExperiment(
      ({ state }) => state !== 'running',
      minutes * 60_000,
    );
    const { results } = services.lab.get(id);
    const figures = figuresOf(plan, results);
    for (const { variant, medianMs, difference } of figures) {
      const name = plan.variants[variant]?.name ?? '';
      say(variant === 0 ? `${name}: ${medianMs?.toFixed(0)} ms` : sayDifference(name, difference));
    }
    const failed = results.filter(({ failure }) => failure !== null);
    return {
      ...{ variants: plan.variants.length, runs: results.length },
      problems: [
        ...(end.state === 'finished' ? [] : [`the experiment is ${end.state}`]),
        ...failed.map(({ variant, failure }) => `variant ${variant}: ${failure?.message}`),
        // Unpacking is the largest single win there is: a lab that does not see it sees nothing.
        ...((figures[1]?.difference?.highMs ?? 0) < 0 ? [] : ['the ELF is not seen to be faster']),
      ],
    };
  } finally {
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
