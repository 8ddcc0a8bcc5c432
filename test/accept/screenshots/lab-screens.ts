/** The screens of the boot lab: what is compared, how far it is, what came of it, what failed, and what is advised. */
import { setTimeout as delay } from 'node:timers/promises';
import { defaultSpec, type LabPlan, type MachineSpec } from '../../../src/shared/index.ts';
import type { NanduApp } from '../../support/app.ts';
import type { Camera } from './container-screens.ts';

export async function labScreens(camera: Camera): Promise<void> {
  await camera.withApp({}, async (app) => {
    await app.createMachine({ Name: 'web-sandbox' });
    await app.page.getByRole('navigation', { name: 'Library' }).getByText('Boot lab').click();
    await camera.shoot(app, '50-lab-empty');
    await app.button('New experiment…').click();
    await app.page.getByRole('checkbox', { name: 'As it is' }).waitFor();
    await camera.shoot(app, '51-lab-new');
    await app.page.keyboard.press('Escape');

    const plan = await planOf(app);
    const { id } = await app.invoke('lab:start', plan);
    await untilDone(app, 9);
    await camera.shoot(app, '52-lab-list');
    await app.page.getByRole('button', { name: plan.name, exact: true }).click();
    await camera.shoot(app, '53-lab-running');
    await untilDone(app, Infinity);
    await camera.shoot(app, '54-lab-finished');
    await camera.resize(app, 900, 2_200);
    await camera.shoot(app, '55-lab-whole');
    await camera.resize(app, 1280, 800);
    await app.invoke('lab:remove', { id });
  });
}

/** As few boots as an interval takes, and one variant that never boots. */
async function planOf(app: NanduApp): Promise<LabPlan> {
  const { defaultKernel } = await app.invoke('host:status', undefined);
  const spec: MachineSpec = { ...defaultSpec, name: 'web-sandbox', quietKernel: true };
  const bzImage = { kind: 'file', path: defaultKernel?.bzImagePath ?? '' } as const;
  const variants: [string, MachineSpec][] = [
    ['bzImage kernel', { ...spec, kernel: bzImage }],
    ['ELF kernel', spec],
    ['Virtio console', { ...spec, console: 'virtio' }],
    ['An init that is not there, under a name that is rather long', missingInit(spec)],
  ];
  return {
    ...{ name: 'Ways to boot web-sandbox', rounds: 6, warmUps: 1 },
    variants: variants.map(([name, one]) => ({ name, spec: one, board: 'microvm' })),
  };
}

function missingInit(spec: MachineSpec): MachineSpec {
  return { ...spec, commandLine: 'rdinit=/nowhere' };
}

/** Waits for so many boots, or for the end. */
async function untilDone(app: NanduApp, boots: number): Promise<void> {
  for (;;) {
    const [experiment] = await app.invoke('lab:list', undefined);
    if (!experiment || experiment.state !== 'running' || experiment.done >= boots) return;
    await delay(200);
  }
}
