/** What this computer offers: QEMU, acceleration, memory, guest kernels. Found out, never assumed. */
import { z } from 'zod';
import { errorDataSchema } from './errors.ts';
import { qemuInfoSchema } from './qemu-features.ts';

export const kvmStatusSchema = z.object({
  /** `probing`: a probe boot is under way. `works`: one ran to user space. `unusable`: see `reason`. */
  state: z.enum(['unknown', 'probing', 'works', 'unusable']),
  /** One sentence; empty while unknown or probing. */
  reason: z.string(),
});
export type KvmStatus = z.infer<typeof kvmStatusSchema>;

export const guestKernelSchema = z.object({
  id: z.string(),
  title: z.string(),
  release: z.string(),
  /** The ELF, which starts fastest. */
  kernelPath: z.string(),
  /** The same kernel as the distribution packs it. */
  bzImagePath: z.string(),
  initrdPath: z.string(),
});
export type GuestKernel = z.infer<typeof guestKernelSchema>;

export const hostStatusSchema = z.object({
  qemu: z.object({ path: z.string(), version: z.string() }).nullable(),
  /** All that can be chosen from, the default one first; empty when there is none. */
  qemus: z.array(qemuInfoSchema),
  /** Why there is no usable QEMU or guest kernel, with what to do. */
  problems: z.array(errorDataSchema),
  kvm: kvmStatusSchema,
  memoryMiB: z.number(),
  cpuCount: z.number(),
  /** The kernel that machines with the `default` choice boot; null when set-up has not prepared one. */
  defaultKernel: guestKernelSchema.nullable(),
  /** The kernel of the `fast` choice; null when nobody has made it (`npm run guest:kernel`). */
  fastKernel: guestKernelSchema.nullable(),
});
export type HostStatus = z.infer<typeof hostStatusSchema>;
