/**
 * The colours of the phases, as tokens.
 * Never a meaning by colour alone: every use stands beside the phase's title.
 */
import type { PhaseName } from '../../shared/index.ts';

/** A phase's colour as a CSS value. */
export function phaseColor(name: PhaseName): string {
  return `var(--phase-${name})`;
}
