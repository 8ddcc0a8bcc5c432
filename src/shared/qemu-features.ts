/** What Nandu can use of a QEMU, which release brought it, and how a probed binary is described. */
import { z } from 'zod';

/** Each optional part of QEMU that a definition can ask for, and the release that brought it (QEMU's change logs). */
export const qemuFeatures = {
  microvm: { title: 'the microvm machine type', since: '4.2' },
  acpi: { title: 'ACPI on microvm', since: '5.2' },
  pcie: { title: 'PCI Express on microvm', since: '5.2' },
  usb: { title: 'USB on microvm', since: '5.2' },
  ioapic2: { title: 'a second IO-APIC on microvm', since: '6.0' },
  userNetwork: { title: 'user-mode networking (slirp)', since: '' },
  virtioRng: { title: 'the virtio random number device', since: '1.3' },
  virtioBalloon: { title: 'the virtio balloon', since: '0.12' },
  virtioConsole: { title: 'the virtio console', since: '0.13' },
  vsock: { title: 'vsock (vhost-vsock-device)', since: '2.8' },
  pvpanic: { title: 'the pvpanic device', since: '1.5' },
  throttling: { title: 'changeable disk throttling (throttle-group)', since: '2.11' },
  memfd: { title: 'shared memory in a memfd', since: '2.12' },
  sandbox: { title: 'the seccomp sandbox', since: '' },
  qboot: { title: 'the qboot firmware', since: '4.2' },
  seabios: { title: 'SeaBIOS’s microvm build', since: '5.2' },
  bootTracing: { title: 'trace events for the boot timeline', since: '' },
} as const;
export type QemuFeature = keyof typeof qemuFeatures;

export const qemuFeatureSchema = z.enum(
  Object.keys(qemuFeatures) as [QemuFeature, ...QemuFeature[]],
);

/** A QEMU binary as it was probed. */
export const qemuInfoSchema = z.object({
  path: z.string(),
  /** As QEMU prints it, for example "7.2.22"; empty when it could not be probed. */
  version: z.string(),
  /** What this binary lacks; `since` of {@link qemuFeatures} is empty where it is a matter of how QEMU was built. */
  missing: z.array(qemuFeatureSchema),
  /** For a list to choose from; a model may still be refused by the host. */
  cpuModels: z.array(z.string()),
  /** Why it cannot be used; null when it can. */
  problem: z.string().nullable(),
});
export type QemuInfo = z.infer<typeof qemuInfoSchema>;
