/**
 * Owns what the fake says about itself, when it is asked over QMP or with "help" for a value.
 * Must never name what the behaviour says it lacks: that is how it pretends to be an old QEMU.
 */

/** @typedef {import('../fake-qemu.ts').FakeQemuBehaviour} FakeQemuBehaviour */

/** As QEMU 7.2 has it, cut down to what Nandu asks for and a little more. */
const known = {
  machines: ['microvm', 'none', 'pc-q35-7.2'],
  machineProperties: (
    'acpi auto-kernel-cmdline ioapic2 isa-serial memory-backend ' +
    'pcie pic pit rtc usb x-option-roms'
  ).split(' '),
  devices: (
    'pvpanic sysbus-xhci vhost-vsock-device virtconsole virtio-balloon-device virtio-blk-device ' +
    'virtio-net-device virtio-rng-device virtio-serial-device virtserialport'
  ).split(' '),
  objects: ['memory-backend-file', 'memory-backend-memfd', 'rng-random', 'throttle-group'],
  netdevs: ['socket', 'stream', 'hubport', 'tap', 'user'],
  cpuModels: ['max', 'host', 'EPYC-v1', 'EPYC', 'qemu64-v1', 'qemu64'],
  traceEvents: ['fw_cfg_select', 'fw_cfg_read', 'runstate_set', 'virtio_set_status'],
  optionGroups: ['machine', 'sandbox', 'netdev'],
};

/**
 * @param {readonly string[]} names
 * @param {FakeQemuBehaviour} behaviour
 */
const without = (names, { lacks = [] }) => names.filter((name) => !lacks.includes(name));

/** A command's refusal, for the monitor to send: QMP's `desc`. */
export class Refusal extends Error {}

/**
 * The QMP commands of a capability probe.
 * @param {FakeQemuBehaviour} behaviour
 * @returns {Record<string, (args: Record<string, unknown>) => unknown>}
 */
export function capabilityCommands(behaviour) {
  const named = (/** @type {readonly string[]} */ names) =>
    without(names, behaviour).map((name) => ({ name }));
  return {
    'query-machines': () => named(known.machines),
    'qom-list-types': ({ implements: parent }) =>
      named(parent === 'device' ? known.devices : known.objects),
    'query-cpu-definitions': () => named(known.cpuModels),
    'query-command-line-options': () =>
      without(known.optionGroups, behaviour).map((option) => ({ option, parameters: [] })),
    'trace-event-get-state': ({ name }) =>
      without(known.traceEvents, behaviour).includes(String(name))
        ? [{ name, state: 'disabled', vcpu: false }]
        : new Refusal(`unknown event "${String(name)}"`),
  };
}

/**
 * What QEMU prints for an option with "help" for its value.
 * @param {import('./command-line.mjs').HelpTopic} topic
 * @param {FakeQemuBehaviour} behaviour
 * @returns {string | null} null when QEMU fails instead.
 */
export function helpText(topic, behaviour) {
  const lines = (/** @type {readonly string[]} */ ...texts) => `${texts.join('\n')}\n`;
  switch (topic) {
    case 'machine':
      if (behaviour.lacks?.includes('microvm')) return null;
      return lines(
        'microvm-machine options:',
        ...without(known.machineProperties, behaviour).map((name) => `  ${name}=<bool> - Fake`),
      );
    case 'netdev':
      return lines('Available netdev backend types:', ...without(known.netdevs, behaviour));
    case 'folders':
      return behaviour.dataFolder === undefined ? '' : lines(behaviour.dataFolder);
  }
}
