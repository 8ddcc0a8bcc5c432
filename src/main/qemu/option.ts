/** One option of QEMU's command line, and how its value is written. Knows no option. */

/** One option with its value, if it takes one. */
export type QemuOption = readonly [name: string, value?: string];

/** QEMU option values end at a comma; a doubled one is a comma (qemu(1), "-name"). */
export function escapeValue(value: string): string {
  return value.replaceAll(',', ',,');
}
