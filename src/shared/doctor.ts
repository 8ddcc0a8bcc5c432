/** The doctor's report: what this computer has of all that Nandu needs or can use. */
import { z } from 'zod';

export const checkResultSchema = z.object({
  /** Stable: `qemu`, `kvm-device`, `kvm-permission`, `kvm-boot`, `kernel`, `tools`, `disk-space`, `user-namespaces`, … */
  id: z.string(),
  title: z.string(),
  /** `failed` keeps machines from starting, `limited` makes them slower or takes something away. */
  result: z.enum(['ok', 'limited', 'failed']),
  /** What was found, and what it means. */
  message: z.string(),
  /** A shell command that mends it, to copy; null when none does, or nothing is wrong. */
  mend: z.string().nullable(),
});
export type CheckResult = z.infer<typeof checkResultSchema>;

export const doctorReportSchema = z.object({
  atMs: z.number(),
  checks: z.array(checkResultSchema),
});
export type DoctorReport = z.infer<typeof doctorReportSchema>;
