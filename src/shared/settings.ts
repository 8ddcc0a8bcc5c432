/** What a person chose for the whole app. */
import { z } from 'zod';
import { absolutePathSchema } from './machine-spec.ts';

export const settingsSchema = z.strictObject({
  theme: z.enum(['system', 'light', 'dark']),
  /** What becomes of running machines when the window is closed. */
  parting: z.enum(['ask', 'keep', 'stop']),
  /** QEMU binaries to choose from besides the one that is found. */
  qemuPaths: z.array(absolutePathSchema).max(16, 'Register at most 16 QEMU binaries.'),
  /** Whether the doctor has introduced itself. */
  doctorSeen: z.boolean(),
});
export type Settings = z.infer<typeof settingsSchema>;

export const defaultSettings: Settings = {
  theme: 'system',
  parting: 'ask',
  qemuPaths: [],
  doctorSeen: false,
};
