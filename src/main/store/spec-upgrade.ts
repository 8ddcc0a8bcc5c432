/**
 * Owns the way from a definition that an older Nandu stored to the shape of today.
 * Must never judge it or hide a fault: whether the result is a definition, the schema tells.
 */
import { defaultSpec } from '../../shared/index.ts';

/** The groups of options in which a single one may be missing. */
const groups = ['board', 'devices', 'stopDeadlines'] as const;

/**
 * Adds the defaults for what was not known when the definition was stored. The first Nandu's preset
 * `quiet` was `compatible` with a quiet kernel.
 * @param stored parsed JSON; anything but an object comes back as it is.
 */
export function upgradeSpec(stored: unknown): unknown {
  if (!isRecord(stored)) return stored;
  const spec: Record<string, unknown> = { ...structuredClone(defaultSpec), ...stored };
  for (const group of groups) {
    const value = stored[group];
    if (isRecord(value)) spec[group] = { ...defaultSpec[group], ...value };
  }
  if (stored['preset'] === 'quiet') {
    spec['preset'] = 'compatible';
    if (!('quietKernel' in stored)) spec['quietKernel'] = true;
  }
  // Until networks had presets, there was the one of QEMU or none.
  if (stored['network'] === 'none') spec['network'] = 'offline';
  if (stored['network'] === 'user') spec['network'] = 'full';
  return spec;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
