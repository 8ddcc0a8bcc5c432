import { expect, it } from 'vitest';
import { Quiet } from './quiet.ts';

const never = new AbortController().signal;

it('waits until nobody asks any more, and for a bounded time where somebody always does', async () => {
  let left = 2;
  let waits = 0;
  const quiet = new Quiet(() => {
    waits += 1;
    if (left-- > 0) quiet.asked();
    return Promise.resolve();
  });
  await quiet.wait(never);
  expect(waits).toBe(3);
  left = Infinity;
  waits = 0;
  await quiet.wait(never);
  expect(waits).toBe(6);
});

it('ends at once when it is called off', async () => {
  const end = new AbortController();
  const waiting = new Quiet().wait(end.signal);
  end.abort();
  await waiting;
});
