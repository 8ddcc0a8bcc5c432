import { expect, it } from 'vitest';
import { qmpStorm } from '../support/qmp-storm.ts';

it('a million random, cut, malformed and oversized messages: no crash, no hang, no promise stranded', async () => {
  const { messages, stranded } = await qmpStorm(1_000_000);
  expect(messages).toBeGreaterThanOrEqual(1_000_000);
  expect(stranded).toBe(0);
});
