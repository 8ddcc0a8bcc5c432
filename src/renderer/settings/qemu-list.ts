/**
 * The QEMU binaries to list: those that main found and those that the person registered.
 * Pure: whether one works is main's finding.
 */
import type { QemuInfo } from '../../shared/index.ts';

export interface ListedQemu {
  path: string;
  /** Null until main has looked at it. */
  info: QemuInfo | null;
  isDefault: boolean;
  /** Only what a person registered can be taken away again. */
  removable: boolean;
}

/** The found ones in main's order, the default first; then what was registered and not yet looked at. */
export function listQemus(
  found: readonly QemuInfo[],
  registered: readonly string[],
  defaultPath: string | null,
): ListedQemu[] {
  const unseen = registered.filter((path) => !found.some((info) => info.path === path));
  return [
    ...found.map((info) => ({ path: info.path, info })),
    ...unseen.map((path) => ({ path, info: null })),
  ].map((qemu) => ({
    ...qemu,
    isDefault: qemu.path === defaultPath,
    removable: registered.includes(qemu.path),
  }));
}
