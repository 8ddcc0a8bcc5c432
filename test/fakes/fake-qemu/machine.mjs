/**
 * Owns the run state of the pretended machine and tells the rest when it changes.
 * Must never write to a socket itself: monitor and guest listen.
 */
import { EventEmitter } from 'node:events';

/**
 * Emits `event` (name, data) for the monitor; `started` once, with the first instruction; `running`
 * and `halted`; `power-button`; `reset`; `over` (nothing) when QEMU is to exit with code 0.
 */
export class Machine extends EventEmitter {
  #status = 'prelaunch';
  #started = false;
  #over = false;

  /** QEMU's RunState. */
  get status() {
    return this.#status;
  }

  get running() {
    return this.#status === 'running';
  }

  cont() {
    if (this.running || this.#over) return;
    this.#status = 'running';
    this.emit('event', 'RESUME');
    this.emit('running');
    if (this.#started) return;
    this.#started = true;
    this.emit('started');
  }

  halt() {
    if (!this.running) return;
    this.#status = 'paused';
    this.emit('event', 'STOP');
    this.emit('halted');
  }

  pressPowerButton() {
    this.emit('event', 'POWERDOWN');
    this.emit('power-button');
  }

  reset() {
    this.emit('event', 'RESET', { guest: false, reason: 'host-qmp-system-reset' });
    this.emit('reset');
  }

  panic() {
    this.emit('event', 'GUEST_PANICKED', { action: 'poweroff' });
    this.shutDown(true, 'guest-panic', 'guest-panicked');
  }

  /**
   * @param {boolean} guest whether the guest wanted it.
   * @param {string} reason QEMU's ShutdownCause (qapi/run-state.json).
   */
  shutDown(guest, reason, status = 'shutdown') {
    if (this.#over) return;
    this.#over = true;
    this.#status = status;
    this.emit('event', 'SHUTDOWN', { guest, reason });
    this.emit('halted');
    this.emit('over');
  }

  /** Resolves at once while the machine runs, else when it does again. */
  async whileRunning() {
    while (!this.running) {
      await /** @type {Promise<void>} */ (new Promise((resolve) => this.once('running', resolve)));
    }
  }
}
