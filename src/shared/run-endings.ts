/** What the ends of a run come to. Without schemas, because the window's first view has none. */
import type { RunEnd } from './run.ts';

/** Ends after which nothing remains of a machine that was to run once: its command was run, and its end was seen. */
export const endsForGood: readonly RunEnd['kind'][] = [
  'command-ended',
  'stopped',
  'killed',
  'lifetime-over',
  'guest-shutdown',
];
