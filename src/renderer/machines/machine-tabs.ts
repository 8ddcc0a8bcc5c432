/**
 * The tabs of a machine's page, in their order.
 * Never holds which one is chosen: that is the window's.
 */

export const machineTabs = [
  { name: 'overview', title: 'Overview' },
  { name: 'console', title: 'Console' },
  { name: 'boot', title: 'Boot' },
  { name: 'settings', title: 'Settings' },
  { name: 'command', title: 'Command' },
  { name: 'logs', title: 'Logs' },
] as const;

export type MachineTab = (typeof machineTabs)[number]['name'];

/** Reads a stored name; anything unknown is the first tab. */
export function readTab(name: string | null): MachineTab {
  return machineTabs.find((tab) => tab.name === name)?.name ?? 'overview';
}
