/**
 * Owns the reading of a trace's virtio statuses: which driver took which device, and when.
 * Must never grow with what a guest does: it can reset its devices for ever.
 *
 * Seen with QEMU 7.2: before RESUME `resettable_phase_hold_exec` names each object's address and type, and
 * `virtio_set_status` goes by the same address. Linux writes 1 (ACKNOWLEDGE) as its bus finds the device, which
 * may be long before there is a driver; 3 (with DRIVER) as a driver begins, 11 and at last 15 (DRIVER_OK).
 */
import type { TraceEvent } from './trace.ts';

/** virtio 1.2, section 2.1. */
const driver = 2;
const driverOk = 4;
/** QEMU has some 70 objects in a microvm; a guest makes none. */
const maxTypes = 1024;
const maxDevices = 64;
/** Two drivers, SeaBIOS's and Linux's, write some ten of them; what comes later tells nothing of the boot. */
const maxStatuses = 64;

/** A driver and its device; epoch milliseconds. */
export interface DeviceBinding {
  /** QEMU's name of the device, like `virtio-blk`; with a number where there are several of that name. */
  readonly name: string;
  readonly startedAtMs: number;
  readonly boundAtMs: number;
}

type Status = readonly [atMs: number, status: number];

/** Collects trace events in any order; the same event twice counts once. */
export class DeviceFinder {
  readonly #types = new Map<string, string>();
  readonly #devices = new Map<string, Map<string, Status>>();

  /** @param event any event of the trace. */
  add(event: TraceEvent): void {
    if (event.kind === 'reset') {
      if (this.#types.size < maxTypes) this.#types.set(event.object, event.type);
      return;
    }
    if (event.kind !== 'virtio-status') return;
    const { atMs, device, status } = event;
    const statuses = this.#devices.get(device) ?? new Map<string, Status>();
    if (statuses.size >= maxStatuses) return;
    if (!this.#devices.has(device) && this.#devices.size >= maxDevices) return;
    this.#devices.set(device, statuses.set(`${atMs} ${status}`, [atMs, status]));
  }

  /**
   * The first driver of each device, in the order of their beginnings.
   * @param kernelAtMs what began before was the firmware's driver; it counts where no other came.
   */
  bindings(kernelAtMs: number): DeviceBinding[] {
    const found = [...this.#devices].flatMap(([address, statuses]) => {
      const all = bindingsIn([...statuses.values()].sort(([one], [other]) => one - other));
      const first = all.find(({ startedAtMs }) => startedAtMs >= kernelAtMs) ?? all[0];
      const name = (this.#types.get(address) ?? 'virtio-device').replace(/-device$/, '');
      return first === undefined ? [] : [{ name, ...first }];
    });
    const inOrder = found.sort((one, other) => one.startedAtMs - other.startedAtMs);
    const counts = new Map<string, number>();
    return inOrder.map((binding) => {
      const { name } = binding;
      if (found.filter((other) => other.name === name).length === 1) return binding;
      const number = (counts.get(name) ?? 0) + 1;
      counts.set(name, number);
      return { ...binding, name: `${name} ${number}` };
    });
  }
}

/** Each time that a driver took a device. */
function bindingsIn(statuses: readonly Status[]): Omit<DeviceBinding, 'name'>[] {
  const bindings: Omit<DeviceBinding, 'name'>[] = [];
  let startedAtMs: number | null = null;
  let bound = false;
  for (const [atMs, status] of statuses) {
    if ((status & driver) === 0) {
      startedAtMs = null;
      bound = false;
      continue;
    }
    startedAtMs ??= atMs;
    if (bound || (status & driverOk) === 0) continue;
    bound = true;
    bindings.push({ startedAtMs, boundAtMs: atMs });
  }
  return bindings;
}
