/**
 * Owns the reading of QEMU's trace log (`-trace … -D FILE -msg timestamp=on`) into typed events.
 * Must never decide what an event means for a boot, and never fail on a line it does not know.
 *
 * Format of a line: `THREAD@SECONDS.MICROSECONDS:EVENT ARGUMENTS` for most of QEMU's
 * life (scripts/tracetool/backend/log.py); since `qemu_log` writes the time itself it is an ISO 8601
 * stamp in front of the event (util/log.c, `qemu_log`). Both are understood; a line without a time
 * is of no use here. Arguments: hw/nvram/trace-events, hw/virtio/trace-events,
 * system/trace-events.
 */

/** The firmware, or much later the guest's own driver, chose a fw_cfg item. */
export interface FwCfgSelectEvent {
  readonly kind: 'fw-cfg-select';
  /** Epoch milliseconds with fraction, by the host's real-time clock as QEMU read it. */
  readonly atMs: number;
  /** The selector key, docs/specs/fw_cfg.rst "Selector (Control) Register". */
  readonly key: number;
  /** QEMU's name of the key; `unknown` for items of the file directory. */
  readonly name: string;
}

/** A virtio device's status register was written, by the guest or by QEMU on a reset. */
export interface VirtioStatusEvent {
  readonly kind: 'virtio-status';
  /** Epoch milliseconds with fraction. */
  readonly atMs: number;
  /** QEMU's address of the device: tells devices of one process apart, nothing else. */
  readonly device: string;
  /** The status bits, virtio 1.2 section 2.1; 4 is DRIVER_OK. */
  readonly status: number;
}

/** QEMU's run state changed. */
export interface RunstateEvent {
  readonly kind: 'runstate';
  /** Epoch milliseconds with fraction. */
  readonly atMs: number;
  /** Names of QMP's `RunState`. */
  readonly from: string;
  readonly to: string;
}

/** QEMU reset one of its objects, as it does with all of them before the guest runs. */
export interface ResetEvent {
  readonly kind: 'reset';
  /** Epoch milliseconds with fraction. */
  readonly atMs: number;
  /** QEMU's address of the object: that of a virtio device is the `device` of its status. */
  readonly object: string;
  /** QEMU's name of its type, like `virtio-blk-device`. */
  readonly type: string;
}

export type TraceEvent = FwCfgSelectEvent | VirtioStatusEvent | RunstateEvent | ResetEvent;

/** Real lines have about 100 characters; a longer one is not ours and is not kept in memory. */
const maxLineLength = 1024;

const linePattern =
  /^(?:\d+@(?<seconds>\d{1,12})\.(?<micros>\d{6}):|(?<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)[ :](?:.*[ :])??)(?<event>fw_cfg_select|virtio_set_status|runstate_set|resettable_phase_hold_exec) (?<rest>.*)$/;
const fwCfgPattern = /^\S+ key (?<key>0x[0-9a-f]{1,4}|\d{1,5})(?: '(?<name>[^']*)')?,? ret:? \d+$/i;
const virtioPattern = /^vdev (?<device>\S+) val (?<status>\d{1,3})$/;
const resetPattern = /^obj=(?<object>0x[0-9a-f]{1,16})\((?<type>[\w.-]{1,64})\) method=\d$/;
const runstatePattern =
  /^current_run_state \d+ \((?<from>[\w-]+)\) new_state \d+ \((?<to>[\w-]+)\)$/;

/** Reads a trace log piece by piece, wherever the pieces were cut. */
export class TraceParser {
  #rest = '';
  #skipping = false;

  /**
   * @param chunk the next piece of the file; bytes are read as latin1, for a trace is ASCII and a
   *   stray byte must not swallow its neighbours.
   * @returns the events of the lines that are complete by now, in the order of the file.
   */
  feed(chunk: string | Uint8Array): TraceEvent[] {
    const text =
      typeof chunk === 'string'
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    const events: TraceEvent[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#take(text.slice(start, end));
      const event = this.#skipping ? null : parseTraceLine(this.#rest);
      if (event !== null) events.push(event);
      this.#rest = '';
      this.#skipping = false;
      start = end + 1;
    }
    // What is left has no end yet: `val 1` may still become `val 15`.
    this.#take(text.slice(start));
    return events;
  }

  #take(piece: string): void {
    if (this.#skipping || this.#rest.length + piece.length > maxLineLength) {
      this.#skipping = true;
      this.#rest = '';
      return;
    }
    this.#rest += piece;
  }
}

/**
 * Reads a whole trace log at once.
 * @param text the file as it is now; a last line without its newline is left out.
 */
export function parseTrace(text: string | Uint8Array): TraceEvent[] {
  return new TraceParser().feed(text);
}

/** @returns the event of one line, null when it holds none that is known. */
export function parseTraceLine(line: string): TraceEvent | null {
  const groups = linePattern.exec(line.trimEnd())?.groups;
  if (groups === undefined) return null;
  const { seconds, micros, iso, event, rest = '' } = groups;
  const atMs =
    iso === undefined ? Number(seconds) * 1000 + Number(micros) / 1000 : isoToEpochMs(iso);
  if (!Number.isFinite(atMs)) return null;
  switch (event) {
    case 'fw_cfg_select': {
      const found = fwCfgPattern.exec(rest)?.groups;
      if (found?.['key'] === undefined) return null;
      const { key, name = '' } = found;
      return { kind: 'fw-cfg-select', atMs, key: Number(key), name };
    }
    case 'virtio_set_status': {
      const found = virtioPattern.exec(rest)?.groups;
      if (found?.['device'] === undefined) return null;
      return {
        kind: 'virtio-status',
        atMs,
        device: found['device'],
        status: Number(found['status']),
      };
    }
    case 'runstate_set': {
      const found = runstatePattern.exec(rest)?.groups;
      if (found?.['from'] === undefined || found['to'] === undefined) return null;
      return { kind: 'runstate', atMs, from: found['from'], to: found['to'] };
    }
    case 'resettable_phase_hold_exec': {
      const found = resetPattern.exec(rest)?.groups;
      if (found?.['object'] === undefined || found['type'] === undefined) return null;
      return { kind: 'reset', atMs, object: found['object'], type: found['type'] };
    }
    default:
      return null;
  }
}

/** `Date.parse` cuts after the millisecond; the rest is added back. */
function isoToEpochMs(iso: string): number {
  const wholeSeconds = Date.parse(`${iso.slice(0, 19)}Z`);
  const fraction = iso.slice(19, -1);
  return wholeSeconds + (fraction === '' ? 0 : Number(`0${fraction}`) * 1000);
}
