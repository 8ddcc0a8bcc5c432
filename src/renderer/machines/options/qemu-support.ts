/**
 * What the chosen QEMU lacks, value by value, as far as the host's probe says.
 * Pure; never hides a value, only says why it cannot be chosen.
 */
import {
  qemuFeatures,
  type HostStatus,
  type QemuFeature,
  type QemuInfo,
} from '../../../shared/index.ts';

/** Which feature a value of an option needs, by the option's path. */
const needs: Readonly<Record<string, Readonly<Record<string, QemuFeature>>>> = {
  'board.acpi': { true: 'acpi' },
  'board.ioapic2': { on: 'ioapic2' },
  'board.pcie': { on: 'pcie' },
  'board.usb': { true: 'usb' },
  firmware: { qboot: 'qboot', seabios: 'seabios' },
  console: { virtio: 'virtioConsole', both: 'virtioConsole' },
  memoryBackend: { shared: 'memfd' },
  network: { 'host-ports': 'userNetwork', internet: 'userNetwork', full: 'userNetwork' },
  'devices.agent': { true: 'virtioConsole' },
  'devices.rng': { true: 'virtioRng' },
  'devices.balloon': { true: 'virtioBalloon' },
  'devices.pvpanic': { true: 'pvpanic' },
};

/** The binary that a definition's `qemuPath` means; null when it is not known. */
export function chosenQemu(host: HostStatus | null, qemuPath: string | null): QemuInfo | null {
  const qemus = host?.qemus ?? [];
  return (qemuPath === null ? qemus[0] : qemus.find(({ path }) => path === qemuPath)) ?? null;
}

/** Why a value of an option cannot be chosen with this QEMU; null when it can, or nothing is known. */
export function whyNot(qemu: QemuInfo | null, path: string, value: unknown): string | null {
  const feature = needs[path]?.[String(value)];
  return feature === undefined ? null : whyMissing(qemu, feature);
}

/** Why a feature is not there; null when it is, or nothing is known. */
export function whyMissing(qemu: QemuInfo | null, feature: QemuFeature): string | null {
  if (!qemu?.missing.includes(feature)) return null;
  const { since, title } = qemuFeatures[feature];
  const { version } = qemu;
  if (since !== '' && isOlder(version, since)) {
    return `Needs QEMU ${since} or newer${version === '' ? '' : `; this is ${version}`}.`;
  }
  return `QEMU${version === '' ? '' : ` ${version}`} was built without ${title}.`;
}

/** Whether a version comes before another, number by number; an unknown one does. */
function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number));
  for (const [at, wanted] of (right ?? []).entries()) {
    const number = left?.[at] ?? 0;
    if (number !== wanted) return !(number > wanted);
  }
  return false;
}
