import { describe, expect, it } from 'vitest';
import { DeviceFinder } from './device-finder.ts';
import { parseTrace } from './trace.ts';

const finder = (lines: readonly string[]): DeviceFinder => {
  const made = new DeviceFinder();
  for (const event of parseTrace(`${lines.join('\n')}\n`)) made.add(event);
  return made;
};
const reset = (object: string, type: string): string =>
  `7@1.000000:resettable_phase_hold_exec obj=${object}(${type}) method=0`;
const status = (micros: number, object: string, value: number): string =>
  `7@2.${String(micros).padStart(6, '0')}:virtio_set_status vdev ${object} val ${value}`;
const bound = (at: number, object: string): string[] => [
  status(at, object, 0),
  ...[1, 3, 11, 15].map((value, step) => status(at + step * 1000, object, value)),
];

describe('DeviceFinder', () => {
  it('names each device by its reset, with a number where there are several, in the order of their drivers', () => {
    const found = finder([
      ...[reset('0xa', 'virtio-blk-device'), reset('0xb', 'virtio-blk-device')],
      ...[reset('0xc', 'virtio-net-device'), reset('0xd', 'virtio-mmio')],
      ...[...bound(20_000, '0xa'), ...bound(10_000, '0xb'), ...bound(30_000, '0xc')],
    ]).bindings(0);
    // From 3 (a driver begins) on: the bus found the device earlier.
    expect(found).toEqual([
      { name: 'virtio-blk 1', startedAtMs: 2011, boundAtMs: 2013 },
      { name: 'virtio-blk 2', startedAtMs: 2021, boundAtMs: 2023 },
      { name: 'virtio-net', startedAtMs: 2031, boundAtMs: 2033 },
    ]);
  });

  it('takes the kernel’s driver and not the firmware’s, where both came', () => {
    const devices = finder([
      ...[reset('0xa', 'virtio-blk-device'), ...bound(1_000, '0xa'), ...bound(50_000, '0xa')],
    ]);
    expect(devices.bindings(2_010).map(({ startedAtMs }) => startedAtMs)).toEqual([2051]);
    expect(devices.bindings(2_900).map(({ startedAtMs }) => startedAtMs)).toEqual([2002]);
  });

  it('leaves out a device whose driver gave up, and names one without a reset plainly', () => {
    const lines = [...[1, 3, 131].map((value) => status(value, '0xa', value)), ...bound(9, '0xb')];
    expect(
      finder(lines)
        .bindings(0)
        .map(({ name }) => name),
    ).toEqual(['virtio']);
  });

  it('is not grown by a guest that resets its devices for ever', () => {
    const devices = new DeviceFinder();
    for (let at = 0; at < 200_000; at += 1) {
      const device = `0x${(at % 500).toString(16)}`;
      devices.add({ kind: 'virtio-status', atMs: at, device, status: (at % 4) * 5 });
      devices.add({ kind: 'reset', atMs: at, object: `0x${at.toString(16)}`, type: 'virtio-x' });
    }
    expect(devices.bindings(0).length).toBeLessThanOrEqual(64);
  });
});
