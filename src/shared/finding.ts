/** What is wrong with a definition before it is started: where, why, and the change that mends it. */
import { z } from 'zod';
import { machineSpecSchema, type MachineSpec } from './machine-spec.ts';

/**
 * One complaint. An `error` keeps the machine from starting; with a `warning` it may start, but something
 * will be slow, missing or unreliable.
 */
export const findingSchema = z.object({
  level: z.enum(['error', 'warning']),
  /** Stable, for tests: `too-many-devices`, `needs-acpi`, … */
  code: z.string(),
  /** The path of the field at fault, like `board.pit` or `disks.0.path`. */
  field: z.string(),
  /** One or two sentences: what, and why. */
  message: z.string(),
  /** Null when no change of the definition alone helps. */
  mend: z
    .object({
      /** What the button says: “Turn ACPI on”. */
      label: z.string(),
      /** Values by path of field. */
      changes: z.record(z.string(), z.unknown()),
    })
    .nullable(),
});
export type Finding = z.infer<typeof findingSchema>;

/**
 * The definition with values set at paths like `board.acpi` or `disks.0.readOnly`.
 * @throws ZodError when the result is no definition.
 */
export function withChanges(spec: MachineSpec, changes: Record<string, unknown>): MachineSpec {
  const copy = structuredClone(spec) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop();
    let place: Record<string, unknown> | undefined = copy;
    for (const key of keys) {
      const next: unknown = place === undefined ? undefined : place[key];
      place =
        typeof next === 'object' && next !== null ? (next as Record<string, unknown>) : undefined;
    }
    if (place !== undefined && last !== undefined && Object.hasOwn(place, last)) {
      place[last] = value;
    }
  }
  return machineSpecSchema.parse(copy);
}
