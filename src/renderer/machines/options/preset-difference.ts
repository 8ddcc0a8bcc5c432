/**
 * Where a definition's options are no longer those of its preset.
 * Pure.
 */
import { differingPaths, optionsOf, type MachineSpec } from '../../../shared/index.ts';
import { fieldsOf } from './field-paths.ts';

/** The fields that were changed since the preset was chosen. */
export function changedSincePreset(spec: MachineSpec): string[] {
  const options = optionsOf(spec.preset, spec.kernel);
  const own = Object.fromEntries(
    Object.keys(options).map((key) => [key, spec[key as keyof typeof options]]),
  );
  return fieldsOf(differingPaths(options, own));
}
