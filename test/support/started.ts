/** A real machine that has been started, as the tests of its life look at it. */
import { expect } from 'vitest';
import { runFiles, type ProcessIdentity, type RunFiles } from '../../src/main/host/index.ts';
import { readLaunchRecord } from '../../src/main/machines/launch-record.ts';
import { withChanges, type MachineId } from '../../src/shared/index.ts';
import type { Services } from './services.ts';
import { TestView } from './test-view.ts';

/** A started machine, and how to type into it. */
export async function started(
  services: Services,
  changes: Record<string, unknown> = {},
): Promise<{ id: MachineId; type: (text: string) => void; view: TestView }> {
  const spec = withChanges(services.spec({ quietKernel: true }), changes);
  const { id } = await services.manager.create(spec);
  const view = new TestView();
  const console = services.manager.openConsole(id, view.sink);
  await services.manager.start(id);
  await services.untilReady(id);
  await view.shows('/ # ');
  return { id, view, type: (text) => console.input(text) };
}

export async function processOf(
  services: Services,
  id: MachineId,
): Promise<ProcessIdentity & { files: RunFiles }> {
  const files = runFiles(services.paths, services.manager.get(id).run?.id ?? expect.unreachable());
  const record = await readLaunchRecord(files.launchRecord);
  if (record === null) throw new Error('there is no launch record');
  return { ...record, files };
}

/** State as people see it, with what is waited for. */
export const shown = (services: Services, id: MachineId): string => {
  const { state, activity } = services.manager.get(id);
  return activity === null ? state : `${state}/${activity}`;
};
