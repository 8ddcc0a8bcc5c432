/** Branded identifiers, so that a run's id can never be passed where a machine's is meant. */
import { z } from 'zod';

export const machineIdSchema = z.uuid().brand<'MachineId'>();
export type MachineId = z.infer<typeof machineIdSchema>;

export const runIdSchema = z.uuid().brand<'RunId'>();
export type RunId = z.infer<typeof runIdSchema>;
