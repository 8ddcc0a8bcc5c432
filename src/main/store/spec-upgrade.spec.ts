import { expect, it } from 'vitest';
import { defaultSpec, machineSpecSchema } from '../../shared/index.ts';
import { upgradeSpec } from './spec-upgrade.ts';

const old = {
  name: 'old',
  preset: 'compatible',
  vcpus: 2,
  memoryMiB: 512,
  kernel: { kind: 'file', path: '/boot/vmlinuz' },
  initrd: { kind: 'none' },
  commandLine: 'panic=5',
  accelerator: 'tcg',
};

it('gives a definition of the first Nandu the defaults for all that it did not know', () => {
  expect(machineSpecSchema.parse(upgradeSpec(old))).toEqual({ ...defaultSpec, ...old });
});

it('reads the former preset “quiet” as Compatible with a quiet kernel', () => {
  expect(upgradeSpec({ ...old, preset: 'quiet' })).toEqual({
    ...{ ...defaultSpec, ...old },
    quietKernel: true,
  });
  expect(upgradeSpec({ ...old, preset: 'quiet', quietKernel: false })).toMatchObject({
    ...{ preset: 'compatible', quietKernel: false },
  });
});

it('adds what is missing inside a group of options and keeps what is there', () => {
  const stored = {
    ...{ ...old, board: { acpi: false }, devices: { balloon: true } },
    stopDeadlines: { quitMs: 300 },
  };
  expect(machineSpecSchema.parse(upgradeSpec(stored))).toMatchObject({
    board: { ...defaultSpec.board, acpi: false },
    devices: { ...defaultSpec.devices, balloon: true },
    stopDeadlines: { ...defaultSpec.stopDeadlines, quitMs: 300 },
  });
});

it('leaves a definition of today as it is', () => {
  const today = { ...defaultSpec, name: 'today', preset: 'minimal', console: 'both' };
  expect(upgradeSpec(today)).toEqual(today);
});

it('hides no fault, and shares nothing with the defaults', () => {
  for (const nonsense of [null, 7, 'x', []]) expect(upgradeSpec(nonsense)).toBe(nonsense);
  for (const faulty of [{ board: 7 }, { board: null }, { preset: 'plaid' }, { plaid: true }]) {
    const upgraded = upgradeSpec({ ...old, ...faulty });
    expect(machineSpecSchema.safeParse(upgraded).success).toBe(false);
  }
  expect(machineSpecSchema.safeParse(upgradeSpec({})).success).toBe(false); // no name
  expect((upgradeSpec(old) as typeof defaultSpec).board).not.toBe(defaultSpec.board);
});
