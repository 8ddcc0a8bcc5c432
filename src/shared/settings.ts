/** What a person chose for the whole app. */
import { z } from 'zod';
import { absolutePathSchema } from './machine-spec.ts';

export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  /** What becomes of running machines when the window is closed. */
  parting: z.enum(['ask', 'keep', 'stop']),
  /** How folders reach guests: `automatic` is virtiofs where that works, else 9p. */
  sharedFolders: z.enum(['automatic', '9p']),
  /** QEMU binaries to choose from besides the one that is found. */
  qemuPaths: z.array(absolutePathSchema).max(16, 'Register at most 16 QEMU binaries.'),
  /** Whether the doctor has introduced itself. */
  doctorSeen: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;
