/**
 * What an option is held against, and how a complaint is made.
 * Finds nothing out: all that is known of the host is given.
 */
import type { Accelerator, Finding, QemuFeature } from '../../../shared/index.ts';
import type { KernelFacts } from '../../images/index.ts';

/** The host as a definition is held against it. */
export interface OptionContext {
  /** What the chosen QEMU lacks. */
  readonly missing: readonly QemuFeature[];
  readonly qemuVersion: string;
  /** What `auto` comes to here. */
  readonly accelerator: Accelerator;
  /** Null when the kernel could not be read; that is another complaint's business. */
  readonly kernel: KernelFacts | null;
  readonly cpuCount: number;
  /** Whether the host's CPU has the TSC deadline timer (/proc/cpuinfo). */
  readonly tscDeadlineTimer: boolean;
  /** As in {@link LaunchPlan}. */
  readonly tscKHz: number | null;
  /** What `-cpu` knows; empty when the QEMU could not be asked. */
  readonly cpuModels: readonly string[];
  /** Why KVM does not work here; null when it does, or that is not known yet. */
  readonly kvmProblem: string | null;
  /** Whether /dev/vhost-vsock can be opened. */
  readonly vhostVsock: boolean;
  /** Why a network cannot be fenced in here; null when it can. */
  readonly fenceProblem: string | null;
}

/** The one-click change that goes with a complaint. */
export type Mend = Finding['mend'];

export const mend = (label: string, changes: Record<string, unknown>): Mend => ({ label, changes });
export const error = (code: string, field: string, message: string, how: Mend = null): Finding => ({
  ...{ level: 'error', code, field, message, mend: how },
});
export const warning = (
  code: string,
  field: string,
  message: string,
  how: Mend = null,
): Finding => ({
  ...{ level: 'warning', code, field, message, mend: how },
});
