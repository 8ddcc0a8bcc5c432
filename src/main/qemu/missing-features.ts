/**
 * Tells which of the features Nandu can use a probed QEMU lacks, and says so in a sentence. Pure.
 * Never concludes anything from a version alone: distributors leave things out and add others.
 */
import { qemuFeatures, type QemuFeature } from '../../shared/index.ts';
import { phaseEvents } from './argv.ts';
import type { QemuCapabilities } from './capabilities.ts';

/** What must be there for each feature. */
const isThere: Record<QemuFeature, (found: QemuCapabilities) => boolean> = {
  microvm: ({ machineTypes }) => machineTypes.includes('microvm'),
  acpi: ({ machineProperties }) => machineProperties.includes('acpi'),
  pcie: ({ machineProperties }) => machineProperties.includes('pcie'),
  // Every machine type has a property “usb”; on microvm it adds this device.
  usb: ({ devices }) => devices.includes('sysbus-xhci'),
  ioapic2: ({ machineProperties }) => machineProperties.includes('ioapic2'),
  userNetwork: ({ netdevs }) => netdevs.includes('user'),
  virtioRng: ({ devices }) => devices.includes('virtio-rng-device'),
  virtioBalloon: ({ devices }) => devices.includes('virtio-balloon-device'),
  virtioConsole: ({ devices }) =>
    devices.includes('virtio-serial-device') && devices.includes('virtconsole'),
  vsock: ({ devices }) => devices.includes('vhost-vsock-device'),
  pvpanic: ({ devices }) => devices.includes('pvpanic'),
  throttling: ({ objects }) => objects.includes('throttle-group'),
  memfd: ({ objects }) => objects.includes('memory-backend-memfd'),
  sandbox: ({ sandbox }) => sandbox,
  qboot: ({ firmware }) => firmware.qboot !== null,
  seabios: ({ firmware }) => firmware.seabios !== null,
  bootTracing: ({ traceEvents: found }) => phaseEvents.every((event) => found.includes(event)),
};

const features = Object.keys(qemuFeatures) as QemuFeature[];

/** What this QEMU lacks, in the order of {@link qemuFeatures}. */
export function missingFeatures(capabilities: QemuCapabilities): QemuFeature[] {
  return features.filter((feature) => !isThere[feature](capabilities));
}

/** These come as files, often in a package of their own. */
const firmwareFeatures: readonly QemuFeature[] = ['qboot', 'seabios'];

/**
 * A sentence that says why a feature is not there.
 * @param version as QEMU prints it, for example "7.2.22"; it may be empty.
 */
export function describeMissing(feature: QemuFeature, version: string): string {
  const { title, since } = qemuFeatures[feature];
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (firmwareFeatures.includes(feature)) {
    const capitalised = title.charAt(0).toUpperCase() + title.slice(1);
    return `${capitalised} is not installed where this QEMU looks for it.`;
  }
  if (version !== '' && since !== '' && isBefore([major, minor], since)) {
    return `QEMU ${major}.${minor} has no ${title.replace(/^(the|a) /, '')}; it came with ${since}.`;
  }
  return `This QEMU was built without ${title}.`;
}

function isBefore([major, minor]: [number, number], since: string): boolean {
  const [sinceMajor = 0, sinceMinor = 0] = since.split('.').map(Number);
  return major < sinceMajor || (major === sinceMajor && minor < sinceMinor);
}
