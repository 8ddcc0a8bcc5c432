/**
 * Answers what the window asks about runs that were.
 * Holds no logic of its own.
 */
import type { RunHistory } from '../machines/index.ts';
import type { Handlers } from './router.ts';

type RunChannel = Exclude<Extract<keyof Handlers, `run:${string}`>, 'run:list'>;

/** @param save asks where; null when the person cancels. */
export function runHandlers(
  history: RunHistory,
  save: (name: string) => Promise<string | null>,
): Pick<Handlers, RunChannel> {
  return {
    'run:recent': ({ limit }) => history.recent(limit),
    'run:annotate': ({ runId, note }) => history.annotate(runId, note),
    'run:set-baseline': ({ runId, baseline }) => history.setBaseline(runId, baseline),
    'run:changes': ({ runId, otherId }) => history.changes(otherId, runId),
    'run:export': async ({ runId, format }) => {
      const path = await save(history.exportName(runId, format));
      if (path !== null) await history.exportTo(runId, format, path);
      return path;
    },
  };
}
