/**
 * Finds out what a QEMU binary can do by asking the binary itself, not by its version.
 * Never starts a guest, and takes nothing that it answers for more than bounded text.
 */
import { z } from 'zod';
import { AppError } from '../../shared/index.ts';
import type { QmpSession } from '../qmp/index.ts';
import { traceEvents } from './argv.ts';
import { findFirmware } from './firmware-files.ts';
import { foldersIn, netdevsIn, printedBy, propertiesIn } from './help-text.ts';
import { askMachineless } from './machineless.ts';

const namesSchema = z
  .array(
    z
      .string()
      .min(1)
      .max(128)
      .regex(/^[\x20-\x7e]+$/),
  )
  .max(5_000);
const pathSchema = z.string().startsWith('/').max(4096).nullable();
const numberSchema = z.int().min(0).max(100_000);

/** Plain data, to be kept under the binary's fingerprint; lists are sorted. */
export const qemuCapabilitiesSchema = z.object({
  version: z.object({ major: numberSchema, minor: numberSchema, micro: numberSchema }),
  machineTypes: namesSchema,
  /** Of `microvm`; empty when there is no such machine type. */
  machineProperties: namesSchema,
  /** For `-device`. */
  devices: namesSchema,
  /** For `-object`. */
  objects: namesSchema,
  /** For `-netdev`. */
  netdevs: namesSchema,
  /** For `-cpu`, versions and their aliases alike; the host may still refuse one. */
  cpuModels: namesSchema,
  /** Those of Nandu's trace events that were compiled in. */
  traceEvents: namesSchema,
  /** Whether `-sandbox` does anything. */
  sandbox: z.boolean(),
  /** The files; null where none was found. */
  firmware: z.object({ qboot: pathSchema, seabios: pathSchema }),
});
export type QemuCapabilities = z.infer<typeof qemuCapabilitiesSchema>;

/** For tests. */
export interface ProbeOptions {
  /** For everything together, milliseconds. Default 10,000; some 150 are usual. */
  readonly deadlineMs?: number;
  /** Where firmware lies beside the folders that QEMU names. */
  readonly firmwareFolders?: readonly string[];
}

/**
 * Asks a binary over QMP, with the machine type `none`, and for what it tells there wrongly or not at all
 * by its help: `qom-list-properties` of microvm ends QEMU 7.2 with a failed assertion, and the schema's
 * NetClientDriver names networks that were not compiled in.
 * @param signal calls it off.
 * @throws AppError `qemu_missing`, `permission_denied`, `qemu_failed`, `qemu_timeout`, `qmp_failed`,
 *   `cancelled`.
 */
export async function probeCapabilities(
  qemuPath: string,
  signal: AbortSignal,
  { deadlineMs = 10_000, firmwareFolders = ['/usr/share/seabios'] }: ProbeOptions = {},
): Promise<QemuCapabilities> {
  const deadline = AbortSignal.timeout(deadlineMs);
  const failure = new AbortController();
  const limit = AbortSignal.any([signal, deadline, failure.signal]);
  const print = (...args: string[]): Promise<string> => printedBy(qemuPath, args, limit);
  const empty = ['-nodefaults', '-no-user-config', '-machine', 'none', '-display', 'none'];
  const parts = [
    askMachineless(qemuPath, limit, (session) => askAll(session, limit)),
    print('-machine', 'microvm,help').then(propertiesIn),
    print(...empty, '-netdev', 'help').then(netdevsIn),
    print('-L', 'help').then((help) => findFirmware([...foldersIn(help), ...firmwareFolders])),
  ] as const;
  for (const part of parts) part.catch(() => failure.abort());
  // All are waited for, so that no process is left when one of them has failed.
  const outcomes = await Promise.allSettled(parts);
  const cause = causeOf(outcomes);
  if (cause !== null) {
    if (signal.aborted) throw new AppError('cancelled', 'Asking QEMU was called off.');
    throw deadline.aborted ? tooSlow(qemuPath, deadlineMs) : asAppError(cause, qemuPath);
  }
  const [answers, properties, netdevs, firmware] = await Promise.all(parts);
  return assemble({ ...answers, machineProperties: properties, netdevs, firmware }, qemuPath);
}

type Answers = Omit<QemuCapabilities, 'machineProperties' | 'netdevs' | 'firmware'>;

async function askAll(session: QmpSession, signal: AbortSignal): Promise<Answers> {
  // `signal` has the deadline of all together.
  const options = { deadlineMs: Infinity, signal };
  const types = (parent: string): Promise<readonly Named[]> =>
    session.execute('qom-list-types', { implements: parent, abstract: false }, options);
  const version = await session.execute('query-version', undefined, options);
  const machines = await session.execute('query-machines', undefined, options);
  const models = await session.execute('query-cpu-definitions', undefined, options);
  const devices = await types('device');
  const objects = await types('user-creatable');
  const groups = await unlessRefused(
    session.execute('query-command-line-options', undefined, options),
  );
  const events: string[] = [];
  for (const name of traceEvents) {
    const state = await unlessRefused(session.execute('trace-event-get-state', { name }, options));
    if (state.some((event) => event.name === name && event.state !== 'unavailable')) {
      events.push(name);
    }
  }
  return {
    version: version.qemu,
    machineTypes: namesOf(machines),
    devices: namesOf(devices),
    objects: namesOf(objects),
    cpuModels: namesOf(models),
    traceEvents: events,
    // Registered only where libseccomp was there at build time and the kernel filters
    // (softmmu/qemu-seccomp.c, seccomp_register).
    sandbox: groups.some(({ option }) => option === 'sandbox'),
  };
}

interface Named {
  readonly name: string;
}

function namesOf(list: readonly Named[]): string[] {
  return list.map(({ name }) => name);
}

/** A question that this QEMU does not know or does not like has no answers. */
async function unlessRefused<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AppError && typeof error.details['class'] === 'string') return [];
    throw error;
  }
}

/** @throws AppError `qemu_failed` for an answer that no QEMU gives: it must not be remembered. */
function assemble(found: QemuCapabilities, qemuPath: string): QemuCapabilities {
  const sorted = Object.fromEntries(
    Object.entries(found).map(([key, value]) => [
      key,
      Array.isArray(value) ? [...new Set(value)].sort((a, b) => a.localeCompare(b, 'en')) : value,
    ]),
  );
  const { success, data, error } = qemuCapabilitiesSchema.safeParse(sorted);
  const hasMicrovm = found.machineTypes.includes('microvm');
  if (!success || found.netdevs.length === 0 || (hasMicrovm && !found.machineProperties.length)) {
    throw new AppError('qemu_failed', `“${qemuPath}” does not answer as QEMU does.`, {
      cause: error,
      details: { path: qemuPath },
    });
  }
  return data;
}

/** The first failure that is not only the consequence of another one; null when all went well. */
function causeOf(outcomes: readonly PromiseSettledResult<unknown>[]): Error | null {
  const reasons = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  const isConsequence = (reason: Error): boolean =>
    reason.name === 'AbortError' || (reason instanceof AppError && reason.code === 'cancelled');
  return reasons.find((reason) => !isConsequence(reason)) ?? reasons[0] ?? null;
}

function asAppError(cause: Error, qemuPath: string): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError('qemu_failed', `“${qemuPath}” cannot be asked: ${cause.message}`, {
    cause,
    details: { path: qemuPath },
  });
}

function tooSlow(qemuPath: string, deadlineMs: number): AppError {
  return new AppError(
    'qemu_timeout',
    `“${qemuPath}” did not say what it can do within ${deadlineMs / 1000} s.`,
    { details: { path: qemuPath, deadlineMs } },
  );
}
