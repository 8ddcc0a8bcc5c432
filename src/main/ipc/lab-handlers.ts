/**
 * Answers what the window asks about the boot lab.
 * Holds no logic of its own.
 */
import type { LabService } from '../lab/index.ts';
import type { Handlers } from './router.ts';

type LabChannel = Exclude<Extract<keyof Handlers, `lab:${string}`>, 'lab:export'>;

export function labHandlers(lab: LabService): Pick<Handlers, LabChannel> {
  return {
    'lab:list': () => lab.list(),
    'lab:get': ({ id }) => lab.get(id),
    'lab:start': (plan) => lab.start(plan),
    'lab:pause': ({ id }) => lab.pause(id),
    'lab:resume': ({ id }) => lab.resume(id),
    'lab:cancel': ({ id }) => lab.cancel(id),
    'lab:remove': ({ id }) => void lab.remove(id),
  };
}
