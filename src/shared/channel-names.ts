/** The names of all channels, apart from their schemas so that preload stays free of zod. */

/** Answered, with nothing, as soon as main can answer requests. */
export const openingChannel = 'opening';

export const requestNames = [
  'machine:list',
  'machine:create',
  'machine:start',
  'machine:stop',
  'machine:force-stop',
  'machine:pause',
  'machine:resume',
  'machine:restart',
  'machine:delete',
  'machine:check',
  'machine:update',
  'machine:undo',
  'machine:clone',
  'machine:command',
  'machine:export',
  'machine:import',
  'machine:last-words',
  'machine:dismiss-words',
  'machine:left-disk',
  'machine:remove-left-disk',
  'run:list',
  'run:recent',
  'run:annotate',
  'run:set-baseline',
  'run:changes',
  'run:export',
  'journal:list',
  'log:read',
  'log:save',
  'doctor:run',
  'host:status',
  'host:refresh',
  'dialog:pick-file',
  'settings:get',
  'settings:set',
  'image:list',
  'image:import',
  'image:cancel',
  'image:imports',
  'image:dismiss',
  'image:remove',
  'image:usage',
  'image:prune',
  'registry:list',
  'registry:forget',
  'lab:list',
  'lab:get',
  'lab:start',
  'lab:pause',
  'lab:resume',
  'lab:cancel',
  'lab:remove',
  'lab:export',
  'secret:storage',
  'secret:set',
  'secret:list',
] as const;
export type RequestName = (typeof requestNames)[number];

export const eventNames = [
  'machine:changed',
  'machine:removed',
  'journal:added',
  'host:changed',
  'image:listed',
  'image:progressed',
  'lab:changed',
] as const;
export type EventName = (typeof eventNames)[number];

/** The page sends a MessagePort with this name and `{ machineId, kind }`; a console stream flows over it. */
export const consoleChannel = 'console:open';
