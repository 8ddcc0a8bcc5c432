/**
 * Owns the fake's side of QMP, worded as QEMU 7.2 does it.
 * Must never answer out of order or before the client has negotiated.
 */
import { StringDecoder } from 'node:string_decoder';
import { capabilityCommands, Refusal } from './capabilities.mjs';

const otherUuid = 'deadbeef-dead-4eef-8ead-beefdeadbeef';
const garbage = Buffer.from('\x00\xff\xfe}{ this is not QMP \xc3\x28\r\n', 'latin1');

/**
 * @typedef {object} MonitorParts
 * @property {import('./chardev.mjs').Chardev} chardev
 * @property {import('./machine.mjs').Machine} machine
 * @property {import('../fake-qemu.ts').FakeQemuBehaviour} behaviour
 * @property {string} uuid
 * @property {Map<string, import('./chardev.mjs').Chardev>} chardevs all of the machine's by their id
 * @property {() => void} die
 */

export class Monitor {
  #chardev;
  #machine;
  #behaviour;
  #uuid;
  #chardevs;
  #die;
  #negotiated = false;
  #text = '';
  #decoder = new StringDecoder('utf8');

  /** @param {MonitorParts} parts */
  constructor({ chardev, machine, behaviour, uuid, chardevs, die }) {
    this.#chardev = chardev;
    this.#machine = machine;
    this.#behaviour = behaviour;
    this.#uuid = behaviour.wrongUuid === true ? otherUuid : uuid;
    this.#chardevs = chardevs;
    this.#die = die;
    chardev.onConnect = () => void this.#greet();
    chardev.onData = (chunk) => this.#read(chunk);
    machine.on('event', (event, data) => this.#tell(event, data));
    Object.assign(this.#commands, capabilityCommands(behaviour));
  }

  /**
   * For events that are not the machine's.
   * @param {string} event
   * @param {object} data
   */
  tell(event, data) {
    this.#tell(event, data);
  }

  async #greet() {
    this.#negotiated = false;
    this.#text = '';
    const { dieAt, hangAt, garbageQmp } = this.#behaviour;
    if (dieAt === 'greeting') this.#die();
    if (hangAt === 'greeting') return;
    const line = `${JSON.stringify({ QMP: { version: this.#version(), capabilities: ['oob'] } })}\r\n`;
    if (dieAt === 'mid-greeting') {
      await this.#chardev.write(line.slice(0, line.length / 2));
      this.#die();
    }
    if (garbageQmp === true || garbageQmp === 'greeting') await this.#chardev.write(garbage);
    else await this.#chardev.write(line);
  }

  #version() {
    const [major, minor, micro] = (this.#behaviour.version ?? '7.2.22').split('.').map(Number);
    // Not ASCII, so that a split within a character shows.
    return { qemu: { micro, minor, major }, package: 'fake ñandú 🐦' };
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    this.#text += this.#decoder.write(chunk);
    const lines = this.#text.split('\n');
    this.#text = lines.pop() ?? '';
    for (const line of lines) this.#answer(line);
  }

  /** @param {string} line */
  #answer(line) {
    let command;
    try {
      command = JSON.parse(line);
    } catch {
      this.#refuse(undefined, 'GenericError', 'JSON parse error, invalid keyword');
      return;
    }
    const { execute, arguments: args, id } = command;
    if (!this.#negotiated && execute !== 'qmp_capabilities') {
      const desc = "Expecting capabilities negotiation with 'qmp_capabilities'";
      this.#refuse(id, 'CommandNotFound', desc);
      return;
    }
    const run = Object.hasOwn(this.#commands, execute) ? this.#commands[execute] : undefined;
    if (run === undefined) {
      this.#refuse(id, 'CommandNotFound', `The command ${execute} has not been found`);
      return;
    }
    const { hangAt, dieAt, answers = {} } = this.#behaviour;
    if (hangAt === execute) return;
    if (dieAt === execute) this.#die();
    const value = Object.hasOwn(answers, execute) ? answers[execute] : run(args ?? {});
    if (value === undefined) return;
    if (value instanceof Refusal) {
      this.#refuse(id, 'GenericError', value.message);
      return;
    }
    this.#send({ return: value, ...(id === undefined ? {} : { id }) });
    this.#afterwards(execute);
  }

  /** @type {Record<string, (args: Record<string, unknown>) => unknown>} */
  #commands = {
    qmp_capabilities: () => (this.#behaviour.hangAt === 'capabilities' ? undefined : {}),
    'query-status': () => ({
      status: this.#machine.status,
      singlestep: false,
      running: this.#machine.running,
    }),
    'query-uuid': () => ({ UUID: this.#uuid }),
    'query-version': () => this.#version(),
    'query-commands': () => Object.keys(this.#commands).map((name) => ({ name })),
    'query-chardev': () =>
      [...this.#chardevs].map(([label, chardev]) => ({
        'frontend-open': chardev.connected,
        filename: 'fake',
        label,
      })),
    cont: () => {
      this.#machine.cont();
      return {};
    },
    stop: () => {
      this.#machine.halt();
      return {};
    },
    system_powerdown: () => {
      this.#machine.pressPowerButton();
      return {};
    },
    system_reset: () => {
      this.#machine.reset();
      return {};
    },
    quit: () => {
      if (this.#behaviour.ignoreQuit !== true) this.#machine.shutDown(false, 'host-qmp-quit');
      return {};
    },
    'qom-get': ({ property }) => (property === 'type' ? 'microvm-machine' : 0),
    'qom-set': () => ({}),
  };

  /** @param {string} command */
  #afterwards(command) {
    const { closeQmpAfterMs, dieAt, garbageQmp } = this.#behaviour;
    if (command === 'qmp_capabilities') {
      this.#negotiated = true;
      if (closeQmpAfterMs !== undefined) {
        setTimeout(() => this.#chardev.hangUp(), closeQmpAfterMs);
      }
    }
    if (command !== 'cont') return;
    if (garbageQmp === 'after-cont') void this.#chardev.write(garbage);
    if (dieAt === 'after-cont') void this.#chardev.flushed().then(this.#die);
  }

  /**
   * @param {unknown} id
   * @param {string} errorClass
   * @param {string} desc
   */
  #refuse(id, errorClass, desc) {
    this.#send({ ...(id === undefined ? {} : { id }), error: { class: errorClass, desc } });
  }

  /**
   * @param {string} event
   * @param {object} [data]
   */
  #tell(event, data) {
    if (!this.#negotiated) return;
    const now = performance.timeOrigin + performance.now();
    const timestamp = {
      seconds: Math.trunc(now / 1000),
      microseconds: Math.trunc((now % 1000) * 1000),
    };
    this.#send({ timestamp, event, ...(data === undefined ? {} : { data }) });
  }

  /** @param {object} message */
  #send(message) {
    void this.#chardev.write(`${JSON.stringify(message)}\r\n`);
  }
}
