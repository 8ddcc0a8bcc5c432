import { expect, it } from 'vitest';
import type { QemuProcess } from '../qemu/index.ts';
import type { QmpEvent, QmpSession } from '../qmp/index.ts';
import { GuestHold } from './guest-hold.ts';

const event = (name: string): QmpEvent => ({ event: name, data: {}, timestampMs: null });

function held(status: string | null) {
  const told: [boolean, string | null][] = [];
  const process = { suspended: false };
  const scene = { told, process, ends: false };
  const qmp = {
    execute: () =>
      status === null ? Promise.reject(new Error('gone')) : Promise.resolve({ status }),
  };
  const hold = new GuestHold(
    {
      process: process as unknown as QemuProcess,
      monitor: () => qmp as unknown as QmpSession,
      ends: () => scene.ends,
      tell: (...words) => void told.push(words),
    },
    false,
  );
  return Object.assign(scene, { hold });
}
const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it.each([
  ['io-error', 'disk-error'],
  ['internal-error', 'qemu-error'],
  ['paused', null],
  [null, null],
])('a halt that nobody asked for is asked about: %s', async (status, cause) => {
  const { hold, told } = held(status);
  hold.hear(event('STOP'));
  await soon();
  expect([told, hold.halted]).toEqual([[[true, cause]], true]);
  hold.hear(event('RESUME'));
  expect(told.at(-1)).toEqual([false, null]);
});

it('a pause that was asked for is told at once, once', async () => {
  const { hold, told } = held('io-error');
  hold.expectPause();
  hold.hear(event('STOP'));
  expect(told).toEqual([[true, null]]);
  hold.hear(event('RESUME'));
  hold.hear(event('STOP'));
  await soon();
  expect(told.at(-1)).toEqual([true, 'disk-error']);
});

it('the halt of a machine that ends is none', async () => {
  const scene = held('io-error');
  scene.ends = true;
  scene.hold.hear(event('STOP'));
  await soon();
  expect([scene.told, scene.hold.halted]).toEqual([[], false]);
});

it('a signal from outside holds it, too, and is told when it changes', () => {
  const { hold, told, process } = held(null);
  hold.look();
  process.suspended = true;
  hold.look();
  hold.look();
  process.suspended = false;
  hold.look();
  expect(told).toEqual([
    [true, 'suspended'],
    [false, null],
  ]);
});
