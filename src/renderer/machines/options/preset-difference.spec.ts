import { expect, it } from 'vitest';
import { defaultSpec, withPreset, type MachineSpec } from '../../../shared/index.ts';
import { changedSincePreset } from './preset-difference.ts';

const spec: MachineSpec = { ...defaultSpec, name: 'web', vcpus: 4, commandLine: 'a=b' };

it('finds no difference in what a preset does not decide', () => {
  expect(changedSincePreset(spec)).toEqual([]);
  expect(changedSincePreset(withPreset(spec, 'minimal'))).toEqual([]);
});

it('finds each option that was changed since, as one field', () => {
  const fast = withPreset(spec, 'fast');
  const changed: MachineSpec = {
    ...fast,
    firmware: { kind: 'file', path: '/bios' },
    board: { ...fast.board, pit: 'off' },
    devices: { ...fast.devices, vsockCid: 7 },
  };
  expect(changedSincePreset(changed).toSorted()).toEqual([
    ...['board.pit', 'devices.vsockCid', 'firmware'],
  ]);
});
