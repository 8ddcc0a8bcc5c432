/**
 * Owns what the pretended guest does: its boot messages, its shell, its agent, its trace.
 * Must never do anything while the machine is halted.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const prompt = '/ # ';
const banner = 'Fake QEMU: a guest that is none — ñandú 🐦\r\n';
const stepMs = 2;
const floodLine = 'flood flood flood flood flood flood flood flood flood flood fl\r\n';

/**
 * @typedef {object} GuestParts
 * @property {import('./machine.mjs').Machine} machine
 * @property {import('./chardev.mjs').Chardev | null} console
 * @property {import('./chardev.mjs').Chardev | null} agent the port's chardev
 * @property {string | undefined} port the port's device id
 * @property {(event: string, data: object) => void} tell sends a QMP event
 * @property {import('../fake-qemu.ts').FakeQemuBehaviour} behaviour
 * @property {string | null} traceLog
 */

export class Guest {
  #machine;
  #console;
  #agent;
  #port;
  #tell;
  #behaviour;
  #traceLog;
  #agentReady = false;
  #agentText = '';

  /** @param {GuestParts} parts */
  constructor({ machine, console, agent, port, tell, behaviour, traceLog }) {
    this.#machine = machine;
    this.#console = console;
    this.#agent = agent;
    this.#port = port;
    this.#tell = tell;
    this.#behaviour = behaviour;
    this.#traceLog = traceLog;
    machine.once('started', () => void this.#boot());
    machine.on('reset', () => void this.#boot());
    machine.on('running', () => this.#inputs('resumeInput'));
    machine.on('halted', () => this.#inputs('pauseInput'));
    machine.on('power-button', () => void this.#powerOff());
    this.#inputs('pauseInput');
    if (console !== null) console.onData = (chunk) => this.#echo(chunk);
    if (agent !== null) {
      agent.onConnect = () => this.#greet();
      agent.onData = (chunk) => this.#obey(chunk);
    }
  }

  async #boot() {
    const { floodBytes = 0, neverReady, noAgent } = this.#behaviour;
    this.#trace('runstate_set current_run_state 6 (prelaunch) new_state 9 (running)');
    this.#trace("fw_cfg_select 0x55d0 key 0x0001 'id', ret: 1");
    await this.#print(banner);
    this.#trace("fw_cfg_select 0x55d0 key 0x0008 'kernel_size', ret: 1");
    await this.#step();
    for (const status of [1, 3, 7]) this.#trace(`virtio_set_status vdev 0x55d1 val ${status}`);
    await this.#print('nandu: user space uptime=0.10\r\n');
    await this.#flood(floodBytes);
    if (neverReady === true) return;
    await this.#step();
    await this.#print(`nandu: ready uptime=0.20\r\n${prompt}`);
    if (noAgent === true || this.#agent === null) return;
    this.#agentReady = true;
    if (this.#port !== undefined) this.#tell('VSERPORT_CHANGE', { open: true, id: this.#port });
    this.#greet();
  }

  /** @param {string} text */
  async #print(text) {
    await this.#machine.whileRunning();
    await this.#console?.write(text);
  }

  /** @param {number} bytes */
  async #flood(bytes) {
    const block = floodLine.repeat(1024);
    for (let left = bytes; left > 0; left -= block.length) {
      await this.#machine.whileRunning();
      await this.#console?.write(block.slice(0, Math.min(left, block.length)), { whole: true });
    }
  }

  /** A little time goes by, so that no phase of the boot is empty. */
  async #step() {
    await delay(stepMs);
    await this.#machine.whileRunning();
  }

  /** @param {Buffer} chunk */
  #echo(chunk) {
    // A terminal sends CR; what comes back is what a shell with nothing to say would print.
    const text = chunk.toString('latin1').replaceAll(/\r\n?|\n/g, `\r\n${prompt}`);
    void this.#console?.write(Buffer.from(text, 'latin1'));
  }

  /** As Nandu's own init does it; a host that comes back is greeted anew. */
  #greet() {
    if (this.#agentReady) void this.#agent?.write('hello 1 0.20\n');
  }

  /** @param {Buffer} chunk */
  #obey(chunk) {
    this.#agentText += chunk.toString('latin1');
    const lines = this.#agentText.split('\n');
    this.#agentText = lines.pop() ?? '';
    if (this.#agentReady && lines.includes('poweroff')) void this.#powerOff();
  }

  async #powerOff() {
    if (this.#behaviour.ignorePowerdown === true) return;
    await this.#machine.whileRunning();
    this.#machine.shutDown(true, 'guest-shutdown');
  }

  /** @param {'pauseInput' | 'resumeInput'} method */
  #inputs(method) {
    this.#console?.[method]();
    this.#agent?.[method]();
  }

  /** @param {string} text */
  #trace(text) {
    if (this.#traceLog === null) return;
    const now = performance.timeOrigin + performance.now();
    const stamp = `${Math.trunc(now / 1000)}.${String(Math.trunc((now % 1000) * 1000)).padStart(6, '0')}`;
    appendFileSync(this.#traceLog, `${process.pid}@${stamp}:${text}\n`);
  }
}
