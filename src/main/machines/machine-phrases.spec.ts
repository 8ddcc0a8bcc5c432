import { expect, it } from 'vitest';
import type { BootCondition, BootTimeline } from '../../shared/index.ts';
import { restartPhrase } from './machine-phrases.ts';

it('says of a guest that restarted whether it was ready before', () => {
  const boot = (...conditions: BootCondition[]): BootTimeline => ({
    ...{ phases: [], totalMs: 9, reached: 'user-space', details: [], kernelClockMs: null },
    conditions,
  });
  expect([boot('rebooted'), boot('deadline'), null].map(restartPhrase)).toEqual([
    ...['The guest restarted before it was ready', 'The guest restarted', 'The guest restarted'],
  ]);
});
