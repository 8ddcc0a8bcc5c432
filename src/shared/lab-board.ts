/**
 * What a variant's board means for its definition. Pure.
 * Must never change what the guest itself is given: only what belongs to microvm's board.
 */
import type { LabVariant } from './lab.ts';
import type { MachineSpec } from './machine-spec.ts';
import { presetOptions } from './presets.ts';

/**
 * The definition that a variant is checked, planned and booted with. A q35 always has ACPI, timers, a serial port and
 * a firmware of its own, so that what a definition leaves out of microvm's board, or chooses as its firmware, speaks
 * neither for nor against a boot on it.
 */
export function bootedSpecOf({ spec, board }: Pick<LabVariant, 'spec' | 'board'>): MachineSpec {
  if (board === 'microvm') return spec;
  const { board: whole, firmware } = presetOptions.compatible;
  return { ...spec, board: { ...whole }, firmware: { ...firmware } };
}
